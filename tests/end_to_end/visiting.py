"""Servers to visit and the browser that visits them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"

ISOSHIP = str(Path(sys.executable).with_name("isoship"))


@dataclass(frozen=True)
class Road:
    """What `isoship demo` printed and left behind."""

    folder: Path
    stdout: str
    stderr: str
    code: int

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"


def visit(*jobs: dict[str, Any]) -> list[dict[str, Any]]:
    """What Chromium saw, a result a job (visit.mjs says what a job is)."""
    command = ["node", str(HERE / "visit.mjs"), str(WEB / "package.json")]
    ran = subprocess.run(command, input=json.dumps(jobs), capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stderr
    results: list[dict[str, Any]] = json.loads(ran.stdout)
    return results


@contextmanager
def serving(*command: str) -> Iterator[str]:
    """Starts a server on a free port and yields the URL that it prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"(http://[\d.]+:\d+)|port (\d+)", line)
            if found is not None:
                # A log that nobody reads fills its pipe, and the server stands still in the middle of an answer.
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield found[1] or f"http://127.0.0.1:{found[2]}"
                break
        else:
            raise AssertionError(f"{command} ended with {process.wait()} before it served")
    finally:
        process.terminate()
        process.wait(timeout=20)


def static(folder: Path) -> Any:
    """Any static server will do for a web bundle; this is Python's own."""
    return serving(sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", str(folder))
