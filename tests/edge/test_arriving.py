"""`predict -`: each row is answered before another arrives, in the form in which it came."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import IO

import pytest

from bundles import VISITS_ROWS, visits_reference
from isoship_edge.encoding import arriving
from isoship_edge.encoding.arriving import Arriving
from isoship_edge.errors import InputError

PROGRAMS = ("isoship_edge", "isoship")
LABELS = visits_reference(VISITS_ROWS)["label"].tolist()
HEADER = ",".join([*VISITS_ROWS[0], "note"])


def as_csv(row: dict[str, object], note: str = "n") -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([*row.values(), note])
    return text.getvalue()


class Talk:
    """A program's two ends: what is written arrives at once, what it says within a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._said: Queue[str] = Queue()
        threading.Thread(target=self._listen, args=(process.stdout,), daemon=True).start()

    def _listen(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._said.put(line.decode())

    def write(self, data: str | bytes) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(data if isinstance(data, bytes) else data.encode())
        stdin.flush()

    def line(self) -> str:
        try:
            return self._said.get(timeout=60)
        except Empty:
            raise AssertionError("no answer while the input is open") from None

    def silent(self) -> bool:
        return self._said.empty()


def _hears_interrupts() -> None:
    """A job in a shell's background is started with interrupts ignored, and so would its children be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def talk(program: str, folder: Path, *more: str) -> Iterator[Talk]:
    where = ["predict", "-", "--bundle", str(folder)] if program == "isoship_edge" else ["predict", str(folder), "-"]
    process = subprocess.Popen(
        [sys.executable, "-m", program, *where, *more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_hears_interrupts,
    )  # fmt: skip
    try:
        yield Talk(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stderr):
            assert stream is not None
            stream.close()


@pytest.mark.parametrize("program", PROGRAMS)
def test_json_lines_are_answered_one_by_one(program: str, visits: Path) -> None:
    with talk(program, visits) as talking:
        for row, label in zip(VISITS_ROWS, LABELS, strict=True):
            talking.write(json.dumps(row)[:20])
            talking.write(json.dumps(row)[20:] + "\n\n")
            answered = json.loads(talking.line())
            assert answered.pop("label") == label
            del answered["probabilities"]
            assert answered == row
            assert talking.silent()
        talking.write("".join(json.dumps(row) + "\n" for row in VISITS_ROWS))
        assert [json.loads(talking.line())["label"] for _ in VISITS_ROWS] == LABELS


@pytest.mark.parametrize("program", PROGRAMS)
def test_csv_is_answered_row_by_row(program: str, visits: Path) -> None:
    with talk(program, visits) as talking:
        talking.write(HEADER + "\n")
        for i, (row, label) in enumerate(zip(VISITS_ROWS, LABELS, strict=True)):
            talking.write(as_csv(row, "two\nlines") if i == 2 else as_csv(row))
            if i == 0:
                assert talking.line().startswith(HEADER + ",label,")
            answered = talking.line() + (talking.line() if i == 2 else "")
            assert next(csv.reader(io.StringIO(answered, newline="")))[len(row) + 1] == label
            assert talking.silent()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    "fault", ["{", '{"age": 1}', json.dumps({**VISITS_ROWS[0], "plan": "gold"}), b'{"\xff"}'], ids=str
)
def test_what_stands_before_a_row_that_is_refused_is_answered(program: str, fault: str | bytes, visits: Path) -> None:
    data = "".join(json.dumps(row) + "\n" for row in VISITS_ROWS[:3]).encode()
    data += fault if isinstance(fault, bytes) else fault.encode()
    where = ["predict", "-", "--bundle", str(visits)] if program == "isoship_edge" else ["predict", str(visits), "-"]
    done = subprocess.run(
        [sys.executable, "-m", program, *where], input=data + b"\n", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == LABELS[:3]
    assert b"row 3" in done.stderr or b"not UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_row_that_ends_in_half_a_character_is_not_answered(form: str, encoding: str, visits: Path) -> None:
    """No line end behind it, and all of the row's cells in front of it."""
    first, last = ({**row, "note": "n"} for row in VISITS_ROWS[:2])
    if form == "csv":
        whole, cut = f"{HEADER}\n{as_csv(VISITS_ROWS[0])}", as_csv(VISITS_ROWS[1]).rstrip("\n")
    else:
        whole, cut = json.dumps(first) + "\n", json.dumps(last)
    data = (whole + cut + "\N{PENGUIN}").encode(encoding)[:-1]
    done = subprocess.run(
        [sys.executable, "-m", "isoship_edge", "predict", "-", "--bundle", str(visits)],
        input=data, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == (2 if form == "csv" else 1)
    assert b"not UTF-8" in done.stderr


def test_half_a_character_drops_the_parts_of_its_line(pipe: tuple[int, int]) -> None:
    lines = Arriving(pipe[0])
    for piece in (b"whole\nhalf ", b"a line", b"\xc3"):
        os.write(pipe[1], piece)
        lines.waiting()
    assert next(lines) == "whole\n"
    assert lines.waiting()
    os.close(pipe[1])
    with pytest.raises(UnicodeDecodeError):
        next(lines)


@pytest.mark.skipif(sys.platform == "win32", reason="signals and flags of descriptors as POSIX has them")
@pytest.mark.parametrize("program", PROGRAMS)
def test_an_interrupted_stream_ends_without_a_traceback(program: str, visits: Path) -> None:
    with talk(program, visits) as talking:
        talking.write(json.dumps(VISITS_ROWS[0]) + "\n")
        assert json.loads(talking.line())["label"] == LABELS[0]
        talking.process.send_signal(signal.SIGINT)
        assert talking.process.wait(timeout=30) == 130
        assert talking.process.stderr is not None
        assert talking.process.stderr.read() == b"isoship: interrupted; nothing half-written is left\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals and flags of descriptors as POSIX has them")
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_descriptor_that_does_not_wait_is_waited_for(program: str, pipe: tuple[int, int], visits: Path) -> None:
    read, write = pipe
    os.set_blocking(read, False)
    where = ["predict", "-", "--bundle", str(visits)] if program == "isoship_edge" else ["predict", str(visits), "-"]
    with subprocess.Popen(
        [sys.executable, "-m", program, *where], stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.write(write, json.dumps(VISITS_ROWS[0]).encode() + b"\n")
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["label"] == LABELS[0]
        # Answered: what follows finds nothing to read.
        os.write(write, json.dumps(VISITS_ROWS[1]).encode() + b"\n")
        assert json.loads(process.stdout.readline())["label"] == LABELS[1]
        os.close(write)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 0, said


def test_an_array_of_rows_is_named(visits: Path) -> None:
    for text in ('[{"age": 1}]', "[\n{}]"):
        done = subprocess.run(
            [sys.executable, "-m", "isoship", "predict", str(visits), "-"],
            input=text.encode(), capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert b"one object a line" in done.stderr


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(read)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_lines_end_as_in_files_whatever_the_pieces(pipe: tuple[int, int], encoding: str) -> None:
    text = "\ufeff" * (encoding == "utf-16-le") + 'a,ø\r\nb,"x\u2028y"\rc\n\n{"🐧": 1}\nlast'
    read, write = pipe
    lines = Arriving(read)
    for byte in text.encode(encoding):
        os.write(write, bytes([byte]))
        if not lines.waiting():
            assert lines._ready
    os.close(write)
    assert "".join(lines) == text.removeprefix("\ufeff")


def test_a_long_line_is_looked_through_once(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters that are searched, and that no match but an end can start from: a run in front of the end would be
    tried from every character of a line whose end has not come."""
    searched: list[str] = []
    line_end = arriving._LINE_END

    class Counting:
        def finditer(self, text: str) -> Iterator[re.Match[str]]:
            searched.append(text)
            return line_end.finditer(text)

    monkeypatch.setattr(arriving, "_LINE_END", Counting())
    assert all(line_end.match(character) is None for character in 'x",{ \u2028')
    line = "x" * 200_000 + "\r\n"
    lines = Arriving(pipe[0])
    for start in range(0, len(line), 4096):
        os.write(pipe[1], line[start : start + 4096].encode())
        assert lines.waiting() == (start + 4096 < len(line))
    assert next(lines) == line
    assert sum(map(len, searched)) == len(line)


def test_a_line_feed_that_comes_behind_its_return_is_no_row(pipe: tuple[int, int]) -> None:
    lines = Arriving(pipe[0])
    os.write(pipe[1], b"1\r")
    assert next(lines) == "1\r"
    os.write(pipe[1], b"\n")
    assert lines.waiting()
    os.write(pipe[1], b"2\r\n")
    assert not lines.waiting()
    os.close(pipe[1])
    assert list(lines) == ["\n", "2\r\n"]


def test_utf_32_is_named(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], '{"a": 1}\n'.encode("utf-32"))
    os.close(pipe[1])
    with pytest.raises(InputError, match="UTF-32"):
        next(Arriving(pipe[0]))


def test_what_is_at_hand_is_collected(pipe: tuple[int, int]) -> None:
    lines = Arriving(pipe[0])
    os.write(pipe[1], b"1\n2\n")
    assert next(lines) == "1\n"
    assert not lines.waiting()
    assert next(lines) == "2\n"
    assert lines.waiting()
    os.write(pipe[1], b"\n  \n")
    assert lines.waiting(), "empty lines are no rows"
    os.write(pipe[1], b"3")
    assert lines.waiting(), "half of a line is no row"
    os.write(pipe[1], b"\n")
    assert not lines.waiting()
    os.close(pipe[1])
    assert list(lines) == ["\n", "  \n", "3\n"]
    assert not lines.waiting()
