"""Rows rebuilt as what the source model was trained on: column order, dtypes, missing markers, categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.contract import Row, TrainingFrame, Variant
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import pandas as pd

_MISSING: dict[str, Any] = {"nan": float("nan"), "none": None}


def frame_from_rows(rows: list[Row], signature: Signature, training: TrainingFrame) -> pd.DataFrame | Any:
    """The DataFrame or array that the source model sees for these rows.

    Absent keys count as missing. Values are taken as they are: holding them to the signature is the runtime's task.

    Raises:
        InputError: a value that the column's dtype cannot hold, such as a missing one among integers.
    """
    changes = _changes(rows)
    columns = [
        _column(name, _values(rows, name, changes), dtype, missing)
        for name, dtype, missing in zip(
            (column.name for column in signature.columns), training.dtypes, training.missing, strict=True
        )
    ]
    count = len(rows)
    if changes is not None:  # those that are the same in every row hold it once so far
        columns = [
            np.repeat(column, count) if isinstance(column, np.ndarray) and spec.name not in changes else column
            for spec, column in zip(signature.columns, columns, strict=True)
        ]
    if training.container == "ndarray":
        if all(dtype == "float64" for dtype in training.dtypes):
            return np.column_stack(columns) if columns else np.empty((len(rows), 0))
        array = np.empty((count, len(columns)), dtype=object)
        for i, column in enumerate(columns):
            array[:, i] = column
        return array
    import pandas as pd

    series: dict[str, Any] = {}
    each: Any
    kinds = {dtype: pd.api.types.pandas_dtype(dtype) for dtype in set(training.dtypes)}
    for spec, dtype, values in zip(signature.columns, training.dtypes, columns, strict=True):
        same = changes is not None and spec.name not in changes
        if dtype == "category":
            known = training.categories.get(spec.name, [])
            # an unseen value keeps being a value: pandas would turn it into a missing one
            unseen = list(dict.fromkeys(v for v in values if v is not None and v == v and v not in known))
            category = pd.Categorical(values, categories=[*known, *unseen])
            series[spec.name] = pd.Series(category.repeat(count) if same else category)
        elif isinstance(values, np.ndarray):
            series[spec.name] = values  # a Series would be aligned again, which costs more than most models
        elif isinstance(kinds[dtype], pd.api.extensions.ExtensionDtype):
            each = pd.array(values, dtype=kinds[dtype])  # no Series either, of which hundreds cost more than all else
            series[spec.name] = each.repeat(count) if same else each
        else:
            each = pd.Series(values, dtype=dtype)
            series[spec.name] = pd.Series(each.array.repeat(count), dtype=dtype) if same else each
    return pd.DataFrame(series, columns=[column.name for column in signature.columns])


def _changes(rows: list[Row]) -> dict[str, list[tuple[int, Any]]] | None:
    """Where variants of one row differ from it, by column; None for other rows."""
    if not rows or any(type(row) is not Variant for row in rows):
        return None
    variants = [row for row in rows if isinstance(row, Variant)]
    if any(row.base is not variants[0].base for row in variants):
        return None
    found: dict[str, list[tuple[int, Any]]] = {}
    for i, row in enumerate(variants):
        for name, value in row.items():
            found.setdefault(name, []).append((i, value))
    return found


def _values(rows: list[Row], name: str, changes: dict[str, list[tuple[int, Any]]] | None) -> list[Any]:
    """A column's values; one where all variants have the same."""
    if changes is None or not isinstance(rows[0], Variant):
        return [row.get(name) for row in rows]
    if name not in changes:
        return [rows[0].base.get(name)]
    values = [rows[0].base.get(name)] * len(rows)
    for i, value in changes[name]:
        values[i] = value
    return values


def rows_from_frame(data: Any, names: list[str]) -> list[Row]:
    """Rows of plain Python values (float, int, bool, str, None) out of a DataFrame or 2-D array."""
    if hasattr(data, "columns"):
        columns = [data[name].tolist() for name in names]
    else:
        columns = [list(column) for column in np.asarray(data).T]
    columns = [[v if type(v) in _PLAIN else plain(v) for v in column] for column in columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


_PLAIN = frozenset({str, int, bool})


def plain(value: Any) -> Any:
    """A numpy or pandas scalar as Python's own; NaN, NA and None are None."""
    value = value.item() if hasattr(value, "item") else value
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(value, float) and value != value else value


def _column(name: str, values: list[Any], dtype: str, missing: str) -> Any:
    if dtype == "float64":
        try:
            array = np.array(values, dtype=np.float64)  # None becomes NaN
        except (TypeError, ValueError, OverflowError):
            array = np.empty((0, 0))
        if array.ndim == 1:
            return array
        return np.array([np.nan if v is None else _number(name, v, i) for i, v in enumerate(values)], dtype=np.float64)
    if dtype in ("int64", "bool"):
        for i, value in enumerate(values):
            if value is None:
                raise InputError(
                    f'row {i}, column "{name}": a missing value, which the model\'s {dtype} column cannot hold',
                    row=i,
                    column=name,
                    expected=dtype,
                )
        return np.array(values, dtype=dtype)
    if missing == "NA":
        import pandas as pd

        marker: Any = pd.NA
    else:
        marker = _MISSING[missing]
    return [marker if v is None else v for v in values]


def _number(name: str, value: Any, row: int) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as err:
        raise InputError(
            f'row {row}, column "{name}": expected a number, got {value!r}', row=row, column=name, seen=value
        ) from err
