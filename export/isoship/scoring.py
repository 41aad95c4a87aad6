"""`isoship predict`: batch scoring of a file on this machine, other columns carried through.

CSV and JSON lines go through the code that scores them on a device; Parquet needs pandas and lives here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from isoship.data import read_rows
from isoship.errors import InputError, MissingExtraError, SampleError
from isoship_edge.batch import flat_columns, kind_of, score_file
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
    if rows.suffix.lower() == ".parquet" or (out is not None and out.suffix.lower() == ".parquet"):
        return _predict_table(model, rows, out)
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


def _predict_table(model: Model, rows: Path, out: Path | None) -> int:
    import pandas as pd

    table = read_rows(rows, model.manifest.signature)
    predicted = pd.DataFrame([dict(flat_columns(p, model.manifest.outputs)) for p in model.predict_rows(table.rows)])
    carried = pd.DataFrame(table.given) if table.frame is None else table.frame.reset_index(drop=True)
    both = sorted(set(map(str, carried.columns)) & set(predicted.columns))
    if both:
        raise InputError(f"{rows} has a column {both[0]!r} already, which the model would write: rename it")
    whole = pd.concat([carried, predicted], axis=1)
    if out is None:
        whole.to_csv(sys.stdout, index=False)
        return len(whole)
    suffix = out.suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise SampleError(f"{out}: the rows of a Parquet file are written as .parquet or .csv")
    aside = out.with_name(f".{out.name}.part")
    try:
        if suffix == ".csv":
            whole.to_csv(aside, index=False)
        else:
            whole.to_parquet(aside)
        aside.replace(out)
    except ImportError as err:
        raise MissingExtraError("pyarrow", "parquet", f"writing {out.name}") from err
    finally:
        aside.unlink(missing_ok=True)
    return len(whole)
