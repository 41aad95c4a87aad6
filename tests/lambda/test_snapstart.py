"""SnapStart's hooks under the real awslambdaric: primed before the snapshot, counted as a cold start after it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from lambda_directory import Here

from bundles import VISITS_ROWS
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.lambda_events import predict_event
from isoship.parity.runners.lambda_process import LambdaFunction

SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
GOOD = predict_event(json.dumps({"rows": VISITS_ROWS[:1]}))

#: The runtime runs hooks before the snapshot last in, first out, and those after it in order.
PROBE = """
import sys
from snapshot_restore_py import register_after_restore, register_before_snapshot

told = []
state = lambda name: told.append([name, "mangum" in sys.modules, h.log.cold])
register_before_snapshot(lambda: (state("before"), h.handler(EVENT, None)))
from isoship_lambda import handler as h
state("imported")
register_after_restore(lambda: state("after"))

def handler(event, context):
    state("called")
    return {"told": told, "answer": h.handler(event, context)}
"""


def test_all_is_imported_before_the_snapshot_and_a_restored_copy_starts_cold(here: Here, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(here.folder, tmp_path / "task"))
    (folder / "probe.py").write_text(f"EVENT = {GOOD!r}\n{PROBE}")
    function = LambdaFunction(here.interpreter, folder, here.client, handler="probe.handler", environment=SNAP_START)
    try:
        seen = function.invoke(GOOD)
        lines = [json.loads(line) for line in function.log().strip().splitlines()]
    finally:
        function.close()
    # The call inside "before" ends what was cold; the restored copy is cold again.
    assert seen["told"] == [
        ["imported", False, True],
        ["before", True, True],
        ["after", True, True],
        ["called", True, True],
    ]
    assert seen["answer"]["statusCode"] == 200
    assert [line.get("coldStart") for line in lines] == [1, 1]


def test_without_snapstart_nothing_is_primed(here: Here, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(here.folder, tmp_path / "task"))
    (folder / "probe.py").write_text(f"EVENT = {GOOD!r}\n{PROBE}")
    function = LambdaFunction(here.interpreter, folder, here.client, handler="probe.handler")
    try:
        assert function.invoke(GOOD)["told"] == [["imported", False, True], ["called", False, True]]
    finally:
        function.close()


def test_a_version_whose_golden_rows_differ_has_no_snapshot(here: Here, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(here.folder, tmp_path / "task"))
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    golden["expected"]["label"][0] = "high" if golden["expected"]["label"][0] != "high" else "low"
    (folder / "golden.json").write_text(json.dumps(golden), encoding="utf-8")
    function = LambdaFunction(here.interpreter, folder, here.client, environment=SNAP_START)
    try:
        with pytest.raises(RunnerCrashed, match="golden rows are answered otherwise"):
            function.invoke(GOOD, timeout=30)
    finally:
        function.close()
