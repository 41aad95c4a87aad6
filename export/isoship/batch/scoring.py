"""`isoship predict`: files of rows answered, their other columns carried through.

A piece of a file at a time goes through all cores, in its order, so memory does not grow with the rows. What is written
becomes visible when it is whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from isoship.batch.files import Opening, suffix_of_out
from isoship.batch.model import BatchModel, OnError
from isoship.batch.pipeline import cores, in_order
from isoship.batch.places import Place, readable, rows_files, targets, writing
from isoship.batch.sinks import Sink
from isoship.batch.sources import Source
from isoship.batch.stdin import score_stdin
from isoship.errors import SampleError
from isoship.remote.bundles import ANSWERS, bundle_folder
from isoship.remote.urls import is_url, shown
from isoship_edge.errors import InputError
from isoship_edge.inference.model import load, with_rows
from isoship_edge.manifest import read_manifest

#: Rows that were written, and the share of the files that was read, where it is known.
Progress = Callable[[int, float | None], None]


@dataclass
class Scored:
    """rows: written. refused: of them, by a message of their own. files: written; 1 for standard output."""

    rows: int = 0
    refused: int = 0
    files: int = 0


def predict(
    bundle: str | Path,
    rows: str | Path,
    out: str | Path | None = None,
    *,
    on_error: OnError = "fail",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Answers every row of files and writes them with their other columns.

    rows: a file (.parquet, .csv, .jsonl, .ndjson, .json), a folder, a glob, or "-": standard input, an Arrow stream or
    lines of text. out: a file for all of them, or a folder for a file each; None: standard output, as CSV, of lines in
    their own form, of an Arrow stream as one. Any of the three may be a URL (docs/remote.md).
    on_error: "fail" ends at the first row that the model refuses; "column" goes on, with the reason in a column
    `_error`. threads: all cores by default. progress: told after each piece.

    Raises:
        InputError: a row that the model refuses, named. SampleError: a file that cannot be read or written.
        BundleError: no bundle.
    """
    with bundle_folder(bundle, ANSWERS) as folder:
        return _predicted(folder, rows, out, on_error, threads, progress or (lambda _rows, _share: None))


def _predicted(
    folder: Path, rows: Place, out: Place | None, on_error: OnError, threads: int | None, progress: Progress
) -> Scored:
    if read_manifest(folder).signature.layout == "tensors":
        model = load(folder)
        assert model.takes == "tensors"
        from isoship.batch.calls import predict_calls

        if on_error == "column":
            raise SampleError("calls of a model of tensors are answered or refused; there is no column for a reason")
        if is_url(out):
            raise SampleError(f"{shown(str(out))}: answers of a model of tensors are written to files of this machine")
        with readable(rows) as calls:
            return Scored(predict_calls(model, calls, None if out is None else Path(out)), files=1)
    job = Job(folder, on_error, threads or cores(), progress)
    if str(rows) == "-":
        return score_stdin(job, out)
    files = rows_files(rows)
    if out is None or Path(shown(str(out))).suffix:
        if out is not None:
            suffix_of_out(out)
        return job.one_file([path for path, _ in files], out)
    for path, target in targets(rows, files, out):
        if not is_url(target):
            Path(target).parent.mkdir(parents=True, exist_ok=True)
        job.one_file([path], target)
    return job.scored


class Job:
    """A run of predict."""

    def __init__(self, folder: Path, on_error: OnError, threads: int, progress: Progress) -> None:
        self.on_error, self.threads, self.progress = on_error, threads, progress
        self.scored = Scored()
        self.model = BatchModel(with_rows(load(folder)), many=False)

    def one_file(self, places: list[Place], out: Place | None) -> Scored:
        """Files into one."""
        sink: Sink | None = None
        with _target(out) as target, ExitStack() as ends:
            for place in places:
                with readable(place) as path, Opening(path, self.model) as opened:
                    source = opened.source
                    if opened.many():
                        self.model.many = True
                    if sink is None:
                        sink = opened.sink(source, target, out, self.on_error)
                        ends.callback(sink.leave)
                        header, schema = source.header, source.schema
                    elif source.header != header or source.schema != schema:
                        raise SampleError(f"{path} has other columns than {places[0]}: give a folder with -o")
                    with _named(place, several=len(places) > 1):
                        self.through(source, sink, opened.share)
            if sink is not None:
                sink.close()
        self.scored.files += 1
        return self.scored

    def through(self, source: Source, sink: Sink, share: Callable[[], float | None]) -> None:
        """Every piece of a source into a sink."""

        def work(piece: Any) -> tuple[int, int, Any] | InputError:
            try:
                rows = source.rows(piece)
                answered = source.answer(self.model, rows, self.on_error)
            except InputError as err:
                return err
            return rows.count, answered.refused, sink.encode(rows, answered)

        first = 0
        for piece, made in in_order(_whole(source), work, self.threads):
            if isinstance(made, InputError):
                raise self._placed(made, source, piece, first)
            count, refused, encoded = made
            sink.write(encoded)
            first += count
            self.scored.rows += count
            self.scored.refused += refused
            self.progress(self.scored.rows, share())

    def _placed(self, err: InputError, source: Source, piece: Any, first: int) -> InputError:
        """The same with its row counted from the start of the file: the piece is looked at once more."""
        try:
            rows = source.rows(piece)
        except InputError:
            return _found_in(source) or err
        try:
            source.answer(self.model, rows, self.on_error, first)
        except InputError as placed:
            return placed
        return err


def _whole(source: Source) -> Iterator[Any]:
    try:
        yield from source.pieces()
    except InputError as err:
        raise _found_in(source) or err from None


def _found_in(source: Source) -> InputError | None:
    try:
        source.look_through()
    except InputError as err:
        return err
    return None


@contextmanager
def _target(out: Place | None) -> Iterator[IO[bytes]]:
    with ExitStack() as stack:
        yield sys.stdout.buffer if out is None else stack.enter_context(writing(out))
        if out is None:
            sys.stdout.buffer.flush()


@contextmanager
def _named(place: Place, *, several: bool) -> Iterator[None]:
    try:
        yield
    except InputError as err:
        if not several:
            raise
        raise InputError(
            f"{shown(str(place))}: {err}", row=err.row, column=err.column, seen=err.seen, expected=err.expected
        ) from err
