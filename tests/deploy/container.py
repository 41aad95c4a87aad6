"""An image's function as its entrypoint starts it outside Lambda, on a Python of this machine.

/lambda-entrypoint.sh of AWS's base image: AWS's Runtime Interface Emulator, here sam's own copy of it, and in it
`python -m awslambdaric <command>`. Standard library alone: ministack's Python runs this too.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Base(NamedTuple):
    """What the base image brings. client: awslambdaric's folder. boto3: where boto3 lies, among other packages."""

    interpreter: Path
    client: Path
    boto3: Path


class Container:
    """Starts on construction; `invoke` as often as wanted; `close`. task: what lies at /var/task.

    boto3 is on the path of a hook alone, since what lies beside it here could stand in for what the image forgot.
    """

    def __init__(
        self, base: Base, task: Path, command: Sequence[str], aside: Path, environment: Mapping[str, str]
    ) -> None:
        (handler,) = command
        path = [task, base.client, *([base.boto3] if ".hook." in handler else [])]
        aside.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(emulator(), aside / "aws-lambda-rie")
        (aside / "aws-lambda-rie").chmod(0o755)
        self._port, api = free_port(), free_port()
        self._log = aside / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    aside / "aws-lambda-rie", "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}",
                    "--runtime-api-address", f"127.0.0.1:{api}",
                    base.interpreter, "-S", "-m", "awslambdaric", handler,
                ],
                cwd=task, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={
                    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api}", "AWS_LAMBDA_FUNCTION_NAME": "image",
                    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_REGION": "us-east-1", "LANG": "en_US.UTF-8",
                    "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", **environment, "LAMBDA_TASK_ROOT": str(task),
                    "PYTHONPATH": os.pathsep.join(map(str, path)),
                },
            )  # fmt: skip

    def invoke(self, event: Any) -> Any:
        """One call, once the emulator listens (20 s at most), which may take a minute."""
        deadline = time.monotonic() + 20
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            try:
                connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
                return json.loads(connection.getresponse().read())
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            finally:
                connection.close()

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def emulator() -> Path:
    """The emulator in the checkout's own sam, or in the one that ISOSHIP_SAM or PATH names."""
    own = ROOT / ".tools" / "sam" / "bin" / "sam"
    found = os.environ.get("ISOSHIP_SAM") or (str(own) if own.is_file() else shutil.which("sam"))
    assert found, "aws-sam-cli is not here, and the emulator comes with it: make setup"
    arch = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    pattern = f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{arch}"
    return next(Path(found).resolve().parent.parent.glob(pattern))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
