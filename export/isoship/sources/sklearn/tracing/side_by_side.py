"""numpy's functions that lay columns beside columns, fill arrays, or lay one out in another way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.arrays import TracedArray, as_array, as_numpy, like, made
from isoship.sources.sklearn.tracing.tensors import Tensor, Trace, held
from isoship.sources.sklearn.tracing.traced import FUNCTIONS, Traced, follows, plain
from isoship.sources.sklearn.tracing.turned import TurnedArray


def _beside(trace: Trace, parts: Sequence[Any], result: Any) -> TracedArray:
    """Columns beside columns; constants for every row among them."""
    rows = trace.rows
    if result.ndim != 2 or result.shape[0] != rows:
        raise trace.stop("it lays arrays under each other: axis=1 is side by side")
    dtype = held(trace, result.dtype, "numpy lays it side by side")
    arrays = [as_numpy(trace, part) for part in parts]
    known = next(array.tensor for array in arrays if isinstance(array, Traced))
    tensors = []
    for array in arrays:
        if isinstance(array, Traced):
            tensors.append(array.tensor)
            continue
        wide = np.asarray(array)
        shape = (rows, 1 if wide.ndim == 1 else wide.shape[1])
        constant = trace.constant(wide.reshape(rows, -1), shape, dtype)
        tensors.append(Tensor(like(trace, known, constant, shape[1], dtype), dtype, shape[1]))
    return made(trace, trace.side_by_side(tensors, dtype), result)


@follows(np.concatenate)
def _concatenate(trace: Trace, arrays: Any, axis: int = 0, **kwargs: Any) -> Any:
    if axis not in (1, -1) or kwargs:
        raise trace.stop("numpy.concatenate of rows is not followed: axis=1 is side by side")
    return _beside(trace, arrays, np.concatenate(plain(list(arrays)), axis=axis))


@follows(np.hstack)
def _hstack(trace: Trace, tup: Any, **kwargs: Any) -> Any:
    if kwargs or any(np.ndim(plain(each)) != 2 for each in tup):
        raise trace.stop("numpy.hstack lays one-dimensional arrays one after the other; numpy.column_stack beside")
    return _beside(trace, tup, np.hstack(plain(list(tup))))


@follows(np.column_stack)
def _column_stack(trace: Trace, tup: Any) -> Any:
    return _beside(trace, tup, np.column_stack(plain(list(tup))))


@follows(np.stack)
def _stack(trace: Trace, arrays: Any, axis: int = 0, **kwargs: Any) -> Any:
    if axis not in (1, -1) or kwargs or any(np.ndim(plain(each)) != 1 for each in arrays):
        raise trace.stop("numpy.stack of rows is not followed: axis=1 is side by side")
    return _beside(trace, arrays, np.stack(plain(list(arrays)), axis=1))


@follows(np.append)
def _append(trace: Trace, arr: Any, values: Any, axis: Any = None) -> Any:
    return np.concatenate([as_numpy(trace, arr), as_numpy(trace, values)], axis=0 if axis is None else axis)


@follows(np.delete)
def _delete(trace: Trace, arr: Any, obj: Any, axis: Any = None) -> Any:
    array = as_array(trace, arr)
    if axis not in (1, -1) or array.ndim != 2:
        raise trace.stop("numpy.delete of rows is not followed: axis=1 is for columns")
    return array[:, np.delete(np.arange(array.shape[1]), obj)]


def _filled(fill: Callable[..., Any]) -> Callable[..., Any]:
    """zeros_like and its kin: an array of constants as long as the rows."""

    def made_like(trace: Trace, a: Any, *args: Any, **kwargs: Any) -> Any:
        array = as_array(trace, a)
        result = fill(array.computed, *args, **kwargs)
        return constant_array(trace, result, array.tensor)

    return made_like


def constant_array(trace: Trace, value: Any, rows_of: Tensor) -> TracedArray:
    """Constants for every row, as a traced array that can be written into."""
    dtype = held(trace, value.dtype, "it makes an array")
    width = 1 if value.ndim == 1 else value.shape[1]
    constant = trace.constant(value, value.shape, dtype)
    return made(trace, Tensor(like(trace, rows_of, constant, width, dtype), dtype, width), value)


@follows(np.empty_like)
def _empty_like(trace: Trace, prototype: Any, *args: Any, **kwargs: Any) -> Any:
    """Whatever is not written over is no number."""
    made_of = np.empty_like(as_array(trace, prototype).computed, *args, **kwargs)
    if made_of.dtype.kind != "f":
        raise trace.stop("numpy.empty_like of integers holds whatever was in memory; use zeros_like")
    return _filled(np.full_like)(trace, prototype, np.nan, made_of.dtype)


for _function in (np.zeros_like, np.ones_like, np.full_like):
    FUNCTIONS[_function] = _filled(_function)


FUNCTIONS[np.ravel] = lambda trace, a, order="C": as_array(trace, a).ravel(order)
FUNCTIONS[np.reshape] = lambda trace, a, shape, order="C": as_array(trace, a).reshape(shape, order=order)
FUNCTIONS[np.squeeze] = lambda trace, a, axis=None: as_array(trace, a).squeeze(axis)
FUNCTIONS[np.copy] = lambda trace, a, order="K", subok=False: as_array(trace, a).copy()
FUNCTIONS[np.shape] = lambda trace, a: a.shape
FUNCTIONS[np.ndim] = lambda trace, a: a.ndim
FUNCTIONS[np.transpose] = lambda trace, a, axes=None: as_array(trace, a).T
FUNCTIONS[np.expand_dims] = lambda trace, a, axis: as_array(trace, a).reshape(np.expand_dims(a.computed, axis).shape)
FUNCTIONS[np.nansum] = lambda trace, a, axis=None, **kw: np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, **kw)
FUNCTIONS[np.count_nonzero] = lambda trace, a, axis=None, **kw: np.sum(as_array(trace, a).astype(bool), axis=axis, **kw)
FUNCTIONS[np.vstack] = lambda trace, tup, **kw: TurnedArray(trace, [_flat(trace, each) for each in tup])


def _flat(trace: Trace, thing: Any) -> TracedArray:
    array = as_array(trace, thing)
    if array.ndim != 1:
        raise trace.stop("numpy.vstack puts rows under rows; numpy.hstack puts columns beside columns")
    return array
