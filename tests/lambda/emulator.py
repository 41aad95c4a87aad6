"""AWS's own Runtime Interface Emulator, which comes inside aws-sam-cli, with one function in it."""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
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


class Emulator:
    """Starts on construction; after a timeout the emulator starts the function again.

    aside: where the program is put and the log. inside: what runs the program, whose path is then `program`.
    """

    def __init__(
        self, here: Here, folder: Path, aside: Path, handler: str = HANDLER, *, inside: Sequence[str | Path] = (),
        program: Path | None = None, **environment: str,
    ) -> None:  # fmt: skip
        shutil.copyfile(emulator(), aside / "rie")
        (aside / "rie").chmod(0o755)
        self.port, api = free_port(), free_port()
        self.log = aside / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *inside, program or aside / "rie",
                    "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
                    "--runtime-api-address", f"127.0.0.1:{api}",
                    here.interpreter, "-S", "-m", "awslambdaric", handler,
                ],
                cwd=folder, env=function_environment(folder, here.client, f"127.0.0.1:{api}") | environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def invoke(self, event: Any) -> Any:
        """One call, once the emulator listens (20 s at most)."""
        deadline = time.monotonic() + 20
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
                content = connection.getresponse().read()
                try:
                    return json.loads(content)
                except ValueError:
                    return content.decode()  # what the emulator itself says is text
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            finally:
                connection.close()

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
