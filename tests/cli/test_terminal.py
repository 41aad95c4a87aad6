"""Progress on a terminal is drawn and leaves nothing behind; in pipes and CI it is lines. Results are the same."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from formula import write_formula_bundle

PLAIN = [
    "  golden rows only: where the model file of this bundle lies is not known here; give it with --model",
    "  asking onnxruntime",
    "  onnxruntime: agree, N rows in N ms",
]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_formula_bundle(tmp_path_factory.mktemp("formula") / "bundle")


def isoship(*arguments: str, stderr: int, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    return subprocess.run(
        [str(Path(sys.executable).with_name("isoship")), *arguments],
        env={**kept, "TERM": "xterm-256color", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=120,
        check=False,
    )


def on_a_terminal(*arguments: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """The command with a terminal of 40 lines of 120 columns for its stderr, and all that it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    written: list[bytes] = []

    def read() -> None:
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so where nobody holds the other end any more
                return
            if not part:
                return
            written.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        ran = isoship(*arguments, stderr=theirs, **environment)
    finally:
        os.close(theirs)
        reader.join(20)
        os.close(ours)
    return ran, b"".join(written).decode()


def without_escapes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def lines(text: str) -> list[str]:
    return [re.sub(r"\d+ (rows|ms)", r"N \1", line) for line in text.splitlines()]


def table(text: str) -> list[list[str]]:
    """Without the milliseconds, which no two runs share, and the line that is as wide as they are."""
    lines = (line for line in text.splitlines() if line.strip("-"))
    return [[word for word in line.split() if not word.isdigit()] for line in lines]


def test_a_check_draws_its_table_while_it_runs_and_takes_it_away(bundle: Path) -> None:
    asked = ("check", str(bundle), "--runtimes", "onnxruntime,http")
    drawn, seen = on_a_terminal(*asked)
    piped = isoship(*asked, stderr=subprocess.PIPE)
    assert drawn.returncode == piped.returncode == 0, seen
    assert table(drawn.stdout) == table(piped.stdout)
    assert "\x1b" not in drawn.stdout
    frames = [without_escapes(frame) for frame in seen.split("\x1b[2K")]
    held = "\n".join(frames)
    assert re.search(r"runtime +rows +flips +ties +largest error +relative +ms +verdict", held)
    assert re.search(r"http +running \d+ s", held)
    assert "golden rows only: where the model file" in held, "other lines are printed"
    assert "  onnxruntime: agree" not in held, "and those that the table holds are not"
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") == 1, "the cursor is there again"
    assert without_escapes(seen.rpartition("\x1b[?25h")[2]).strip() == "", "what was drawn has been erased"


@pytest.mark.parametrize("wanted", [{"CI": "true"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_plain_text_gets_lines(wanted: dict[str, str], bundle: Path) -> None:
    ran, seen = on_a_terminal("check", str(bundle), "--runtimes", "onnxruntime", **wanted)
    assert ran.returncode == 0, seen
    assert "\x1b" not in seen
    assert lines(seen) == PLAIN


def test_a_pipe_gets_lines_and_quiet_nothing(bundle: Path) -> None:
    ran = isoship("check", str(bundle), "--runtimes", "onnxruntime", stderr=subprocess.PIPE)
    assert lines(ran.stderr) == PLAIN
    assert on_a_terminal("-q", "check", str(bundle), "--runtimes", "onnxruntime")[1] == ""


def test_an_error_is_printed_below_what_was_drawn(tmp_path: Path) -> None:
    ran, seen = on_a_terminal("check", str(tmp_path / "none"))
    assert ran.returncode == 2
    assert without_escapes(seen.rpartition("\x1b[?25h")[2]).strip().startswith("isoship: ")
