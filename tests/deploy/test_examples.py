"""examples/: what can run without Docker, an account or their tools does."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deployed_functions import Functions

from bundles import VISITS_ROWS
from isoship.parity.runners.lambda_process import HANDLER

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_containers_command_serves_the_bundle(functions: Functions, tmp_path: Path) -> None:
    """The Dockerfile's CMD, in a folder laid out as its COPY lines do."""
    dockerfile = (EXAMPLES / "container" / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^COPY (\S+)", dockerfile, re.MULTILINE) == ["lambda/", "main.py"]
    shutil.copyfile(EXAMPLES / "container" / "main.py", tmp_path / "main.py")
    (command,) = re.findall(r"^CMD (\[.+\])$", dockerfile, re.MULTILINE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}", "HOST": "127.0.0.1", "PORT": str(port),
        "ISOSHIP_BUNDLE": str(functions.folder), "ORT_DISABLE_TELEMETRY": "1",
    }  # fmt: skip
    process = subprocess.Popen(json.loads(command), cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 40
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            try:
                connection.request(
                    "POST", "/predict", json.dumps({"rows": VISITS_ROWS}), {"Content-Type": "application/json"}
                )
                break
            except ConnectionRefusedError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        response = connection.getresponse()
        document = json.loads(response.read())
        assert (response.status, len(document["predictions"])) == (200, len(VISITS_ROWS))
        assert response.getheader("server") is None
        connection.request("GET", "/v2/health/ready")
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("example", ["cdk/app.py", "terraform/main.tf"])
def test_the_other_tools_deploy_the_same_zip_and_handler(example: str) -> None:
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    assert HANDLER in text
    assert "bundle/lambda.zip" in text
    assert "1769" in text
    assert "ORT_DISABLE_TELEMETRY" in text
