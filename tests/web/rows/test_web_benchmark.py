"""The comparison in Node and Chromium: what it asks is compared, what it counts are bars, and a failure is no pass."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from benchmarks.web import folder, summary
from benchmarks.web.models import subjects

from isoship.parity.runners.node import ORT_WEB, modules_with

SCRIPTS = Path(folder.__file__).parent


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("bench")
    (subject,) = (each for each in subjects() if each.name == "logistic pipeline")
    missing = folder.written(subject, place / subject.name, None)
    assert missing == dict.fromkeys(("ydf", "m2cgen"), "its package is not installed here")
    modules = modules_with((ORT_WEB[0],), "@".join(ORT_WEB))
    command = ["node", SCRIPTS / "node.mjs", place, modules, place, "1", "subjects.mjs"]
    lacks = json.dumps({subject.name: list(missing)})
    done = subprocess.run(command, input=lacks, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def test_every_way_is_compared_and_timed(run: Any) -> None:
    found = run["found"]["logistic pipeline"]
    assert list(found) == ["rows", "rows, objects", "tfjs", "standard", "ours"]
    for kind, figures in found.items():
        assert summary.agrees(kind, figures), (kind, figures)
        assert figures["one"] > 0
        assert figures["many"] > 0


def bars(run: Any, **changed: Any) -> dict[str, bool]:
    found = {"logistic pipeline": {**run["found"]["logistic pipeline"], **changed}}
    ours = {"milliseconds": 100, "cached": 100, "runtime": 40_000}
    first = {"rows": ours, "standard": {"milliseconds": 500, "cached": 500}}
    runs = {"node": {"found": found}, "chromium": {"found": found, "first": {"logistic pipeline": first}}}
    return {bar.name: bar.ok for bar in summary.bars(runs)}


def test_what_fails_or_answers_otherwise_is_no_pass(run: Any) -> None:
    name = "node, logistic pipeline, batch 1: rows / onnxruntime-web"
    fast = {"difference": 0, "alone": 0, "one": 1e-6, "many": 1e-6}
    assert bars(run, rows=fast)[name]
    assert not bars(run, rows={"failed": "it stops"})[name]
    assert not all(bars(run, rows={**fast, "alone": 1e-6}).values())
    assert not all(bars(run, tfjs={"failed": "it stops"}).values())
