"""Standard input: lines of CSV or JSON as they arrive, or an Arrow stream."""

from __future__ import annotations

import io
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from isoship.batch.files import parquet_writer, suffix_of_out
from isoship.batch.places import Place, writing
from isoship.batch.sinks import Columns, CsvSink, JsonSink, Sink, TableSink
from isoship.batch.sources import Tables
from isoship.errors import SampleError
from isoship_edge.encoding.arriving import Arriving
from isoship_edge.encoding.batch import score_stream

if TYPE_CHECKING:
    from isoship.batch.scoring import Job, Scored

#: What an Arrow stream begins with; no text does.
_ARROW = b"\xff\xff\xff\xff"


def score_stdin(job: Job, out: Place | None) -> Scored:
    """Answers what arrives on standard input; returns what was written.

    Lines are each answered as they arrive, an Arrow stream a batch at a time; on standard output in the form that
    they came in.

    Raises:
        InputError: a row that the model refuses, after the rows in front of it. SampleError: it cannot be read.
    """
    descriptor = sys.stdin.fileno()
    head = b""
    while len(head) < len(_ARROW) and head == _ARROW[: len(head)]:
        more = os.read(descriptor, len(_ARROW) - len(head))
        if not more:
            break
        head += more
    if head == _ARROW:
        return _arrow(job, descriptor, out)
    job.scored.rows = _lines(job, Arriving(descriptor, head), out)
    job.scored.files = 1
    return job.scored


def _lines(job: Job, lines: Arriving, out: Place | None) -> int:
    if job.on_error == "column":
        raise SampleError(
            "lines on standard input end at the first row that is refused: give a file, or an Arrow stream"
        )
    model = job.model.model
    try:
        read = lines.form()
        if out is None:
            sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
            return score_stream(model, lines, sys.stdout, read=read, write=read)
        write = suffix_of_out(out)
        if write == ".parquet":
            raise SampleError(f"{out}: rows that arrive on standard input are written as .csv or .jsonl")
        with writing(out) as target:
            text = io.TextIOWrapper(target, encoding="utf-8", newline="")
            written = score_stream(model, lines, text, read=read, write="csv" if write == ".csv" else "jsonl")
            text.flush()
            text.detach()
    except UnicodeDecodeError as err:
        raise SampleError(f"standard input is not UTF-8: {err.reason}") from err
    return written


def _arrow(job: Job, descriptor: int, out: Place | None) -> Scored:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        try:
            stream = pa.ipc.open_stream(pa.PythonFile(_Behind(_ARROW, file), "r"))
            source = Tables(stream.schema, iter(stream))
        except pa.ArrowInvalid as err:
            raise SampleError(f"standard input is no Arrow stream: {err}") from err
        job.model.check_names(stream.schema.names)
        job.model.many = True
        errors = job.on_error == "column"
        columns = Columns(job.model.outputs, source.header or [], errors)

        def sink(target: Any) -> Sink:
            write = None if out is None else suffix_of_out(out)
            if write == ".csv":
                return CsvSink(target, columns, source.numbers)
            if write in (".jsonl", ".ndjson"):
                return JsonSink(target, job.model.outputs, errors)
            writer = partial(pa.ipc.new_stream, target) if write is None else partial(parquet_writer, target)
            assert source.schema is not None
            return TableSink(writer, columns, source.schema, job.model.fields)

        if out is None:
            return _through(job, source, sink(sys.stdout.buffer))
        with writing(out) as target:
            return _through(job, source, sink(target))


def _through(job: Job, source: Tables, sink: Sink) -> Scored:
    try:
        job.through(source, sink, lambda: None)
    except pa.ArrowInvalid as err:
        raise SampleError(f"standard input is a damaged Arrow stream: {err}") from err
    sink.close()
    sys.stdout.buffer.flush()
    job.scored.files = 1
    return job.scored


class _Behind(io.RawIOBase):
    """What was read already, and the file behind it."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        found = self._head[: len(target)] or self._rest.read(len(target))
        self._head = self._head[len(found) :] if self._head else b""
        target[: len(found)] = found
        return len(found)
