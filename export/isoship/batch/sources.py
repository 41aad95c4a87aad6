"""Files of rows a piece at a time: what each format hands to the model, and what of it is carried through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import pyarrow as pa

from isoship.batch.cells import read_cell
from isoship.batch.csv_blocks import CsvBlocks
from isoship.batch.json_lines import Records, decoded, records_of, why_refused
from isoship.batch.model import Answered, BatchModel, OnError
from isoship_edge.encoding.rows_of_files import json_lines, read_csv
from isoship_edge.errors import InputError
from isoship_edge.manifest import Signature

#: Rows of a piece of a table.
PIECE = 2**15
#: Where pandas keeps an index that has no name.
_INDEX = re.compile(r"__index_level_\d+__")
#: Opens a text file once more.
Opened = Callable[[], AbstractContextManager[IO[str]]]


@dataclass(frozen=True)
class Rows:
    """A piece, read: its rows as a table, or, of JSON, as objects."""

    count: int
    table: pa.Table | None = None
    records: Records = field(default_factory=list)


class Source(Protocol):
    """A file of rows.

    header: its columns; None where rows have their own. schema: their types where the file has types. numbers: columns
    of text that holds numbers alone.
    """

    header: list[str] | None
    schema: pa.Schema | None
    numbers: frozenset[str]

    def pieces(self) -> Iterator[Any]:
        """One piece after the other; `rows` does the work."""

    def rows(self, piece: Any) -> Rows:
        """A piece's rows. Raises: InputError: they cannot be read."""

    def answer(self, model: BatchModel, rows: Rows, on_error: OnError, first: int = 0) -> Answered:
        """What the model says of them. first: the number of their first row.

        Raises: InputError: a row that it refuses.
        """

    def look_through(self) -> None:
        """Raises: InputError: what is wrong with the file that could not be read, by its place in the whole of it."""


class Tables:
    """Arrow's batches, out of a Parquet file or a stream."""

    numbers: frozenset[str] = frozenset()

    def __init__(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """schema: as the columns are written; batches may hold a text column as a dictionary."""
        self._kept = [i for i, name in enumerate(schema.names) if not _INDEX.fullmatch(name)]
        self.schema: pa.Schema | None = pa.schema([schema.field(i).remove_metadata() for i in self._kept])
        self.header: list[str] | None = [schema.names[i] for i in self._kept]
        self._batches = batches

    def pieces(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            for start in range(0, len(batch), PIECE):
                yield batch.slice(start, PIECE)

    def rows(self, piece: pa.RecordBatch) -> Rows:
        table = pa.Table.from_batches([piece]).select(self._kept)
        return Rows(len(piece), table.replace_schema_metadata(None))

    def answer(self, model: BatchModel, rows: Rows, on_error: OnError, first: int = 0) -> Answered:
        assert rows.table is not None
        return model.answer(rows.table, first=first, on_error=on_error)

    def look_through(self) -> None:
        """What Arrow has read can be read."""


class CsvText:
    """CSV, each cell a text."""

    schema: pa.Schema | None = None

    def __init__(self, source: IO[bytes], signature: Signature, opened: Opened) -> None:
        """source: the file as UTF-8. Raises: InputError: no header, or one without the model's columns."""
        self._signature, self._opened = signature, opened
        self._blocks = CsvBlocks(source)
        self.header: list[str] | None = self._blocks.header
        self.numbers = frozenset(c.name for c in signature.columns if c.dtype != "string")

    def pieces(self) -> Iterator[bytes]:
        return iter(self._blocks)

    def rows(self, piece: bytes) -> Rows:
        table = self._blocks.table(piece)
        return Rows(len(table), table)

    def answer(self, model: BatchModel, rows: Rows, on_error: OnError, first: int = 0) -> Answered:
        assert rows.table is not None
        return model.answer(rows.table, first=first, on_error=on_error, read=read_cell)

    def look_through(self) -> None:
        with self._opened() as source:
            for _ in read_csv(source, self._signature)[1].blocks(PIECE):
                pass


class JsonRows:
    """JSON: blocks of lines, or the rows of a document in runs."""

    schema: pa.Schema | None = None
    header: list[str] | None = None
    numbers: frozenset[str] = frozenset()

    def __init__(self, pieces: Iterable[bytes | Records], signature: Signature, opened: Opened) -> None:
        self._pieces, self._signature, self._opened = pieces, signature, opened

    def pieces(self) -> Iterator[bytes | Records]:
        return iter(self._pieces)

    def rows(self, piece: bytes | Records) -> Rows:
        records = records_of(piece) if isinstance(piece, bytes) else piece
        return Rows(len(records), records=records)

    def answer(self, model: BatchModel, rows: Rows, on_error: OnError, first: int = 0) -> Answered:
        def why(at: int) -> InputError:
            return why_refused(rows.records[at], self._signature, first + at)

        return model.answer_decoded(decoded(rows.records, self._signature), rows.count, why, on_error=on_error)

    def look_through(self) -> None:
        with self._opened() as source:
            for _ in json_lines(source):
                pass


def runs(records: Records) -> Iterator[Records]:
    """A document's rows in pieces."""
    for start in range(0, len(records), PIECE):
        yield records[start : start + PIECE]
