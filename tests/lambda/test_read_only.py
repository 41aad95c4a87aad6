"""The Lambda directory where it cannot be written: mounted read-only at /var/task, /tmp the only place to write.

Permission bits would not do: root, as whom tests often run, writes past them. A user and mount namespace of its own
needs no right of the machine's, only that the kernel allows it; where it does not, this fails and says so.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator import Emulator
from lambda_directory import Here

from bundles import VISITS_ROWS, visits_reference
from isoship.parity.runners.lambda_events import predict_event
from isoship.parity.runners.lambda_process import HANDLER, LambdaFunction

SCRIPT = Path(__file__).with_name("read_only.sh")
PROBE = """
import errno, os, tempfile
from isoship_lambda import handler as h

def handler(event, context):
    if "write" not in event:
        return h.handler(event, context)
    seen = {"tempfile": tempfile.gettempdir()}
    for folder in event["write"]:
        path = os.path.join(folder, "written")
        try:
            with open(path, "x") as file:
                file.write("1")
            os.remove(path)
            seen[folder] = "written"
        except OSError as err:
            seen[folder] = errno.errorcode[err.errno]
    return seen
"""
FOLDERS = ["/var/task", "/var/task/isoship_edge", "/var/runtime", "/var/rapid", "/var", "/", "/dev/shm", "/tmp"]
PATHS = {"PYTHONPATH": "/var/task:/var/runtime:/var/rapid", "LAMBDA_TASK_ROOT": "/var/task"}


@pytest.fixture(scope="module")
def rapid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that becomes /var/rapid."""
    tried = subprocess.run(["unshare", "-rm", "true"], capture_output=True, text=True, timeout=20, check=False)
    if tried.returncode != 0:
        pytest.fail(f"this machine allows no user and mount namespace: {tried.stderr.strip()}")
    folder = tmp_path_factory.mktemp("rapid")
    (folder / "probe.py").write_text(PROBE)
    return folder


def inside(here: Here, rapid: Path) -> list[str]:
    return ["unshare", "-rm", "sh", str(SCRIPT), str(here.folder), str(here.client), str(rapid)]


@pytest.fixture(scope="module")
def emulated(here: Here, rapid: Path) -> Iterator[Emulator]:
    started = Emulator(
        here, here.folder, rapid, "probe.handler", inside=inside(here, rapid), program=Path("/var/rapid/rie"), **PATHS
    )
    yield started
    started.close()


def files(folder: Path) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in folder.rglob("*")}


def test_it_answers_every_event_from_a_directory_that_cannot_be_written(
    emulated: Emulator, here: Here, event: Callable[[str], dict[str, Any]]
) -> None:
    before = files(here.folder)
    seen = emulated.invoke({"write": FOLDERS})
    assert seen == {"tempfile": "/tmp", **dict.fromkeys(FOLDERS, "EROFS"), "/tmp": "written"}, emulated.log()
    assert seen == emulated.invoke({"write": FOLDERS})
    for name, status in {
        "http_api_predict": 200, "http_api_predict_base64": 200, "function_url_predict": 200, "http_api_card": 200,
        "http_api_docs": 200, "http_api_openapi": 200, "http_api_ready": 200, "http_api_unknown_path": 404,
        "http_api_wrong_method": 405, "http_api_form": 415, "http_api_invalid_json": 422,
    }.items():  # fmt: skip
        assert emulated.invoke(event(name))["statusCode"] == status, (name, emulated.log())
    answered = emulated.invoke({"rows": VISITS_ROWS})
    assert [p["label"] for p in answered["predictions"]] == visits_reference(VISITS_ROWS)["label"].tolist()
    assert files(here.folder) == before


@pytest.mark.parametrize("kind", ["on-demand", "provisioned-concurrency", "snap-start"])
def test_it_starts_there_in_every_way(kind: str, here: Here, rapid: Path, tmp_path: Path) -> None:
    """Ahead of calls FastAPI is imported and the golden rows are replayed."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.join([*inside(here, rapid), str(here.interpreter)])} "$@"\n')
    python.chmod(0o755)
    function = LambdaFunction(
        python, here.folder, here.client, handler=HANDLER, environment={**PATHS, "AWS_LAMBDA_INITIALIZATION_TYPE": kind}
    )
    try:
        answered = function.invoke(predict_event(json.dumps({"rows": VISITS_ROWS})))
        refused = function.invoke(predict_event("{"))
    finally:
        function.close()
    assert (answered["statusCode"], refused["statusCode"]) == (200, 422)
    labels = [p["label"] for p in json.loads(answered["body"])["predictions"]]
    assert labels == visits_reference(VISITS_ROWS)["label"].tolist()
