"""Rows back to what the source model was trained on: column order, dtypes, missing markers, categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.contract import Row, TrainingFrame
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
    columns = [
        _column(name, [row.get(name) for row in rows], dtype, missing)
        for name, dtype, missing in zip(
            (column.name for column in signature.columns), training.dtypes, training.missing, strict=True
        )
    ]
    if training.container == "ndarray":
        if all(dtype == "float64" for dtype in training.dtypes):
            return np.column_stack(columns) if columns else np.empty((len(rows), 0))
        array = np.empty((len(rows), len(columns)), dtype=object)
        for i, column in enumerate(columns):
            array[:, i] = column
        return array
    import pandas as pd

    series: dict[str, Any] = {}
    for spec, dtype, values in zip(signature.columns, training.dtypes, columns, strict=True):
        if dtype == "category":
            known = training.categories.get(spec.name, [])
            # an unseen value keeps being a value: pandas would turn it into a missing one
            unseen = list(dict.fromkeys(v for v in values if v is not None and v == v and v not in known))
            series[spec.name] = pd.Series(pd.Categorical(values, categories=[*known, *unseen]))
        elif isinstance(values, np.ndarray):
            series[spec.name] = values  # a Series would be aligned again, which costs more than most models
        else:
            series[spec.name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(series, columns=[column.name for column in signature.columns])


def rows_from_frame(data: Any, names: list[str]) -> list[Row]:
    """Rows of plain Python values (float, int, bool, str, None) out of a DataFrame or 2-D array."""
    if hasattr(data, "columns"):
        columns = [data[name].tolist() for name in names]
    else:
        columns = [list(column) for column in np.asarray(data).T]
    return [
        {name: plain(value) for name, value in zip(names, values, strict=True)} for values in zip(*columns, strict=True)
    ]


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
