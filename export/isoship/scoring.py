"""`isoship predict`: batch scoring of a file on this machine, other columns carried through.

CSV and JSON lines go through the code that scores them on a device; Parquet is read and written in `isoship.parquet`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from isoship.data import read_rows
from isoship.errors import MissingExtraError, SampleError
from isoship.parquet import score_parquet, write_parquet
from isoship_edge.batch import kind_of, score_file
from isoship_edge.model import Model, load


def predict_file(folder: Path, rows: Path, out: Path | None) -> int:
    """Scores every row of `rows` and writes them with their other columns; on stdout without `out`.

    Parquet is written as Parquet, or as CSV on stdout. Returns the number of rows written. A file that could not be
    written whole is not left behind.

    Raises:
        InputError: a row that the model refuses, named.
        SampleError: `rows` cannot be read, or one of the files has an unknown format.
        BundleError: no bundle.
    """
    model = load(folder)
    if rows.suffix.lower() == ".parquet":
        return score_parquet(model, rows, out)
    if out is not None and out.suffix.lower() == ".parquet":
        return _text_to_parquet(model, rows, out)
    write = "csv" if out is None else kind_of(out)
    try:
        source = rows.open(encoding="utf-8-sig", newline="")
    except OSError as err:
        raise SampleError(f"cannot read {rows}: {err.strerror}") from err
    try:
        with source:
            if out is None:
                return score_file(model, source, sys.stdout, read=kind_of(rows), write=write)
            aside = out.with_name(f".{out.name}.part")
            try:
                with aside.open("w", encoding="utf-8", newline="") as target:
                    written = score_file(model, source, target, read=kind_of(rows), write=write)
                aside.replace(out)
            finally:
                aside.unlink(missing_ok=True)
    except UnicodeDecodeError as err:
        raise SampleError(f"{rows} is not UTF-8 (byte {err.start}). Save it as UTF-8, or use Parquet") from err
    return written


def _text_to_parquet(model: Model, rows: Path, out: Path) -> int:
    """The types of columns that are carried through are known when all rows are, so they are held in memory."""
    table = read_rows(rows, model.manifest.signature)
    aside = out.with_name(f".{out.name}.part")
    try:
        import pyarrow as pa

        predicted = model.predict_rows(table.rows)
        written = write_parquet(model, iter([(pa.Table.from_pylist(table.given), predicted)]), aside)
        aside.replace(out)
    except ImportError as err:
        raise MissingExtraError("pyarrow", "parquet", f"writing {out.name}") from err
    finally:
        aside.unlink(missing_ok=True)
    return written
