"""A file of rows by its ending, and what its predictions are written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any

from isoship.batch.json_lines import blocks
from isoship.batch.model import MANY, BatchModel, OnError
from isoship.batch.places import Place
from isoship.batch.sinks import Columns, CsvSink, GatheredSink, JsonSink, Sink, TableSink
from isoship.batch.sources import PIECE, CsvText, JsonRows, Source, Tables, runs
from isoship.data.files import check_names, json_document, opened, suffix_of
from isoship.data.parquet_files import arrow, parquet_file, reading
from isoship.errors import InputError, SampleError
from isoship.remote.urls import shown
from isoship_edge.manifest import Output, Signature

_LINES = (".jsonl", ".ndjson")
_WRITTEN = (".csv", *_LINES, ".parquet")
#: Bytes of text that are taken for many rows.
_MANY_BYTES = 2**21


class Opening:
    """An open file of rows: `source`, and how much of it there is and was read."""

    source: Source

    def __init__(self, path: Path, model: BatchModel) -> None:
        self._path, self._model = path, model
        self._stack = ExitStack()
        self._read: Callable[[], float | None] = lambda: None
        self._many = False

    def __enter__(self) -> Opening:
        """Raises: SampleError: it cannot be read, or lacks one of the model's columns."""
        try:
            suffix = suffix_of(self._path)
            self.source = self._parquet() if suffix == ".parquet" else self._text(suffix)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def many(self) -> bool:
        """Whether the graph for batches pays."""
        return self._many

    def share(self) -> float | None:
        """How much of the file has been read, from 0 to 1."""
        return self._read()

    def sink(self, source: Source, target: IO[bytes], out: Place | None, on_error: OnError) -> Sink:
        """What predictions of this file are written to: `target`, in the form that `out` has (CSV without one)."""
        outputs, errors = self._model.outputs, on_error == "column"
        write = ".csv" if out is None else suffix_of_out(out)
        columns = None if source.header is None else Columns(outputs, source.header, errors)
        absent = self._model.names
        if write == ".csv":
            first_row = partial(_columns_of, outputs, errors)
            return CsvSink(target, columns, source.numbers, of_first_row=first_row, absent=absent)
        if write in _LINES:
            return JsonSink(target, outputs, errors)
        writer = partial(parquet_writer, target)
        if columns is None:
            return GatheredSink(writer, outputs, errors, self._model.fields, absent)
        return TableSink(writer, columns, source.schema or text_schema(columns.header), self._model.fields)

    def _parquet(self) -> Tables:
        pa, _ = arrow(f"reading {self._path.name}")
        signature = self._model.signature
        file = self._stack.enter_context(parquet_file(self._path))
        schema = file.schema_arrow
        check_names(self._path, schema.names, signature)
        self._many = file.metadata.num_rows >= MANY
        total = max(1, file.metadata.num_rows)
        texts = [c.name for c in signature.columns if schema.names.count(c.name) == 1]
        texts = [name for name in texts if schema.field(name).type in (pa.string(), pa.large_string())]
        if texts:
            file = self._stack.enter_context(parquet_file(self._path, read_dictionary=texts))
        taken = 0

        def batches() -> Iterator[Any]:
            nonlocal taken
            made = file.iter_batches(batch_size=PIECE, use_threads=False)
            while True:
                with reading(self._path, schema.names, others=", or without a column that the model does not need"):
                    batch = next(made, None)
                if batch is None:
                    return
                taken += len(batch)
                yield batch

        self._read = lambda: taken / total
        return Tables(schema, batches())

    def _text(self, suffix: str) -> CsvText | JsonRows:
        signature: Signature = self._model.signature
        again = partial(opened, self._path)
        text = self._stack.enter_context(opened(self._path))
        if suffix == ".json":
            records = json_document(self._path, text)
            self._many = len(records) >= MANY
            return JsonRows(runs(records), signature, again)
        size = max(1, self._path.stat().st_size)
        self._many = size >= _MANY_BYTES
        source = _as_utf8(text)
        raw: IO[bytes] = text.buffer  # type: ignore[attr-defined]
        self._read = lambda: min(1.0, raw.tell() / size)
        if suffix in _LINES:
            return JsonRows(blocks(source), signature, again)
        try:
            found = CsvText(source, signature, again)
            self._model.check_names(found.header or [])
        except InputError as err:
            again_said = _said_by(again, signature) or err
            raise SampleError(f"{self._path}: {again_said}") from err
        return found


def _columns_of(outputs: tuple[Output, ...], errors: bool, header: list[str]) -> Columns:
    return Columns(outputs, header, errors)


def suffix_of_out(out: Place) -> str:
    """The form of a file of predictions.

    Raises:
        SampleError: none that is written.
    """
    place = shown(str(out))
    suffix = Path(place).suffix.lower()
    if suffix not in _WRITTEN:
        raise SampleError(f"{place}: predictions are written as .csv, .jsonl or .parquet")
    return suffix


def parquet_writer(target: Any, schema: Any) -> Any:
    """A Parquet writer; texts alone are written as dictionaries, which numbers seldom gain from."""
    pa, pq = arrow("writing Parquet")
    texts = [f.name for f in schema if f.type in (pa.string(), pa.large_string()) or pa.types.is_dictionary(f.type)]
    return pq.ParquetWriter(target, schema, use_dictionary=texts or False)


def text_schema(names: list[str]) -> Any:
    """The columns of a CSV file."""
    pa, _ = arrow("writing Parquet")
    return pa.schema([pa.field(name, pa.string()) for name in names])


def _as_utf8(text: IO[str]) -> IO[bytes]:
    """The bytes of an open text file as UTF-8 without a mark."""
    raw: IO[bytes] = text.buffer  # type: ignore[attr-defined]
    if getattr(text, "encoding", "") == "utf-8-sig":
        if raw.read(3) != b"\xef\xbb\xbf":
            raw.seek(0)
        return raw
    return _Recoded(text)  # type: ignore[return-value]


class _Recoded:
    """UTF-16 as UTF-8."""

    def __init__(self, text: IO[str]) -> None:
        self._text, self._left = text, b""

    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        if not self._left:
            self._left = self._text.read(size).encode("utf-8", "surrogatepass")
        made, self._left = self._left[:size], self._left[size:]
        return made


def _said_by(again: Callable[[], Any], signature: Signature) -> InputError | None:
    """What the reader of single rows says of a CSV file's header."""
    from isoship_edge.encoding.rows_of_files import read_csv

    with again() as source:
        try:
            read_csv(source, signature)
        except InputError as err:
            return err
    return None
