"""AWS's own Runtime Interface Emulator, which comes inside aws-sam-cli, in place of our Runtime API server."""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lambda_directory import Here

from isoship.parity.runners.lambda_process import HANDLER, function_environment

ROOT = Path(__file__).resolve().parents[2]


def emulator() -> Path:
    """The emulator in the checkout's own sam, or in the one that ISOSHIP_SAM or PATH names."""
    own = ROOT / ".tools" / "sam" / "bin" / "sam"
    found = os.environ.get("ISOSHIP_SAM") or (str(own) if own.is_file() else shutil.which("sam")) or ""
    arch = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    pattern = f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{arch}"
    matches = sorted(Path(found).resolve().parent.parent.glob(pattern)) if found else []
    if not matches:
        pytest.fail("aws-sam-cli is not here, and the emulator comes with it: make setup")
    return matches[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_directory_answers_under_the_emulator(
    here: Here, tmp_path: Path, event: Callable[[str], dict[str, Any]]
) -> None:
    program = tmp_path / "rie"
    shutil.copyfile(emulator(), program)
    program.chmod(0o755)
    port, api = free_port(), free_port()
    environment = function_environment(here.folder, here.client, f"127.0.0.1:{api}")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program, "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
                "--runtime-api-address", f"127.0.0.1:{api}",
                here.interpreter, "-S", "-m", "awslambdaric", HANDLER,
            ],
            cwd=here.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            answer = invoke(port, event("http_api_predict"))
            again = invoke(port, event("function_url_predict_base64"))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    assert answer["statusCode"] == 200, (tmp_path / "log").read_text()
    assert json.loads(answer["body"])["predictions"] == json.loads(again["body"])["predictions"]
    assert len(json.loads(answer["body"])["predictions"]) == 2


def invoke(port: int, event: dict[str, Any]) -> dict[str, Any]:
    """One call, once the emulator listens (20 s at most)."""
    deadline = time.monotonic() + 20
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
            return dict(json.loads(connection.getresponse().read()))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        finally:
            connection.close()
