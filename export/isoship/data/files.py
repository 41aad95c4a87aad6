"""A file of rows as it stands (`read_columns`), and its rows by a signature (`read_rows`)."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from isoship.data.parquet_files import arrow, parquet_file, parquet_frame, parquet_header, reading
from isoship.errors import InputError, SampleError
from isoship_edge.encoding.cells import value
from isoship_edge.encoding.file_encoding import open_text
from isoship_edge.encoding.rows_of_files import (
    Record,
    by_signature,
    csv_lines,
    json_lines,
    no_constant,
    read_csv,
    read_jsonl,
)
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import pandas as pd

    from isoship.sources.contract import Row

FORMATS = (".csv", ".jsonl", ".ndjson", ".json", ".parquet")


@dataclass(frozen=True)
class Raw:
    """The columns of a file as they stand in it: text out of CSV, values of JSON, columns of Arrow.

    in_quotes: of a CSV file, for each column the rows whose empty cell is in quotes. absent: of a JSON file, the first
    row that lacks a column. frame: a Parquet file as pandas reads it.
    """

    path: Path
    rows: int
    columns: dict[str, Any]
    in_quotes: dict[str, set[int]] = field(default_factory=dict)
    absent: dict[str, int] = field(default_factory=dict)
    frame: pd.DataFrame | None = None

    @property
    def text(self) -> bool:
        """Whether the values are cells of text."""
        return self.path.suffix.lower() == ".csv"

    def values(self, name: str) -> list[Any]:
        """One column.

        Raises:
            SampleError: a row of a JSON file lacks its key.
        """
        if name in self.absent:
            raise SampleError(f"{self.path}, row {self.absent[name]} lacks the key {name!r}; a missing value is null")
        column = self.columns[name]
        return list(column if isinstance(column, list) else column.to_pylist())


def read_columns(path: Path, needed: Container[str] | None = None) -> Raw:
    """Every column of a file. needed: of a Parquet file, those that are read; the others hold nothing.

    Raises:
        SampleError: missing, unreadable, of an unknown format, or damaged.
        MissingExtraError: Parquet without pyarrow.
    """
    suffix = suffix_of(path)
    if suffix == ".parquet":
        return _raw_parquet(path, needed)
    with opened(path) as source:
        if suffix == ".csv":
            return _raw_csv(path, source)
        try:
            records = json_document(path, source) if suffix == ".json" else list(json_lines(source))
        except InputError as err:
            raise SampleError(f"{path}, {err}") from err
    header = dict.fromkeys(name for record in records for name in record)
    columns = {name: [record.get(name) for record in records] for name in header}
    absent = {name: next((i for i, r in enumerate(records) if name not in r), None) for name in header}
    return Raw(path, len(records), columns, absent={name: i for name, i in absent.items() if i is not None})


def read_rows(path: str | Path, signature: Signature) -> list[Row]:
    """Rows of a file, read by the signature; columns that the model does not know are left out.

    Raises:
        InputError: a cell that its column's dtype cannot hold, naming row (from 0) and column.
        SampleError: missing, unreadable, of an unknown format, or without one of the model's columns.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    if suffix_of(path) != ".parquet":
        with opened(path) as source:
            return [row for _, row in text_records(path, source, signature)[1]]
    names = [c.name for c in signature.columns]
    _, pq = arrow(f"reading {path.name}")
    with parquet_file(path) as file:
        check_names(path, file.schema_arrow.names, signature)
        with reading(path, names):
            table = pq.read_table(path, columns=names)
    columns = [[value(v, c, i) for i, v in enumerate(table[c.name].to_pylist())] for c in signature.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def text_records(path: Path, source: IO[str], signature: Signature) -> tuple[Sequence[str] | None, Iterable[Record]]:
    """The header (CSV alone has one) and the rows of an open text file.

    Raises:
        SampleError: a CSV file without one of the model's columns, or no JSON document of rows.
        InputError: while reading: the first row that does not fit.
    """
    suffix = suffix_of(path)
    if suffix == ".csv":
        try:
            return read_csv(source, signature)
        except InputError as err:
            raise SampleError(f"{path}: {err}") from err
    if suffix == ".json":
        records = json_document(path, source)
        return None, ((held, by_signature(held, signature, i)) for i, held in enumerate(records))
    return None, read_jsonl(source, signature)


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """A text file, with its line ends as they are.

    Raises:
        SampleError: it cannot be read, or is neither UTF-8 nor UTF-16 with a byte order mark.
    """
    try:
        source = open_text(path)
    except OSError as err:
        raise SampleError(f"cannot read {path}: {err.strerror}") from err
    except InputError as err:
        raise SampleError(f"{path}: {err}, or use Parquet") from err
    try:
        with source:
            yield source
    except UnicodeDecodeError as err:
        raise SampleError(f"{path} is not UTF-8. Save it as UTF-8, or use Parquet") from err


def suffix_of(path: Path) -> str:
    """The ending, in lower case.

    Raises:
        SampleError: none of `FORMATS`.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SampleError(f"{path}: rows are read from {', '.join(FORMATS)}; this ends in {suffix or 'nothing'!r}")
    return suffix


def check_names(path: Path, header: Iterable[str], signature: Signature) -> None:
    """Raises:
    SampleError: the file lacks one of the model's columns.
    """
    names = list(header)
    absent = [c.name for c in signature.columns if c.name not in names]
    if absent:
        raise SampleError(f"{path} lacks the model's columns {', '.join(map(repr, absent))}; it has {listed(names)}")


def listed(names: Sequence[str]) -> str:
    """The first twelve names."""
    return ", ".join(map(repr, names[:12])) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _raw_csv(path: Path, source: IO[str]) -> Raw:
    try:
        header, lines = csv_lines(source, quotes=True)
        table, in_quotes = [], {name: set[int]() for name in header}
        for i, (line, empties) in enumerate(lines):
            table.append(line)
            for j in empties:
                in_quotes[header[j]].add(i)
    except InputError as err:
        raise SampleError(f"{path}: {err}") from err
    columns: list[list[str]] = [list(cells) for cells in zip(*table, strict=True)] if table else [[] for _ in header]
    return Raw(path, len(table), dict(zip(header, columns, strict=True)), in_quotes)


def _raw_parquet(path: Path, needed: Container[str] | None) -> Raw:
    _, pq = arrow(f"reading {path.name}")
    header = parquet_header(path)
    wanted = [name for name in header if needed is None or name in needed]
    frame = parquet_frame(path, header, wanted)
    with reading(path, wanted):
        table = pq.read_table(path, columns=wanted)
    return Raw(path, len(frame), {n: table[n] for n in wanted if n in table.column_names}, frame=frame)


def json_document(path: Path, source: IO[str]) -> list[dict[str, Any]]:
    """The rows of a .json document.

    Raises:
        SampleError: it is none.
    """
    try:
        document = json.load(source, parse_constant=no_constant)
    except (ValueError, RecursionError) as err:
        if isinstance(err, UnicodeDecodeError):
            raise
        raise SampleError(f"{path} is not JSON: {err}") from err
    records = document["rows"] if isinstance(document, dict) and "rows" in document else document
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise SampleError(f"{path}: expected a list of objects (column: value), one a row")
    return records
