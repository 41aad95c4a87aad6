"""What predictions are written to: CSV, JSON lines, Parquet, an Arrow stream. The rows' own columns stand first.

`encode` may run in any thread, `write` takes what it made in the rows' order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import IO, Any, Protocol

import pyarrow as pa

from isoship.batch.csv_text import header_line, lines, written
from isoship.batch.model import ERROR, Answered
from isoship.batch.sources import Rows
from isoship.errors import SampleError
from isoship_edge.encoding.batch import free_name, written_names
from isoship_edge.encoding.encode import class_key
from isoship_edge.encoding.words import quoted
from isoship_edge.errors import InputError
from isoship_edge.manifest import Output

#: What `json.dumps` would make anew for every row.
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str).encode


class Sink(Protocol):
    """One file of predictions."""

    def encode(self, rows: Rows, answered: Answered) -> Any:
        """A piece as it is written."""

    def write(self, encoded: Any) -> None:
        """Writes it."""

    def close(self) -> None:
        """Ends the file; one without rows has its columns."""

    def leave(self) -> None:
        """Lets go of the file, whether it has ended or not."""


class Columns:
    """The names that are written, and the columns under them."""

    def __init__(self, outputs: tuple[Output, ...], header: Sequence[str], errors: bool) -> None:
        """errors: with a column of refusals."""
        self.outputs, self.header = outputs, list(header)
        self.made = written_names(outputs, self.header)
        self._errors = errors
        if errors:
            self.made.append(free_name(ERROR, {*self.header, *self.made}))

    @property
    def names(self) -> list[str]:
        return [*self.header, *self.made]

    def of(self, answered: Answered, count: int) -> list[pa.Array]:
        """The model's columns of a piece."""
        refusals = (
            [pa.nulls(count, pa.string()) if answered.errors is None else answered.errors] if self._errors else []
        )
        return [*answered.columns, *refusals]


class CsvSink:
    """CSV."""

    def __init__(
        self,
        target: IO[bytes],
        columns: Columns | None,
        numbers: frozenset[str] = frozenset(),
        *,
        of_first_row: Callable[[list[str]], Columns] | None = None,
        absent: Sequence[str] = (),
    ) -> None:
        """columns: None where the first row names them (of_first_row), and without a row `absent`."""
        self._target, self._columns, self._numbers = target, columns, numbers
        self._of_first_row, self._absent = of_first_row, list(absent)
        if columns is not None:
            target.write(header_line(columns.names))

    def encode(self, rows: Rows, answered: Answered) -> tuple[Rows, Answered] | bytes:
        if rows.table is None:
            return rows, answered
        assert self._columns is not None
        numbers = {j for j, name in enumerate(self._columns.header) if name in self._numbers}
        return lines([*rows.table.columns, *self._columns.of(answered, rows.count)], numbers)

    def write(self, encoded: tuple[Rows, Answered] | bytes) -> None:
        if isinstance(encoded, bytes):
            self._target.write(encoded)
            return
        rows, answered = encoded
        if not rows.count:
            return
        if self._columns is None:
            self._columns = self._begun(list(rows.records[0]))
        header = self._columns.header
        for record in rows.records:
            if not record.keys() <= set(header):
                name = next(name for name in record if name not in header)
                raise InputError(
                    f"a row has a column {quoted(name)} that the first row lacks, and CSV has one header:"
                    " write .jsonl, or give every row the same columns",
                    column=name,
                )
        cells = [pa.array([written(record.get(name)) for record in rows.records], pa.string()) for name in header]
        self._target.write(lines([*cells, *self._columns.of(answered, rows.count)], as_they_are=len(cells)))

    def close(self) -> None:
        if self._columns is None:
            self._begun(self._absent)

    def leave(self) -> None:
        """Nothing is held."""

    def _begun(self, header: list[str]) -> Columns:
        assert self._of_first_row is not None
        columns = self._of_first_row(header)
        self._target.write(header_line(columns.names))
        return columns


class JsonSink:
    """JSON lines, the outputs as HTTP has them."""

    def __init__(self, target: IO[bytes], outputs: tuple[Output, ...], errors: bool) -> None:
        self._target, self._outputs, self._errors = target, outputs, errors

    def encode(self, rows: Rows, answered: Answered) -> bytes:
        held = rows.records if rows.table is None else rows.table.to_pylist()
        answers = nested(self._outputs, answered.columns)
        refusals = [None] * rows.count if answered.errors is None else answered.errors.to_pylist()
        made = []
        for record, answer, refusal in zip(held, answers, refusals, strict=True):
            named = {free_name(name, record): found for name, found in answer.items()}
            if self._errors:
                named[free_name(ERROR, {*record, *named})] = refusal
            made.append(_json(_plain({**record, **named})) + "\n")
        return "".join(made).encode()

    def write(self, encoded: bytes) -> None:
        self._target.write(encoded)

    def close(self) -> None:
        """Nothing is left to write."""

    def leave(self) -> None:
        """Nor held."""


class TableSink:
    """Parquet or an Arrow stream, of rows that are tables.

    writer: (schema) -> what has `write_table` and `close`.
    """

    def __init__(self, writer: Any, columns: Columns, schema: pa.Schema, fields: Sequence[pa.Field]) -> None:
        """schema: of the rows. fields: of the model's columns."""
        types = [*(f.type for f in fields), pa.string()]  # the last one of refusals, if there is a column of them
        made = [pa.field(name, types[i]) for i, name in enumerate(columns.made)]
        self._schema = pa.schema([*schema, *made])
        self._columns = columns
        self._writer = writer(self._schema)

    def encode(self, rows: Rows, answered: Answered) -> pa.Table:
        assert rows.table is not None
        columns = [*rows.table.columns, *self._columns.of(answered, rows.count)]
        typed = [c if c.type == f.type else c.cast(f.type) for c, f in zip(columns, self._schema, strict=True)]
        return pa.Table.from_arrays(typed, schema=self._schema)

    def write(self, encoded: pa.Table) -> None:
        self._writer.write_table(encoded)

    def close(self) -> None:
        self._writer.close()

    def leave(self) -> None:
        self._writer.close()


class GatheredSink:
    """The same of JSON's rows, whose columns are known when all rows are: those are held in memory."""

    def __init__(
        self, writer: Any, outputs: tuple[Output, ...], errors: bool, fields: Sequence[pa.Field], absent: Sequence[str]
    ) -> None:
        """absent: the columns of a file without rows."""
        self._writer, self._outputs, self._errors, self._fields = writer, outputs, errors, list(fields)
        self._absent = absent
        self._records: list[dict[str, Any]] = []
        self._answers: list[Answered] = []
        self._counts: list[int] = []

    def encode(self, rows: Rows, answered: Answered) -> tuple[Rows, Answered]:
        return rows, answered

    def write(self, encoded: tuple[Rows, Answered]) -> None:
        rows, answered = encoded
        self._records += rows.records
        self._answers.append(answered)
        self._counts.append(rows.count)

    def close(self) -> None:
        names = list(dict.fromkeys(name for record in self._records for name in record))
        columns = {} if names else {name: pa.array([], pa.string()) for name in self._absent}
        for name in names:
            try:
                columns[name] = pa.array([held.get(name) for held in self._records])
            except (pa.ArrowException, OverflowError) as err:
                raise SampleError(
                    f'the column "{name}" holds values that one Parquet column cannot ({err}): write .jsonl'
                ) from err
        rows = pa.table(columns)
        written = Columns(self._outputs, rows.column_names, self._errors)
        sink = TableSink(self._writer, written, rows.schema, self._fields)
        at = 0
        for answered, count in zip(self._answers, self._counts, strict=True):
            sink.write(sink.encode(Rows(count, rows.slice(at, count)), answered))
            at += count
        sink.close()

    def leave(self) -> None:
        """The file is opened at the end."""


def nested(outputs: Sequence[Output], columns: Sequence[pa.Array]) -> list[dict[str, Any]]:
    """Rows as HTTP's "predictions" has them, of columns as `answers.arrays` makes them."""
    found = [column.to_pylist() for column in columns]
    made: list[tuple[str, list[Any]]] = []
    at = 0
    for output in outputs:
        if len(output.shape) == 1:
            made.append((output.name, found[at]))
            at += 1
            continue
        width = int(output.shape[1])
        each: list[Any] = [list(row) for row in zip(*found[at : at + width], strict=True)]
        classes = output.classes if output.kind in ("probabilities", "scores") else None
        if classes is not None and len(classes) == width:
            keys = [class_key(one) for one in classes]
            each = [dict(zip(keys, row, strict=True)) for row in each]
        made.append((output.name, each))
        at += width
    names = [name for name, _ in made]
    return [dict(zip(names, row, strict=True)) for row in zip(*(values for _, values in made), strict=True)]


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """NaN of a table is a missing value."""
    return {k: None if isinstance(v, float) and v != v else v for k, v in record.items()}
