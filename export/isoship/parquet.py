"""Scoring a Parquet file a piece at a time, and Parquet as what predictions are written to. Needs pyarrow."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from isoship.data.files import check_names
from isoship.data.parquet_files import arrow, parquet_file, reading
from isoship.errors import SampleError
from isoship_edge.encoding.batch import CsvWriter, chunks, flat_values, written_names
from isoship_edge.encoding.cells import value
from isoship_edge.encoding.encode import predictions
from isoship_edge.encoding.rows_of_files import Record
from isoship_edge.inference.model import Model

#: Where pandas keeps an index that has no name.
_INDEX = re.compile(r"__index_level_\d+__")
_TYPES = {"double": "double", "float": "double", "int64": "int64", "bool": "bool", "string": "string"}

#: An Arrow table and a prediction for each of its rows.
Piece = tuple[Any, list[dict[str, Any]]]


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


def write_records(model: Model, records: Iterable[Record], path: Path, header: Sequence[str] | None) -> int:
    """Scores rows of a text file into Parquet; returns how many.

    The types of columns that are carried through are known when all rows are, so those are held in memory.

    Raises:
        InputError: a row that the model refuses. SampleError: a carried column holds values of several kinds.
    """
    pa, _ = arrow(f"writing {path.name.removeprefix('.').removesuffix('.part')}")
    given: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for chunk in chunks(records, model.chunk):
        rows = [row for _, row in chunk]
        answers += predictions(model.manifest.outputs, model.tensors_from_json(rows, first=len(given)))
        given += [held for held, _ in chunk]
    names = dict.fromkeys(name for held in given for name in held) if header is None else header
    if header is None and not given:
        names = [column.name for column in model.manifest.signature.columns]
    columns = {}
    for name in names:
        try:
            columns[name] = pa.array([held.get(name) for held in given], None if given else pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as err:
            raise SampleError(
                f'the column "{name}" holds values that one Parquet column cannot ({err}): write .jsonl'
            ) from err
    return write_parquet(model, iter([(pa.table(columns), answers)]), path)


def write_parquet(model: Model, pieces: Iterator[Piece], path: Path) -> int:
    """Writes pieces; returns how many rows."""
    pa, pq = arrow(f"writing {path.name.removeprefix('.').removesuffix('.part')}")
    outputs = model.manifest.outputs
    kinds = [_TYPES[o.dtype] for o in outputs for _ in written_names((o,), ())]
    total, writer = 0, None
    try:
        for table, answers in pieces:
            flat = list(zip(*(flat_values(p, outputs) for p in answers), strict=True)) or [()] * len(kinds)
            for name, kind, values in zip(written_names(outputs, table.column_names), kinds, flat, strict=True):
                table = table.append_column(name, pa.array(values, pa.type_for_alias(kind)))
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
            total += len(table)
    finally:
        if writer is not None:
            writer.close()
    return total


def _scored(model: Model, path: Path) -> Iterator[Piece]:
    pa, _ = arrow(f"reading {path.name}")
    with parquet_file(path) as file:
        signature = model.manifest.signature
        kept = [i for i, name in enumerate(file.schema_arrow.names) if not _INDEX.fullmatch(name)]
        header = [file.schema_arrow.names[i] for i in kept]
        check_names(path, header, signature)
        total = 0
        for batch in _batches(path, file, header, model.chunk):
            table = pa.Table.from_batches([batch]).select(kept).replace_schema_metadata(None)
            columns = [
                [value(v, c, i) for i, v in enumerate(table.column(c.name).to_pylist(), total)]
                for c in signature.columns
            ]
            names = [c.name for c in signature.columns]
            rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
            yield table, predictions(model.manifest.outputs, model.tensors_from_json(rows, first=total))
            total += len(table)
        if not total:
            yield file.schema_arrow.empty_table().select(kept).replace_schema_metadata(None), []


def _batches(path: Path, file: Any, header: Sequence[str], size: int) -> Iterator[Any]:
    """Every column is read: those that the model does not have are carried through."""
    batches = file.iter_batches(batch_size=size)
    while True:
        with reading(path, header, others=", or without a column that the model does not need"):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _to_csv(model: Model, pieces: Iterator[Piece], target: Any) -> int:
    writer, total = CsvWriter(target, model.manifest.outputs), 0
    for table, answers in pieces:
        if not total:
            writer.write_header(table.column_names)
        columns = [_plain(column.to_pylist()) for column in table.columns]
        for held, prediction in zip(zip(*columns, strict=True), answers, strict=True):
            writer.write(dict(zip(table.column_names, held, strict=True)), prediction)
        total += len(table)
    return total


def _plain(values: list[Any]) -> list[Any]:
    """NaN in a Parquet column is a missing value."""
    return [None if isinstance(v, float) and v != v else v for v in values]
