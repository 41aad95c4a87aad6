"""A CSV file in blocks of whole rows, and a block as a table of text, in which null is the empty cell.

Arrow splits blocks whose quotes all stand where they should. Everything else (quotes inside of cells, bare carriage
returns, lines of another length) goes through `rows_of_files.csv_lines`, which says what such a file means.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from isoship_edge.encoding.rows_of_files import csv_lines, separator_of

#: Bytes of a block; and those after which a row that does not end is left to `csv_lines`, whose cells have a limit.
_BLOCK, _LONGEST = 2**21, 2**26
#: In which the header ends.
_HEAD = 2**20


class CsvBlocks:
    """An open CSV file, UTF-8 without a byte order mark.

    header: its columns.
    """

    def __init__(self, source: IO[bytes]) -> None:
        """Raises: InputError: as `csv_lines` of the header."""
        self._source = source
        self._held = source.read(_HEAD)
        consumed: list[str] = []

        def noted() -> Iterator[str]:
            for line in io.StringIO(self._held.decode(errors="ignore"), newline=""):
                consumed.append(line)
                yield line

        self.header, _ = csv_lines(noted(), quotes=False)
        self._head = "".join(consumed)
        self._held = self._held[len(self._head.encode()) :]
        self._separator = separator_of(consumed[0])

    def __iter__(self) -> Iterator[bytes]:
        """Runs of whole rows."""
        held, ended = self._held, False
        while True:
            end, wanted = 0, _BLOCK
            while not end and not ended and len(held) < _LONGEST:
                if len(held) < wanted:
                    more = self._source.read(wanted - len(held))
                    ended = not more
                    held += more
                wanted = len(held) + _BLOCK
                end = len(held) if ended else _end_of_rows(held)
            block = held[: end or len(held)]
            if not end or (b'"' in block and not _well_quoted(block, self._separator)):
                yield from self._by_lines(held, ended)
                return
            if block:
                yield block
            held = held[len(block) :]
            if ended and not held:
                return

    def table(self, block: bytes) -> pa.Table:
        """A block's rows, every column a string column.

        Raises: InputError: a line that is none of this file's; its number is that in the block.
        """
        if block.count(b"\r") == block.count(b"\r\n") and (b'"' not in block or _well_quoted(block, self._separator)):
            try:
                return self._by_arrow(block)
            except pa.ArrowInvalid:
                pass
        text = block.decode("utf-8")
        _, lines = csv_lines(_chained(self._head, text), quotes=True)
        return self._of_lines(list(lines))

    def _by_arrow(self, block: bytes) -> pa.Table:
        if not block.endswith(b"\n"):
            block += b"\n"  # the empty cell at the end of a file would be the empty text (docs/upstream.md)
        return csv.read_csv(
            pa.BufferReader(block),
            read_options=csv.ReadOptions(column_names=self.header, use_threads=False, block_size=len(block) + 1),
            parse_options=csv.ParseOptions(delimiter=self._separator, newlines_in_values=b'"' in block),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(self.header, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _of_lines(self, lines: Sequence[tuple[list[str], frozenset[int]]]) -> pa.Table:
        columns: list[list[str | None]] = [[] for _ in self.header]
        for texts, empties in lines:
            for j, text in enumerate(texts):
                columns[j].append(text if text or j in empties else None)
        return pa.table([pa.array(one, pa.string()) for one in columns], names=self.header)

    def _by_lines(self, held: bytes, ended: bool) -> Iterator[bytes]:
        """The rest of the file as csv_lines reads it, handed out as blocks in which all is quoted."""
        import csv as plain

        rest: IO[bytes] = io.BytesIO(held) if ended else _Joined(held, self._source)  # type: ignore[assignment]
        text = io.TextIOWrapper(rest, encoding="utf-8", newline="")
        _, lines = csv_lines(_chained(self._head, text), quotes=True)
        target = io.StringIO(newline="")
        write = plain.writer(target, delimiter=self._separator, lineterminator="\n", quoting=plain.QUOTE_ALL).writerow
        for texts, empties in lines:
            if "" in texts and len(empties) < texts.count(""):  # the empty cell is without quotes
                target.write(self._separator.join(_quoted(one, j in empties) for j, one in enumerate(texts)) + "\n")
            else:
                write(texts)
            if target.tell() >= _BLOCK:
                yield target.getvalue().encode()
                target.seek(0)
                target.truncate()
        if target.tell():
            yield target.getvalue().encode()


class _Joined(io.RawIOBase):
    """Bytes that were read already, and the file behind them."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = memoryview(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        found: Any = self._head[: len(target)] if len(self._head) else self._rest.read(len(target))
        self._head = self._head[len(found) :]
        target[: len(found)] = found
        return len(found)


def _chained(head: str, rest: str | IO[str]) -> Iterator[str]:
    yield from io.StringIO(head, newline="")
    yield from io.StringIO(rest, newline="") if isinstance(rest, str) else rest


def _quoted(text: str, empty: bool) -> str:
    return '"' + text.replace('"', '""') + '"' if text or empty else ""


def _end_of_rows(held: bytes) -> int:
    """Where the last whole row ends: behind a line end with an even number of quotes in front of it; 0 without one."""
    quotes, end = held.count(b'"'), len(held)
    while True:
        at = held.rfind(b"\n", 0, end)
        if at < 0:
            return 0
        quotes -= held.count(b'"', at, end)
        if quotes % 2 == 0:
            return at + 1
        end = at


def _well_quoted(block: bytes, separator: str) -> bool:
    """Whether every quote opens a cell, closes one, or is doubled inside of one."""
    every = np.frombuffer(block, np.uint8)
    at = np.flatnonzero(every == ord('"'))
    if len(at) % 2:
        return False
    ends = np.array([ord(separator), ord("\n"), ord("\r"), ord('"')], np.uint8)  # a quote: the two are one, doubled
    opening, closing = at[::2], at[1::2]
    opens = (opening == 0) | np.isin(every[opening - 1], ends)
    closes = (closing == len(every) - 1) | np.isin(every[np.minimum(closing + 1, len(every) - 1)], ends)
    return bool(opens.all() and closes.all())
