"""`isoship predict`: batch scoring of a file on this machine, other columns carried through.

Rows are read as on a device, whatever is written: CSV, JSON and JSON lines by
`isoship_edge.encoding.rows_of_files`, Parquet by `isoship.parquet`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from isoship.data.files import opened, suffix_of, text_records
from isoship.errors import SampleError
from isoship.parquet import score_parquet, write_records
from isoship.scoring_tensors import predict_calls
from isoship_edge.encoding.arriving import Arriving
from isoship_edge.encoding.batch import score_records, score_stream
from isoship_edge.inference.model import Model, load, with_rows
from isoship_edge.manifest import read_manifest


def predict_file(folder: Path, rows: Path, out: Path | None) -> int:
    """Scores every row of `rows` ("-": standard input, line by line) and writes them with their other columns; on
    stdout without `out`.

    Parquet is written as Parquet, or as CSV on stdout. Returns the number of rows written. A file that could not be
    written whole is not left behind.

    Raises:
        InputError: a row that the model refuses, named.
        SampleError: `rows` cannot be read, or one of the files has an unknown format.
        BundleError: no bundle.
    """
    if read_manifest(folder).signature.layout == "tensors":
        model = load(folder)
        assert model.takes == "tensors"
        return predict_calls(model, rows, out)
    if str(rows) == "-":
        return _score_stdin(with_rows(load(folder)), out)
    read, write = suffix_of(rows), ".csv" if out is None else suffix_of(out)
    of_rows = with_rows(load(folder))
    if read == ".parquet":
        return score_parquet(of_rows, rows, out)
    if write == ".json":
        raise SampleError(f"{out}: predictions are written as .csv, .jsonl or .parquet")
    with opened(rows) as source:
        if out is None:
            header, records = text_records(rows, source, of_rows.manifest.signature)
            return score_records(of_rows, records, sys.stdout, write="csv", header=header)
        aside = out.with_name(f".{out.name}.part")
        try:
            written = _text_to_file(of_rows, rows, source, aside, write)
            aside.replace(out)
        finally:
            aside.unlink(missing_ok=True)
    return written


def _score_stdin(model: Model, out: Path | None) -> int:
    """Lines of CSV or JSON as they arrive; on stdout the answers have the form of the rows."""
    lines = Arriving(sys.stdin.fileno())
    try:
        read = lines.form()
        if out is None:
            sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
            return score_stream(model, lines, sys.stdout, read=read, write=read)
        write = suffix_of(out)
        if write not in (".csv", ".jsonl", ".ndjson"):
            raise SampleError(f"{out}: rows that arrive on standard input are written as .csv or .jsonl")
        aside = out.with_name(f".{out.name}.part")
        try:
            with aside.open("w", encoding="utf-8", newline="") as target:
                written = score_stream(model, lines, target, read=read, write="csv" if write == ".csv" else "jsonl")
            aside.replace(out)
        finally:
            aside.unlink(missing_ok=True)
    except UnicodeDecodeError as err:
        raise SampleError(f"standard input is not UTF-8: {err.reason}") from err
    return written


def _text_to_file(model: Model, rows: Path, source: IO[str], aside: Path, write: str) -> int:
    header, records = text_records(rows, source, model.manifest.signature)
    if write == ".parquet":
        return write_records(model, records, aside, header)
    with aside.open("w", encoding="utf-8", newline="") as target:
        return score_records(model, records, target, write="csv" if write == ".csv" else "jsonl", header=header)
