"""Scoring a Parquet file a piece at a time, and Parquet as what predictions are written to. Needs pyarrow."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from isoship.errors import InputError, MissingExtraError, SampleError
from isoship_edge.batch import CsvWriter, flat_columns
from isoship_edge.encode import predictions
from isoship_edge.model import Model
from isoship_edge.words import quoted

#: Where pandas keeps an index that has no name.
_INDEX = re.compile(r"__index_level_\d+__")
_TYPES = {"double": "double", "float": "double", "int64": "int64", "bool": "bool", "string": "string"}


def score_parquet(model: Model, rows: Path, out: Path | None) -> int:
    """Scores every row of a Parquet file into .parquet, .csv or (None) CSV on stdout; returns how many.

    Columns that the model does not know are carried through in their own types. Memory does not grow with the rows.

    Raises:
        InputError: the first row that the model refuses, named.
        SampleError: no Parquet file, or one without the model's columns.
        MissingExtraError: there is no pyarrow.
    """
    pieces = _scored(model, rows)
    if out is None:
        return _to_csv(model, pieces, sys.stdout)
    if out.suffix.lower() not in (".parquet", ".csv"):
        raise SampleError(f"{out}: the rows of a Parquet file are written as .parquet or .csv")
    aside = out.with_name(f".{out.name}.part")
    try:
        if out.suffix.lower() == ".csv":
            with aside.open("w", encoding="utf-8", newline="") as target:
                written = _to_csv(model, pieces, target)
        else:
            written = write_parquet(model, pieces, aside)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    return written


def write_parquet(model: Model, pieces: Iterator[tuple[Any, list[dict[str, Any]]]], path: Path) -> int:
    """Writes pieces, each an Arrow table and a prediction for each of its rows; returns how many rows.

    Raises:
        InputError: a carried column has the name of one that is written.
    """
    pa, pq = _arrow(f"writing {path.name.removeprefix('.').removesuffix('.part')}")
    total, writer = 0, None
    try:
        for table, answers in pieces:
            names = [name for name, _ in flat_columns(answers[0], model.manifest.outputs)] if answers else []
            _check_names(table.column_names, names)
            flat = [dict(flat_columns(p, model.manifest.outputs)) for p in answers]
            for name, kind in zip(names, _kinds(model, answers), strict=True):
                table = table.append_column(name, pa.array([p[name] for p in flat], pa.type_for_alias(kind)))
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
            total += len(table)
    finally:
        if writer is not None:
            writer.close()
    return total


def _kinds(model: Model, answers: Sequence[dict[str, Any]]) -> list[str]:
    """The Arrow type of each written column."""
    outputs = model.manifest.outputs
    return [_TYPES[o.dtype] for o in outputs for _ in flat_columns(answers[0], (o,))] if answers else []


def _scored(model: Model, path: Path) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    pa, pq = _arrow(f"reading {path.name}")
    if not path.is_file():
        raise SampleError(f"cannot read {path}: no such file")
    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError) as err:
        raise SampleError(f"{path} is no Parquet file: {err}") from err
    with file:
        signature = model.manifest.signature
        kept = [i for i, name in enumerate(file.schema_arrow.names) if not _INDEX.fullmatch(name)]
        header = [file.schema_arrow.names[i] for i in kept]
        absent = [c.name for c in signature.columns if c.name not in header]
        if absent:
            raise SampleError(f"{path} lacks the model's columns {', '.join(map(repr, absent))}")
        total = 0
        for batch in file.iter_batches(batch_size=model.chunk):
            table = pa.Table.from_batches([batch]).select(kept).replace_schema_metadata(None)
            columns = {c.name: _plain(table.column(c.name).to_pylist()) for c in signature.columns}
            rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
            yield table, predictions(model.manifest.outputs, model.tensors_from_json(rows, first=total))
            total += len(table)
        if not total:
            yield file.schema_arrow.empty_table().select(kept), []


def _plain(values: list[Any]) -> list[Any]:
    """NaN in a Parquet column is a missing value."""
    return [None if isinstance(v, float) and v != v else v for v in values]


def _to_csv(model: Model, pieces: Iterator[tuple[Any, list[dict[str, Any]]]], target: Any) -> int:
    writer, total = CsvWriter(target, model.manifest.outputs), 0
    for table, answers in pieces:
        if answers:
            _check_names(table.column_names, [name for name, _ in flat_columns(answers[0], model.manifest.outputs)])
        for held, prediction in zip(table.to_pylist(), answers, strict=True):
            writer.write(dict(zip(held, _plain(list(held.values())), strict=True)), prediction)
        total += len(table)
    return total


def _check_names(carried: Sequence[str], written: Sequence[str]) -> None:
    both = [name for name in written if name in carried]
    if both:
        raise InputError(f"the file has a column {quoted(both[0])} already, which the model would write: rename it")


def _arrow(what: str) -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as err:
        raise MissingExtraError("pyarrow", "parquet", what) from err
    return pa, pq
