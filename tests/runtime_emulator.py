"""AWS's own Runtime Interface Emulator, which comes inside aws-sam-cli, with one function in it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import platform
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]


class RuntimeEmulator:
    """Starts on construction; after a timeout the emulator starts the function again. Several calls, then `close`.

    aside: where the program and its log are put. environment: of the function, but for the address of its runtime.
    inside: what runs the program, whose path is then `program`.
    """

    def __init__(
        self, interpreter: Path, handler: str, folder: Path, aside: Path, environment: Mapping[str, str], *,
        inside: Sequence[str | Path] = (), program: Path | None = None,
    ) -> None:  # fmt: skip
        aside.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(emulator(), aside / "rie")
        (aside / "rie").chmod(0o755)
        self._port, runtime = free_port(), f"127.0.0.1:{free_port()}"
        self._log = aside / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *inside, program or aside / "rie",
                    "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}",
                    "--runtime-api-address", runtime,
                    interpreter, "-S", "-m", "awslambdaric", handler,
                ],
                cwd=folder, env={**environment, "AWS_LAMBDA_RUNTIME_API": runtime},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def invoke(self, event: Any) -> Any:
        """One call, once the emulator listens (20 s at most), which may take a minute."""
        deadline = time.monotonic() + 20
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            try:
                connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
                content = connection.getresponse().read()
                try:
                    return json.loads(content)
                except ValueError:
                    return content.decode()  # what the emulator itself says is text
            except ConnectionRefusedError:
                assert self._process.poll() is None, f"the emulator ended:\n{self.log()[-2000:]}"
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
    own = _ROOT / ".tools" / "sam" / "bin" / "sam"
    found = os.environ.get("ISOSHIP_SAM") or (str(own) if own.is_file() else shutil.which("sam")) or ""
    arch = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    pattern = f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{arch}"
    matches = sorted(Path(found).resolve().parent.parent.glob(pattern)) if found else []
    assert matches, "aws-sam-cli is not here, and the emulator comes with it: make setup"
    return matches[0]


def free_port() -> int:
    """A loopback port below those that systems give out by themselves: no other socket is there before its server."""
    for _ in range(100):
        port = random.SystemRandom().randrange(16_384, 32_768)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no loopback port is free")
