"""numpy's functions that choose between values: where, select, clip, rounding, intervals, membership."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.arrays import TracedArray, as_array, as_numpy, made, operand
from isoship.sources.sklearn.tracing.elementwise import where
from isoship.sources.sklearn.tracing.tensors import Tensor, Trace, held
from isoship.sources.sklearn.tracing.traced import Traced, follows, plain
from isoship.sources.sklearn.walk.frame import NUMPY


@follows(np.where)
def _where(trace: Trace, condition: Any, *choices: Any) -> Any:
    if len(choices) != 2:
        raise trace.stop("numpy.where of a condition alone gives the numbers of rows")
    one, other = (as_numpy(trace, each) for each in choices)
    if not isinstance(condition, Traced):
        condition = np.asarray(condition)
        if condition.ndim == 0:
            return one if condition else other
    result = np.where(plain(condition), plain(one), plain(other))
    return _chosen(trace, [(condition, one)], other, result)


@follows(np.select)
def _select(trace: Trace, condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    choices = [as_numpy(trace, each) for each in choicelist]
    result = np.select(plain(list(condlist)), plain(choices), plain(default))
    return _chosen(trace, list(zip(condlist, choices, strict=True)), as_numpy(trace, default), result)


def _chosen(trace: Trace, ways: Sequence[tuple[Any, Any]], default: Any, result: Any) -> Any:
    """The first choice whose condition holds, else the default."""
    dtype = "string" if result.dtype.kind in "UO" else held(trace, result.dtype, "numpy chooses")
    if dtype == "string" and not all(isinstance(each, str) for each in result.ravel().tolist()):
        raise trace.stop("it chooses between strings and what is no string")
    found: Any = operand(trace, default)
    for condition, choice in reversed(ways):
        if not isinstance(condition, Traced):
            raise trace.stop("it chooses by a condition that is not made of the rows")
        tensor = as_array(trace, condition).tensor
        found = (where(trace, tensor, operand(trace, choice), found, result.shape, dtype), result.dtype)
    return made(trace, found[0], result)


@follows(np.clip)
def _clip(trace: Trace, a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **kwargs: Any) -> Any:
    low, high = kwargs.pop("min", a_min), kwargs.pop("max", a_max)
    if out is not None or kwargs:
        raise trace.stop("numpy.clip with out or a type of its own is not followed")
    if isinstance(a, Traced) and type(a) is not TracedArray:
        return a.clip(low, high)
    for limit, extreme in ((low, np.maximum), (high, np.minimum)):
        a = a if limit is None else extreme(a, limit)
    return a


@follows(np.round, np.around)
def _round(trace: Trace, a: Any, decimals: int = 0, out: Any = None) -> Any:
    if out is not None:
        raise trace.stop("numpy.round with out is not followed")
    array = as_array(trace, a)
    if array.dtype.kind != "f":
        if decimals < 0 or array.dtype == np.bool_:
            raise trace.stop("numpy.round of integers before the point is not followed")
        return array
    if decimals == 0:
        return np.rint(array)
    factor = 10.0 ** abs(int(decimals))
    return np.rint(array * factor) / factor if decimals > 0 else np.rint(array / factor) * factor


@follows(np.nan_to_num)
def _nan_to_num(trace: Trace, x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if not copy:
        raise trace.stop("numpy.nan_to_num writes into its input with copy=False")
    array = as_array(trace, x)
    if array.dtype.kind != "f":
        return array.copy()
    ends = np.finfo(array.dtype)
    filled: Any = np.where(np.isnan(array), nan, array)
    filled = np.where(infinite(trace, filled, 1), ends.max if posinf is None else posinf, filled)
    return np.where(infinite(trace, filled, -1), ends.min if neginf is None else neginf, filled)


def infinite(trace: Trace, array: TracedArray, sign: int) -> TracedArray:
    """Which numbers are the infinity of this sign: no comparison, so a last bit of a logarithm does not matter."""
    found = trace.g.op("IsInf", array.tensor.name, detect_negative=int(sign < 0), detect_positive=int(sign > 0))
    return made(trace, Tensor(found, "bool", array.tensor.width), array.computed == sign * np.inf)


#: Along the edges of a search.
_LAST = np.array([1])


@follows(np.digitize)
def _digitize(trace: Trace, x: Any, bins: Any, right: bool = False) -> Any:
    return np.searchsorted(bins, x, side="left" if right else "right")


@follows(np.searchsorted)
def _searchsorted(trace: Trace, a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """The edges below (or up to) each number, counted; a missing number is beyond all of them."""
    if isinstance(a, Traced) or sorter is not None or not isinstance(v, Traced):
        raise trace.stop("numpy.searchsorted in an array that is not learnt in fit is not followed")
    array = as_array(trace, v)
    dtype = "int64" if np.asarray(a).dtype.kind in "iu" and array.dtype == np.int64 else "double"
    edges: Any = np.asarray(a, NUMPY[dtype])
    if edges.ndim != 1 or not len(edges) or bool(np.any(np.diff(edges) < 0)) or not np.all(edges == edges):
        raise trace.stop("its edges are not in ascending order")
    if array.tensor.width != 1:
        raise trace.stop("it looks for several columns at once; take them one by one")
    g, x = trace.g, trace.cast(array.tensor, dtype)
    trace.jump("the search for an interval", x)
    searched: Any = np.asarray(a).searchsorted(array.computed, side=side)  # type: ignore[call-overload]
    below = g.op("Greater" if side == "left" else "GreaterOrEqual", x.name, edges.reshape(1, -1))
    count = g.op("ReduceSum", g.cast(below, np.int64), _LAST, keepdims=1)
    if dtype == "double":
        count = g.op("Where", g.op("IsNaN", x.name), np.int64(len(edges)), count)
    return made(trace, Tensor(count, "int64", 1), searched)


@follows(np.isin)
def _isin(trace: Trace, element: Any, test_elements: Any, **kwargs: Any) -> Any:
    if kwargs or isinstance(test_elements, Traced) or not len(np.ravel(test_elements)):
        raise trace.stop("numpy.isin of this form is not followed")
    array, found = as_array(trace, element), None
    for each in dict.fromkeys(np.ravel(np.asarray(test_elements)).tolist()):
        equal = array == each
        found = equal if found is None else found | equal
    return found
