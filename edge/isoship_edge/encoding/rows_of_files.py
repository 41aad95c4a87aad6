"""CSV and JSON lines: the one reader of text files, on a device and on the machine that exports.

CSV is RFC 4180, separated by commas, or by semicolons where the first line has no comma; a file's first line names its
columns, and an empty line is no row. `web/src/page/files/csv.js` reads so in a page; both pass tests/vectors/csv.json.
JSON lines hold one object each. Both are read from files opened with `newline=""`, so that a line ends where its format
says and nowhere else: U+2028, NEL and a carriage return inside a cell are that cell's.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from isoship_edge.encoding.cells import cell, column_of_cells, value
from isoship_edge.encoding.words import got, listed, quoted
from isoship_edge.errors import InputError
from isoship_edge.manifest import Signature

#: A row as it stood in the file, and the model's columns of it as JSON values.
Record = tuple[dict[str, Any], dict[str, Any]]

#: A line of cells, and the places of those that are empty in quotes.
Line = tuple[list[str], frozenset[int]]

#: Lines of a CSV file, and the model's columns of them as JSON values.
Block = tuple[list[Line], dict[str, list[Any]]]

_NONE: frozenset[int] = frozenset()

#: Lines that are read together where the caller takes records.
_BLOCK = 256


class CsvRows:
    """The rows of a CSV file by the signature: record by record, or, in a fraction of the time, in blocks of columns.

    A file is read once, in one of the two ways. Either raises InputError at the first row that does not fit; rows are
    counted from 0, without the header.
    """

    def __init__(
        self, header: list[str], lines: Iterator[Line], signature: Signature, waiting: Callable[[], bool] | None = None
    ) -> None:
        self.header = header
        self._waiting = waiting
        self._lines = lines
        self._places = [(column, header.index(column.name)) for column in signature.columns]

    def __iter__(self) -> Iterator[Record]:
        names = [column.name for column, _ in self._places]
        first = 0
        for lines, ended in self._runs(_BLOCK):
            try:
                columns = self._columns(lines, first)
            except InputError as err:  # rows before it are handed out before it is told
                ended = err
                lines = lines[: (err.row or 0) - first]
                columns = self._columns(lines, first)
            rows: Iterable[tuple[Any, ...]] = zip(*columns.values(), strict=True) if names else [()] * len(lines)
            for line, row in zip(lines, rows, strict=True):
                yield dict(zip(self.header, held_cells(line), strict=True)), dict(zip(names, row, strict=True))
            if ended is not None:
                raise ended
            first += len(lines)

    def blocks(self, size: int) -> Iterator[Block]:
        """Runs of `size` lines, the last one shorter."""
        first = 0
        for lines, ended in self._runs(size):
            columns = self._columns(lines, first)
            if ended is not None:
                raise ended
            if lines:
                yield lines, columns
            first += len(lines)

    def _runs(self, size: int) -> Iterator[tuple[list[Line], Exception | None]]:
        """Runs of lines, and what is wrong in the file behind the last one."""
        ended = False
        while not ended:
            lines: list[Line] = []
            try:
                if self._waiting is None:
                    lines.extend(islice(self._lines, size))
                    ended = len(lines) < size
                else:
                    ended = True
                    for line in self._lines:
                        lines.append(line)
                        if len(lines) == size or self._waiting():
                            ended = False
                            break
            except (InputError, UnicodeDecodeError) as err:
                yield lines, err
                return
            yield lines, None

    def _columns(self, lines: Sequence[Line], first: int) -> dict[str, list[Any]]:
        texts = list(zip(*(line for line, _ in lines), strict=True)) or [()] * len(self.header)
        columns: dict[str, list[Any]] = {}
        faults: list[InputError] = []
        for column, j in self._places:
            found = column_of_cells(texts[j], column)
            try:
                columns[column.name] = (
                    [cell(line[j], column, i, in_quotes=j in empties) for i, (line, empties) in enumerate(lines, first)]
                    if found is None
                    else found
                )
            except InputError as err:
                faults.append(err)
        if faults:  # of several rows at fault the first one is told, and of that the first column
            raise min(faults, key=lambda err: err.row or 0)
        return columns


def read_csv(
    source: Iterable[str], signature: Signature, waiting: Callable[[], bool] | None = None
) -> tuple[list[str], CsvRows]:
    """The header, and the rows by the signature. waiting: whether rows that were read must not wait for the next.

    Raises:
        InputError: there is no header, or one without the model's columns.
    """
    header, lines = csv_lines(source, quotes=any(column.empty == "quoted" for column in signature.columns))
    absent = [column.name for column in signature.columns if column.name not in header]
    if absent:
        raise InputError(f"the file lacks the columns {listed(absent)}; it has {listed(header)}", column=absent[0])
    return header, CsvRows(header, lines, signature, waiting)


def held_cells(line: Line) -> Sequence[Any]:
    """The cells of a line as they are carried through: the empty one is None, the empty text of quotes a text."""
    texts, empties = line
    if "" not in texts:
        return texts
    return [text or ("" if j in empties else None) for j, text in enumerate(texts)]


def csv_lines(source: Iterable[str], *, quotes: bool) -> tuple[list[str], Iterator[Line]]:
    """The header of a CSV file and its lines of cells, each as long as the header.

    quotes: say which empty cells are in quotes, which costs a second look at lines that hold two quotes in a row.

    Raises:
        InputError: no header, a column twice, a quote that is not closed, a line of another length.
    """
    arriving = iter(source)
    first = list(islice(arriving, 1))
    source = chain(first, arriving)
    kept = _Kept(source)
    reader = csv.reader(kept if quotes else source, delimiter=separator_of("".join(first)), strict=True)
    try:
        header = next(reader, None)
    except csv.Error as err:
        raise InputError(f"line {reader.line_num}: {err}") from err
    if header is None:
        raise InputError("the file is empty; its first line must name the columns")
    if header:
        header[0] = header[0].removeprefix("\ufeff")
    twice = next((name for name in header if header.count(name) > 1), None) if len(set(header)) < len(header) else None
    if twice is not None:
        raise InputError(f"the file names the column {quoted(twice)} twice", column=twice)

    def lines() -> Iterator[Line]:
        kept.taken()
        i = 0
        try:
            for line in reader:
                text = kept.taken() if quotes else ""
                if not line:
                    continue
                if len(line) != len(header):
                    raise InputError(f"row {i}: {len(line)} cells under {len(header)} columns", row=i)
                yield line, _empty_in_quotes(text, line) if '""' in text else _NONE
                i += 1
        except csv.Error as err:
            raise InputError(f"line {reader.line_num}: {err}") from err

    return header, lines()


def separator_of(header: str) -> str:
    """What separates the cells of a CSV file, by its first line."""
    return ";" if ";" in header and "," not in header else ","


def read_jsonl(source: Iterable[str], signature: Signature) -> Iterator[Record]:
    """The rows of JSON lines by the signature; keys that a row lacks are left out, and the model refuses them.

    Raises:
        InputError: the first line that is no JSON object, or whose values do not fit.
    """
    for i, held in enumerate(json_lines(source)):
        yield held, by_signature(held, signature, i)


def json_lines(source: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The objects of JSON lines.

    Raises:
        InputError: a line is no JSON object; NaN and Infinity are no JSON.
    """
    for i, line in enumerate(line for line in source if line.strip()):
        try:
            held = json.loads(line, parse_constant=no_constant)
        except (ValueError, RecursionError) as err:
            raise InputError(f"row {i}: not JSON: {err}", row=i) from err
        if not isinstance(held, dict):
            raise InputError(f"row {i}: expected an object, got {got(held)}", row=i, seen=got(held))
        yield held


def by_signature(held: dict[str, Any], signature: Signature, row: int) -> dict[str, Any]:
    """The model's columns of an object, each by its column's type; absent ones stay absent."""
    return {c.name: value(held[c.name], c, row) for c in signature.columns if c.name in held}


def no_constant(name: str) -> Any:
    """For `json.loads`: Python's reader takes constants that JSON does not have."""
    raise ValueError(f"{name} is no JSON number; null means missing")


class _Kept:
    """The lines of a file, each kept until the reader has made a row of it."""

    def __init__(self, source: Iterable[str]) -> None:
        self._lines = iter(source)
        self._read: list[str] = []

    def __iter__(self) -> _Kept:
        return self

    def __next__(self) -> str:
        self._read.append(next(self._lines))
        return self._read[-1]

    def taken(self) -> str:
        text = "".join(self._read)
        self._read.clear()
        return text


def _empty_in_quotes(text: str, line: list[str]) -> frozenset[int]:
    """Where the empty cells of a line are in quotes: every cell is looked for in the text that it was read from."""
    found, at = [], 0
    for j, held in enumerate(line):
        in_quotes = text.startswith('"', at)
        if in_quotes and held == "":
            found.append(j)
        at += len(held) + (2 + held.count('"') if in_quotes else 0) + 1
    return frozenset(found)
