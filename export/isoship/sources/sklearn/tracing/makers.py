"""Functions of numpy's, pandas's and scikit-learn's that make an array or a table of what they are given."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

import isoship.sources.sklearn.tracing.choices  # noqa: F401 - numpy's functions of its table
from isoship.sources.sklearn.tracing.arrays import TracedArray, as_array
from isoship.sources.sklearn.tracing.columns import TracedColumn
from isoship.sources.sklearn.tracing.side_by_side import constant_array
from isoship.sources.sklearn.tracing.stopped import LIBRARIES
from isoship.sources.sklearn.tracing.tables import TracedTable
from isoship.sources.sklearn.tracing.tensors import Trace, held
from isoship.sources.sklearn.tracing.traced import Traced, plain
from isoship.sources.sklearn.tracing.turned import TurnedArray

#: While a function is traced, numpy has others under these names.
_ARRAY, _EMPTY, _ALWAYS = np.array, np.empty, np._CopyMode.ALWAYS


def makers(trace: Trace) -> Iterator[tuple[Any, Any]]:
    """(function or class, what takes its place)."""
    import pandas as pd
    from sklearn.utils import validation

    function: Any
    for function in (np.asarray, np.asanyarray, np.ascontiguousarray, np.array):
        yield function, _of_traced(trace, function, _array)
    for function in (np.zeros, np.ones, np.full, np.empty):
        yield function, _as_long_as_the_rows(trace, function)
    yield np.c_, _SideBySide()
    yield pd.DataFrame, _class(pd.DataFrame, partial(_makes_a_table, trace), partial(_table, trace, pd.DataFrame))
    yield pd.Series, _class(pd.Series, partial(_makes_a_column, trace), partial(_column, trace, pd.Series))
    yield pd.concat, _of_traced(trace, pd.concat, _concat)
    for function, name in ((pd.isna, "isna"), (pd.isnull, "isna"), (pd.notna, "notna"), (pd.notnull, "notna")):
        yield function, _of_traced(trace, function, _method(name))
    yield pd.to_numeric, _of_traced(trace, pd.to_numeric, _numeric)
    yield pd.cut, _of_traced(trace, pd.cut, _cut)
    yield validation.check_array, _of_traced(trace, validation.check_array, _checked)
    yield validation.validate_data, _of_traced(trace, validation.validate_data, _validated)


def _holds(thing: Any) -> bool:
    if type(thing) in (list, tuple):
        return any(map(_holds, thing))
    return any(map(_holds, thing.values())) if type(thing) is dict else isinstance(thing, Traced)


def _of_traced(trace: Trace, original: Any, make: Callable[..., Any]) -> Any:
    """The original, and `make` where it is given something traced."""

    def door(*args: Any, **kwargs: Any) -> Any:
        if not (_holds(list(args)) or _holds(kwargs)):
            return original(*args, **kwargs)
        return make(trace, original, *args, **kwargs)

    return door


def _array(trace: Trace, original: Any, a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    if type(a) in (list, tuple):
        columns = [as_array(trace, each) if isinstance(each, Traced) else None for each in a]
        if any(each is None or each.ndim != 1 for each in columns) or dtype is not None:
            raise trace.stop("it makes an array of rows; numpy.column_stack puts columns beside columns")
        return TurnedArray(trace, columns)
    if not isinstance(a, Traced) or not kwargs.keys() <= {"copy", "order"}:
        raise trace.stop(f"numpy.{original.__name__} of this form is not followed")
    if isinstance(a, TurnedArray):
        return a
    array = as_array(trace, a)
    if dtype is not None and np.dtype(dtype) != array.dtype:
        return array.astype(dtype)
    # scikit-learn asks for a copy if one is needed, in words that are neither true nor false
    return array.copy() if original is _ARRAY and kwargs.get("copy", True) in (True, _ALWAYS) else array


def _as_long_as_the_rows(trace: Trace, original: Any) -> Any:
    """zeros(len(X)): an array for every row, into which the user's code may write."""
    mine = threading.get_ident()

    def door(shape: Any, *args: Any, **kwargs: Any) -> Any:
        first = shape[0] if isinstance(shape, (tuple, list)) and shape else shape
        made = original(shape, *args, **kwargs)
        caller = sys._getframe(1)
        root = str(caller.f_globals.get("__name__", "")).partition(".")[0]
        # compiled code, which has no frame, calls it in the name of whoever called that
        said = original.__name__ in caller.f_code.co_names
        ours = threading.get_ident() == mine and root not in LIBRARIES and said
        if not ours or first != trace.rows or made.ndim not in (1, 2):
            return made
        if original is _EMPTY:  # whatever is not written over is no number
            made = np.full(made.shape, np.nan).astype(held_type(trace, made.dtype))
        return constant_array(trace, made, trace.counted)

    return door


def held_type(trace: Trace, dtype: Any) -> Any:
    held(trace, dtype, "it makes an array")
    return dtype


class _SideBySide:
    """np.c_, which asks every array for its values."""

    def __getitem__(self, key: Any) -> Any:
        parts = key if type(key) is tuple else (key,)
        if not _holds(list(parts)):
            return _C[key]
        return np.column_stack(parts)


_C = np.c_


def _class(original: Any, makes: Callable[..., bool], make: Callable[..., Any]) -> Any:
    """pandas's class to isinstance and to all that is not traced.

    makes: whether it is called with something traced, which `make` answers.
    """

    class Meta(type):
        def __call__(cls, data: Any = None, *args: Any, **kwargs: Any) -> Any:
            return make(data, *args, **kwargs) if makes(data, kwargs) else original(data, *args, **kwargs)

        def __instancecheck__(cls, thing: Any) -> bool:
            return isinstance(thing, original)

        def __subclasscheck__(cls, thing: Any) -> bool:
            return thing is cls or issubclass(thing, original)

        def __getattr__(cls, name: str) -> Any:
            return getattr(original, name)

    return Meta(original.__name__, (), {})


def _makes_a_table(trace: Trace, data: Any, kwargs: dict[str, Any]) -> bool:
    """Of columns, or one of the rows to put columns in."""
    empty = data is None and len(kwargs.get("index", ())) == trace.rows and kwargs.get("columns") is None
    return empty or _holds(data)


def _table(trace: Trace, original: Any, data: Any, index: Any = None, columns: Any = None, **kwargs: Any) -> Any:
    if kwargs.keys() - {"copy"}:
        raise trace.stop("pandas.DataFrame with a type of its own is not followed")
    value = original(plain(data), index=index, columns=columns)
    if len(value) != trace.rows:
        raise trace.stop("it makes a table that has no row for each row")
    if data is None:
        return TracedTable(trace, [], value)
    if isinstance(data, TracedTable):
        found = data.copy() if columns is None else data[list(columns)].copy()
        found.computed = value
        return found
    if isinstance(data, Mapping):
        if columns is not None:
            raise trace.stop("pandas.DataFrame of a dict and columns is not followed")
        empty = TracedTable(trace, [], original(index=value.index))
        parts = {label: empty.as_column(each) for label, each in data.items()}
        return TracedTable(trace, [part.tensor for part in parts.values()], value)
    array = as_array(trace, data)
    tensors = [trace.columns(array.tensor, [i]) for i in range(array.tensor.width)]
    return TracedTable(trace, tensors, value)


def _makes_a_column(trace: Trace, data: Any, kwargs: dict[str, Any]) -> bool:
    """Of a traced array, or one number for every row to write over."""
    number = isinstance(data, (int, float)) and len(kwargs.get("index", ())) == trace.rows
    return number or _holds(data)


def _column(
    trace: Trace, original: Any, data: Any, index: Any = None, dtype: Any = None, name: Any = None, **kw: Any
) -> Any:
    if isinstance(data, (int, float)) and not kw:
        value = original(data, index=index, name=name, dtype=dtype)
        return TracedColumn(trace, constant_array(trace, value.to_numpy(), trace.counted).tensor, value)
    if not isinstance(data, Traced) or data.tensor.width != 1 or kw:
        raise trace.stop("pandas.Series of this form is not followed")
    column = TracedColumn(trace, data.tensor, original(plain(data), index=index, name=name))
    return column if dtype is None else column.astype(dtype)


def _concat(trace: Trace, original: Any, objs: Any, axis: Any = 0, **kwargs: Any) -> Any:
    if axis not in (1, "columns") or kwargs or not all(isinstance(each, Traced) for each in objs):
        raise trace.stop("pandas.concat puts rows under rows here; axis=1 puts columns beside columns")
    value = original(plain(list(objs)), axis=1)
    tensors = [t for each in objs for t in (each.tensors if isinstance(each, TracedTable) else [each.tensor])]
    return TracedTable(trace, tensors, value)


def _method(name: str) -> Callable[..., Any]:
    def call(trace: Trace, original: Any, thing: Any) -> Any:
        if isinstance(thing, TracedArray):
            found = TracedColumn(trace, thing.tensor, _series(thing.computed)).isna() if thing.ndim == 1 else None
            if found is None:
                return np.isnan(thing) if name == "isna" else ~np.isnan(thing)
            return found.to_numpy() if name == "isna" else (~found).to_numpy()
        return getattr(thing, name)()

    return call


def _series(value: Any) -> Any:
    import pandas as pd

    return pd.Series(value)


def _numeric(trace: Trace, original: Any, arg: Any, errors: str = "raise", **kwargs: Any) -> Any:
    if kwargs or plain(arg).dtype.kind not in "fiub":
        raise trace.stop("pandas.to_numeric parses strings, which is not followed")
    return arg


def _cut(
    trace: Trace, original: Any, x: Any, bins: Any, right: bool = True, labels: Any = None,
    retbins: bool = False, precision: int = 3, include_lowest: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """Numbers of intervals; missing where there is none."""
    edges = None if np.ndim(bins) != 1 else np.asarray(bins)
    if labels is not False or retbins or kwargs or edges is None or not isinstance(x, TracedColumn):
        raise trace.stop("pandas.cut is followed for a column, a list of edges and labels=False")
    values = x.to_numpy() if x.dtype == np.int64 else x.to_numpy().astype(np.float64)
    place = np.searchsorted(edges, values, side="left" if right else "right")
    if include_lowest:
        place = np.where(values == edges[0], 1, place)
    outside = np.isnan(values) | (place == 0) | (place == len(edges))
    found: Any = np.where(outside, np.nan, (place - 1).astype(np.float64))
    value = original(x.computed, bins, right=right, labels=False, include_lowest=include_lowest)
    return x.made(found.tensor, value.astype(np.float64))


def _checked(trace: Trace, original: Any, array: Any, *args: Any, **kwargs: Any) -> Any:
    """What scikit-learn's own checks make of it; rows that they refuse, the input contract refuses."""
    value = original(plain(array), *args, **kwargs)
    found = as_array(trace, array)
    kind = held(trace, value.dtype, "scikit-learn checks it")
    shares = bool(np.shares_memory(value, plain(array))) if isinstance(array, TracedArray) else False
    return TracedArray(trace, trace.cast(found.tensor, kind), value, owned=not shares)


def _validated(
    trace: Trace, original: Any, estimator: Any, /, X: Any = "no_validation", *args: Any, **kwargs: Any
) -> Any:
    if args or kwargs.get("y", "no_validation") not in ("no_validation", None) or kwargs.get("skip_check_array"):
        raise trace.stop("sklearn.utils.validation.validate_data of this form is not followed")

    def checked(array: Any, **rest: Any) -> Any:
        return original(estimator, array, **rest)

    return _checked(trace, checked, X, **kwargs)
