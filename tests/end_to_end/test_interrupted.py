"""A check that is interrupted, or told to end, stops at once and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.mutants.sealing import seal
from visiting import Road

RUNTIMES = "web-node-cpu,web-chromium-wasm"
#: A page that never gets ready: without a kill, a check waits for minutes.
NEVER = "await new Promise(() => setInterval(() => {}, 1000));\n"


@pytest.fixture
def temporary() -> Iterator[Path]:
    """With a name as short as a machine's own: Chromium keeps a socket below it."""
    with tempfile.TemporaryDirectory(prefix="i-", dir="/tmp") as name:
        yield Path(name)


def test_a_check_that_is_told_to_end_stops_its_runtimes(road: Road, tmp_path: Path, temporary: Path) -> None:
    """Its name stands in the environment or on the command line of every process that the check starts."""
    bundle = Path(shutil.copytree(road.bundle, tmp_path / "bundle"))
    index = bundle / "web" / "index.js"
    index.write_text(NEVER + index.read_text(encoding="utf-8"), encoding="utf-8")
    seal(bundle)
    before = sorted(p.name for p in bundle.iterdir())
    command = [sys.executable, "-m", "isoship", "check", str(bundle), "--runtimes", RUNTIMES]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    check = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert check.stderr is not None
        assert any("asking" in line for line in check.stderr)
        deadline = time.monotonic() + 30
        while not (waited_for := _programs(temporary) >= {"node", "chromium"}) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert waited_for, _programs(temporary)
        time.sleep(1)  # the browser, which started early, is at its page
        check.send_signal(signal.SIGTERM)
        assert check.wait(10) == 143
    finally:
        check.kill()
    deadline = time.monotonic() + 15
    while _started_with(temporary) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _started_with(temporary)
    assert not list(temporary.iterdir())
    assert sorted(p.name for p in bundle.iterdir()) == before


def _started_with(folder: Path) -> set[int]:
    """Running processes whose TMPDIR it is, or lies in it."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"TMPDIR={folder}".encode() in (place / "environ").read_bytes()
            ended = (place / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if ours and not ended:
            found.add(int(place.name))
    return found


def _programs(folder: Path) -> set[str]:
    """What they are."""
    found = set()
    for pid in _started_with(folder):
        with contextlib.suppress(OSError):
            name = Path((Path("/proc") / str(pid) / "cmdline").read_text().partition("\0")[0]).name
            found.add("chromium" if name.startswith("chrom") else name)
    return found
