"""Deadlines count a runtime's own time: other work on the machine makes no verdict."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from isoship.parity.runners.contract import RunnerHung
from isoship.parity.runners.patience import WALL, Patience
from isoship.parity.runners.process import Lines, Process, plain_environment

#: A runtime that needs one second of a processor for an answer.
_WORKS = (
    "import sys, time\nfor _ in sys.stdin:\n  end = time.process_time() + 1\n  while time.process_time() < end: pass\n"
)
_ANSWERS = _WORKS + "  print('{}', flush=True)\n"


@contextlib.contextmanager
def conversation(program: str) -> Iterator[Lines]:
    process = Process([sys.executable, "-c", program], environment=plain_environment(), name="it", pipes=True)
    try:
        yield Lines(process)
    finally:
        process.end()


@contextlib.contextmanager
def busy_machine(loops: int) -> Iterator[None]:
    """Loops that end by themselves, too, within a minute."""
    loop = f"import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end and {os.getpid()}: pass"
    # a session each: Linux shares processors between sessions first, and one of them would leave half to the runtime
    command = [sys.executable, "-S", "-c", loop]
    started = [subprocess.Popen(command, start_new_session=True) for _ in range(loops)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="only Linux tells who waited for a processor")
def test_a_runtime_that_had_no_turn_has_not_hung() -> None:
    patience = 2.0
    with conversation(_ANSWERS) as lines:
        assert lines.ask({}, 60.0) == {}  # it runs: what follows is no start
        with busy_machine(4 * (os.cpu_count() or 1)):
            began = time.monotonic()
            assert lines.ask({}, patience) == {}
            assert time.monotonic() - began > patience, "the machine was not busy: this proves nothing"


@pytest.mark.parametrize("program", ["import time; time.sleep(60)", "while True: pass"], ids=["waits", "computes"])
def test_one_that_does_not_answer_has(program: str) -> None:
    began = time.monotonic()
    with conversation(program) as lines, pytest.raises(RunnerHung, match=r"it gave no answer in 0\.5 s"):
        lines.ask({}, 0.5)
    assert time.monotonic() - began < 0.5 * WALL + 5


def test_a_machine_that_slept_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience(os.getpid(), 60.0)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 300)
    assert not patience.is_over()
    monkeypatch.setattr(time, "monotonic", lambda: now + 601)
    assert patience.is_over(), "the wall bound ends everything"
