"""Lines of a stream as they arrive: what is there is handed out, and whoever collects rows is told when to stop.

A pipe that is full gives whole batches; one that a person or a sensor writes to gives each line by itself.
"""

from __future__ import annotations

import codecs
import os
import re
import select
from collections import deque
from collections.abc import Callable, Iterator

from isoship_edge.encoding.file_encoding import encoding_by_mark
from isoship_edge.errors import InputError

_BLOCK = 2**16
#: As in a file that is opened with newline="": each stays with its line. Ends alone, so that the start of a line which
#: has none yet is passed over once, and not from each of its characters.
_LINE_END = re.compile(r"\r\n|\r|\n")


class Arriving(Iterator[str]):
    """The lines of a file descriptor.

    Raises, on the way:
        UnicodeDecodeError: the text is not UTF-8, nor UTF-16 with its mark; after the lines before it.
        InputError: it is UTF-32.
    """

    def __init__(self, descriptor: int, taken: bytes = b"") -> None:
        """taken: what was read from it already."""
        self._descriptor = descriptor
        self._taken = taken
        self._decoder: codecs.IncrementalDecoder | None = None
        self._head = b""  # until there is enough of it to see a byte order mark
        self._ready: deque[str] = deque()
        self._parts: list[str] = []
        self._ended = False
        self._fault: Exception | None = None

    def __next__(self) -> str:
        while not self._ready:
            if self._fault is not None:
                raise self._fault
            if self._ended:
                raise StopIteration
            self._take()
        return self._ready.popleft()

    def waiting(self) -> bool:
        """Whether the next row has not arrived yet. Empty lines are none."""
        while not any(line.strip() for line in self._ready):
            if self._ended or self._fault is not None:
                return False
            if not self._taken and not _at_hand(self._descriptor):
                return True
            self._take()
        return False

    def form(self) -> str:
        """ "jsonl" or "csv", by the first character; waits for it.

        Raises:
            InputError: a JSON document of many rows.
        """
        seen: list[str] = []
        first = ""
        for line in self:
            seen.append(line)
            first = line.lstrip("\ufeff \t\r\n")
            if first:
                break
        self._ready.extendleft(reversed(seen))
        if re.match(r"\[\s*(\{|$)", first):
            raise InputError("standard input is a JSON document: write one object a line, or give a .json file")
        return "csv" if first and first[0] != "{" else "jsonl"

    def _take(self) -> None:
        """Waits for bytes and takes them."""
        data, self._taken = self._taken or _read(self._descriptor), b""
        self._ended = not data
        if self._decoder is None:
            self._head += data
            marked = self._head[:1] in (b"\xff", b"\xfe", b"\x00", b"\xef")
            if len(self._head) < (4 if marked else 1) and not self._ended:
                return
            try:
                self._decoder = codecs.getincrementaldecoder(encoding_by_mark(self._head))()
            except InputError as err:
                self._fault = err
                return
            data = self._head
        try:
            text = self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as err:
            self._fault = err
            text = err.object[: err.start].decode(err.encoding, "ignore")
            text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
        self._split(text)
        if self._fault is not None:
            self._parts.clear()  # the start of the line that the fault is in: half a row may read as another row
        elif self._ended and self._parts:
            self._ready.append("".join(self._parts))
            self._parts.clear()

    def _split(self, text: str) -> None:
        start = 0
        for found in _LINE_END.finditer(text):
            self._parts.append(text[start : found.end()])
            self._ready.append("".join(self._parts))
            self._parts.clear()
            start = found.end()
        if start < len(text):
            self._parts.append(text[start:])


def _read(descriptor: int) -> bytes:
    """Waits where the descriptor itself does not: whoever started us may share one that is set so."""
    while True:
        try:
            return os.read(descriptor, _BLOCK)
        except BlockingIOError:
            select.select([descriptor], [], [])


def _at_hand(descriptor: int) -> bool:
    """Whether a read would not wait; where the system cannot say so (pipes on Windows), it would."""
    try:
        return bool(select.select([descriptor], [], [], 0)[0])
    except (OSError, ValueError):
        return False


#: Told after each row: whether to answer what was collected.
Waiting = Callable[[], bool]
