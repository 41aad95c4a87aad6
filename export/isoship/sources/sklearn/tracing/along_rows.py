"""What pandas takes along each row of a table: sums, means and extremes, which pass missing values over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.columns import TracedColumn
from isoship.sources.sklearn.tracing.elementwise import elementwise
from isoship.sources.sklearn.tracing.row_totals import summed
from isoship.sources.sklearn.tracing.tensors import HELD, Tensor, Trace

#: pandas adds block by block, and which columns make a block is a matter of a table's history: two commute.
_IN_ORDER = 2
_DOUBLE = np.dtype(np.float64)


def _kind(trace: Trace, columns: Sequence[TracedColumn]) -> str:
    """The type in which numpy holds these columns together.

    Raises:
        Stopped: there is none that is followed, or no column.
    """
    if not columns:
        raise trace.stop("it takes something along rows of no columns")
    wide = np.result_type(*(column.computed.dtype for column in columns)) if all(
        isinstance(column.computed.dtype, np.dtype) for column in columns) else None  # fmt: skip
    found = HELD.get(wide, "") if wide is not None else ""
    if found not in ("double", "int64", "bool"):
        raise trace.stop("it takes something along rows of other types than float64, int64 and bool")
    return found


def _filled(trace: Trace, column: TracedColumn, kind: str, fill: float) -> Tensor:
    tensor = trace.cast(column.tensor, kind)
    if column.tensor.dtype not in ("double", "float"):
        return tensor
    name = trace.g.op("Where", trace.g.op("IsNaN", tensor.name), np.float64(fill), tensor.name)
    return Tensor(name, kind, 1, tensor.rounded)


def _total(trace: Trace, columns: Sequence[TracedColumn], kind: str, skipna: bool) -> Tensor:
    kind = "int64" if kind == "bool" else kind
    parts = [_filled(trace, each, kind, 0.0) if skipna else trace.cast(each.tensor, kind) for each in columns]
    total = summed(trace, trace.side_by_side(parts, kind))
    in_order = len(columns) <= _IN_ORDER or kind == "int64"
    return total if in_order else Tensor(total.name, kind, 1, rounded=True)


def _count(trace: Trace, columns: Sequence[TracedColumn]) -> Tensor:
    present = [trace.cast(column.notna().tensor, "int64") for column in columns]
    return summed(trace, trace.side_by_side(present, "int64"))


def _sum(trace: Trace, columns: Sequence[TracedColumn], value: Any, skipna: bool) -> TracedColumn:
    return columns[0].made(_total(trace, columns, _kind(trace, columns), skipna), value)


def _mean(trace: Trace, columns: Sequence[TracedColumn], value: Any, skipna: bool) -> TracedColumn:
    _kind(trace, columns)
    total = _total(trace, columns, "double", skipna)
    count: Any = (_count(trace, columns), np.dtype(np.int64)) if skipna else len(columns)
    return columns[0].made(elementwise(trace, np.divide, [(total, _DOUBLE), count], (trace.rows,)), value)


def _extreme(ufunc: Any) -> Callable[..., TracedColumn]:
    """The least or the greatest; missing where all are, or where one is that is not passed over."""

    def extreme(trace: Trace, columns: Sequence[TracedColumn], value: Any, skipna: bool) -> TracedColumn:
        kind = _kind(trace, columns)
        pick = (np.fmin if ufunc is np.minimum else np.fmax) if skipna and kind == "double" else ufunc
        dtype = {"double": np.float64, "int64": np.int64, "bool": np.bool_}[kind]
        parts = [(trace.cast(column.tensor, kind), np.dtype(dtype)) for column in columns]
        found = reduce(lambda a, b: (elementwise(trace, pick, [a, b], (trace.rows,)), np.dtype(dtype)), parts)
        return columns[0].made(found[0], value)

    return extreme


def _logical(ufunc: Any) -> Callable[..., TracedColumn]:
    def logical(trace: Trace, columns: Sequence[TracedColumn], value: Any, skipna: bool) -> TracedColumn:
        if any(column.computed.dtype != np.bool_ for column in columns):
            raise trace.stop("any and all along rows that are not booleans are not followed; compare first")
        parts = [column.operand() for column in columns]
        found = reduce(lambda a, b: (elementwise(trace, ufunc, [a, b], (trace.rows,)), a[1]), parts)
        return columns[0].made(found[0], value)

    return logical


def _present(trace: Trace, columns: Sequence[TracedColumn], value: Any, skipna: bool) -> TracedColumn:
    return columns[0].made(_count(trace, columns), value)


#: By pandas's name of the method.
ALONG: dict[str, Callable[..., TracedColumn]] = {
    "sum": _sum,
    "mean": _mean,
    "min": _extreme(np.minimum),
    "max": _extreme(np.maximum),
    "any": _logical(np.logical_or),
    "all": _logical(np.logical_and),
    "count": _present,
}
