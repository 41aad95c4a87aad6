"""Rows as numpy columns, and columns as the tensors that a canonical graph takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isoship.errors import SampleError
from isoship.sources.contract import Row
from isoship_edge.encoding.column_names import signature_names
from isoship_edge.manifest import MISSING_STRING, Column, Signature

Array = np.ndarray[Any, Any]

_NUMPY: dict[str, Any] = {"double": np.float64, "int64": np.int64, "bool": np.bool_, "string": object}


def columns_from_rows(rows: Sequence[Row], signature: Signature) -> dict[str, Array]:
    """One [N] array a column; a missing double is NaN, a missing string U+FDD0."""
    return {c.name: _column([row[c.name] for row in rows], c) for c in signature.columns}


def feeds_from_columns(columns: Mapping[str, Array], signature: Signature) -> dict[str, Array]:
    """The graph's inputs: [N, 1] a column, or `X` [N, F] in doubles (docs/architecture.md)."""
    if signature.layout == "matrix":
        return {"X": np.column_stack([np.asarray(columns[c.name], dtype=np.float64) for c in signature.columns])}
    return {c.tensor: np.asarray(columns[c.name]).reshape(-1, 1) for c in signature.columns}


def feeds_from_rows(rows: Sequence[Row], signature: Signature) -> dict[str, Array]:
    """The graph's inputs for these rows."""
    return feeds_from_columns(columns_from_rows(rows, signature), signature)


def rows_from_sample(sample: Any, signature: Signature) -> list[Row]:
    """Rows out of a DataFrame, a 2-D array, a list of dicts, or a file's path; columns that the model lacks are left.

    Raises:
        SampleError: a column is missing, or the array has another width.
    """
    from pathlib import Path

    names = [c.name for c in signature.columns]
    if isinstance(sample, (str, Path)):
        from isoship.data import read_rows

        return read_rows(sample, signature)
    if hasattr(sample, "columns"):
        held = signature_names(sample.columns, names)
        absent = [n for n in names if n not in held]
        if absent:
            raise SampleError(f"the sample lacks the model's columns {', '.join(map(repr, absent))}")
        by_name = {name: sample.iloc[:, i].tolist() for i, name in enumerate(held)}
        records: list[dict[str, Any]] = [
            dict(zip(names, values, strict=True)) for values in zip(*(by_name[n] for n in names), strict=True)
        ]
    elif isinstance(sample, list) and all(isinstance(r, dict) for r in sample):
        records = [dict(zip(signature_names(r, names), r.values(), strict=True)) for r in sample]
    else:
        table = np.asarray(sample.toarray() if hasattr(sample, "toarray") else sample)
        if table.ndim != 2 or table.shape[1] != len(names):
            raise SampleError(f"the sample has shape {table.shape}; the model takes [N, {len(names)}]")
        records = [dict(zip(names, values, strict=True)) for values in table.tolist()]
    try:
        return [{c.name: _plain(record[c.name], c) for c in signature.columns} for record in records]
    except (KeyError, TypeError, ValueError) as err:
        raise SampleError(f"the sample does not fit the model's columns: {type(err).__name__}: {err}") from err


def _plain(value: Any, column: Column) -> Any:
    """A cell as users write it: float, int, bool, str, or None."""
    if value is None or value != value or type(value).__name__ == "NAType":
        return None
    if column.dtype == "double":
        return float(value)
    if column.dtype == "int64":
        return int(value)
    return bool(value) if column.dtype == "bool" else str(value)


def _column(values: list[Any], column: Column) -> Array:
    if column.dtype == "double":
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if column.dtype == "string":
        return np.array([MISSING_STRING if v is None else v for v in values], dtype=object)
    return np.array(values, dtype=_NUMPY[column.dtype])
