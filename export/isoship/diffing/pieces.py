"""Rows in pieces, each read by the signature of whoever is asked: a file of any length is never held whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from isoship.data.files import json_document, listed, opened, suffix_of
from isoship.data.parquet_files import parquet_file, reading
from isoship.errors import InputError, SampleError
from isoship.sources.contract import Row
from isoship_edge.encoding.cells import cell, column_of_cells, value
from isoship_edge.encoding.rows_of_files import Line, csv_lines, json_lines
from isoship_edge.encoding.words import expected_of
from isoship_edge.manifest import Column, Signature

#: Rows of a piece.
PIECE = 4096


class ByColumn(NamedTuple):
    """A piece by one signature. columns: name -> JSON values. faults: row of the piece -> why it cannot be read so."""

    columns: dict[str, list[Any]]
    faults: dict[int, InputError]


class Piece(Protocol):
    """first: the number of its first row in the whole."""

    @property
    def first(self) -> int: ...

    @property
    def count(self) -> int: ...

    def by(self, signature: Signature) -> ByColumn:
        """The signature's columns."""
        ...


@dataclass(frozen=True)
class Made:
    """Rows that hold the columns of both signatures."""

    first: int
    rows: Sequence[Row]

    @property
    def count(self) -> int:
        return len(self.rows)

    def by(self, signature: Signature) -> ByColumn:
        return ByColumn({c.name: [row[c.name] for row in self.rows] for c in signature.columns}, {})


@contextmanager
def pieces_of(path: Path, signatures: Sequence[Signature]) -> Iterator[tuple[list[str], Iterator[Piece]]]:
    """The columns of a file (of JSON those of its first rows), and its rows. A .json document alone is held whole.

    Raises:
        SampleError: missing, unreadable, damaged, of an unknown format, or a column twice.
        MissingExtraError: Parquet without pyarrow.
    """
    suffix = suffix_of(path)
    if suffix == ".parquet":
        with parquet_file(path) as file:
            header = list(map(str, file.schema_arrow.names))
            yield header, _parquet(path, file, [n for n in header if n in _names(signatures)])
        return
    with opened(path) as source:
        try:
            if suffix == ".csv":
                quotes = any(c.empty == "quoted" for s in signatures for c in s.columns)
                names, lines = csv_lines(source, quotes=quotes)
                yield names, _of_csv(names, lines)
                return
            records = iter(json_document(path, source)) if suffix == ".json" else json_lines(source)
            first = list(islice(records, PIECE))
            yield list(dict.fromkeys(n for r in first for n in r)), _of_json(first, records)
        except InputError as err:
            raise SampleError(f"{path}: {err}") from err


def pieces_given(rows: Any) -> tuple[list[str], Iterator[Piece]]:
    """The same of a pandas DataFrame or a list of dicts, whose values are read as those of a file.

    Raises:
        SampleError: neither of the two.
    """
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):
        names = list(map(str, rows.columns))
        return names, _of_frame(rows, names)
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, dict) for row in rows):
        raise SampleError(f"rows is {type(rows).__name__}: give a file, a pandas DataFrame or a list of dicts")
    return list(dict.fromkeys(n for row in rows for n in row)), _of_json(list(rows[:PIECE]), iter(rows[PIECE:]))


def check_columns(name: str, header: Sequence[str], old: Signature, new: Signature) -> str:
    """Why no row of a file (`name`) can be asked of both models, or "".

    Raises:
        SampleError: it can be asked of neither.
    """
    lacking = [[c.name for c in s.columns if c.name not in header] for s in (old, new)]
    if all(lacking):
        both = list(dict.fromkeys((*lacking[0], *lacking[1])))
        raise SampleError(f"{name} lacks the models' columns {listed(both)}; it has {listed(header)}")
    for absent, which in zip(lacking, ("old", "new"), strict=True):
        if absent:
            return f"{name} lacks {listed(absent)}, without which the {which} model answers no row"
    return ""


def _names(signatures: Sequence[Signature]) -> set[str]:
    return {c.name for s in signatures for c in s.columns}


@dataclass(frozen=True)
class _CsvPiece:
    first: int
    count: int
    header: list[str]
    texts: list[tuple[str, ...]]
    in_quotes: list[frozenset[int]]

    def by(self, signature: Signature) -> ByColumn:
        found = ByColumn({}, {})
        for column in signature.columns:
            j = self.header.index(column.name)
            whole = column_of_cells(self.texts[j], column)
            if whole is None:  # they are looked at one by one
                cells = zip(self.texts[j], self.in_quotes, strict=True)
                whole = [_tried(found, i, cell, text, column, j in empty) for i, (text, empty) in enumerate(cells)]
            found.columns[column.name] = whole
        return found


@dataclass(frozen=True)
class _ValuePiece:
    """Values of JSON or Arrow. An absent key is `_ABSENT`."""

    first: int
    count: int
    values: dict[str, list[Any]]

    def by(self, signature: Signature) -> ByColumn:
        found = ByColumn({}, {})
        for column in signature.columns:
            held = self.values.get(column.name) or [_ABSENT] * self.count
            found.columns[column.name] = [_tried(found, i, _value, v, column, False) for i, v in enumerate(held)]
        return found


_ABSENT = object()


def _value(found: Any, column: Column, row: int, *, in_quotes: bool) -> Any:
    if found is _ABSENT:
        seen = "nothing (the key is absent)"
        raise InputError(f"row {row}: {seen}", row=row, column=column.name, seen=seen, expected=expected_of(column))
    return value(found, column, row)


def _tried(found: ByColumn, row: int, read: Any, held: Any, column: Column, in_quotes: bool) -> Any:
    """A value, or None where it cannot be read: of a row's faults the first is kept."""
    try:
        return read(held, column, row, in_quotes=in_quotes)
    except InputError as err:
        found.faults.setdefault(row, err)
        return None


def _of_csv(header: list[str], lines: Iterator[Line]) -> Iterator[Piece]:
    first = 0
    while part := list(islice(lines, PIECE)):
        texts = list(zip(*(cells for cells, _ in part), strict=True))
        yield _CsvPiece(first, len(part), header, texts, [empty for _, empty in part])
        first += len(part)


def _of_json(part: list[dict[str, Any]], records: Iterator[dict[str, Any]]) -> Iterator[Piece]:
    first = 0
    while part:
        names = dict.fromkeys(name for record in part for name in record)
        yield _ValuePiece(first, len(part), {n: [record.get(n, _ABSENT) for record in part] for n in names})
        first += len(part)
        part = list(islice(records, PIECE))


def _of_frame(frame: Any, names: list[str]) -> Iterator[Piece]:
    for first in range(0, len(frame), PIECE):
        part = frame.iloc[first : first + PIECE]
        yield _ValuePiece(first, len(part), {name: part.iloc[:, i].tolist() for i, name in enumerate(names)})


def _parquet(path: Path, file: Any, names: list[str]) -> Iterator[Piece]:
    first = 0
    batches = file.iter_batches(batch_size=PIECE, columns=names)
    while True:
        with reading(path, names):
            batch = next(batches, None)
        if batch is None:
            return
        if len(batch):
            yield _ValuePiece(first, len(batch), {name: batch.column(name).to_pylist() for name in names})
        first += len(batch)
