"""numpy's functions along each row: sums, means, extremes, norms. Over rows they stop the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.sums import row_sums
from isoship.sources.sklearn.tracing.arrays import TracedArray, as_array, made
from isoship.sources.sklearn.tracing.elementwise import elementwise
from isoship.sources.sklearn.tracing.tensors import Tensor, Trace
from isoship.sources.sklearn.tracing.traced import FUNCTIONS, follows, over_rows

#: numpy adds fewer than so many numbers from the first to the last; of more, the order is that of memory.
_IN_ORDER = 8


def _along_rows(trace: Trace, a: Any, axis: Any, name: str, kwargs: dict[str, Any]) -> TracedArray:
    """The array, where it is one of two dimensions that is gone through along each row.

    Raises:
        Stopped: it is gone through over the rows.
    """
    array = as_array(trace, a)
    if axis not in (1, -1) or array.ndim != 2:
        raise over_rows(trace, name)
    if not kwargs.keys() <= {"keepdims"}:
        raise trace.stop(f"{name} with {', '.join(kwargs)} is not followed")
    return array


def _kept(found: TracedArray, kwargs: dict[str, Any]) -> TracedArray:
    """[N] as [N, 1] where keepdims says so."""
    return found.reshape(-1, 1) if kwargs.get("keepdims") else found


@follows(np.sum)
def _sum(trace: Trace, a: Any, axis: Any = None, **kwargs: Any) -> Any:
    array = _along_rows(trace, a, axis, "the sum", kwargs)
    return _kept(made(trace, summed(trace, array.tensor), array.computed.sum(axis=1)), kwargs)


def summed(trace: Trace, tensor: Tensor) -> Tensor:
    """A sum along each row, in numpy's order where there is one whatever the memory's."""
    dtype = "int64" if tensor.dtype in ("bool", "int64") else tensor.dtype
    if dtype == "float":
        raise trace.stop("numpy adds up float32 here; make it float64 before")
    tensor = trace.cast(tensor, dtype)
    if tensor.width < _IN_ORDER or dtype == "int64":
        name = trace.g.op("CumSum", tensor.name, np.int64(1)) if tensor.width > 1 else tensor.name
        if tensor.width > 1:
            name = trace.g.op("Gather", name, np.array([tensor.width - 1]), axis=1)
        return Tensor(name, dtype, 1, tensor.rounded)
    return Tensor(row_sums(trace.g, tensor.name, tensor.width), dtype, 1, rounded=True)


@follows(np.mean)
def _mean(trace: Trace, a: Any, axis: Any = None, **kwargs: Any) -> Any:
    array = _along_rows(trace, a, axis, "the mean", kwargs)
    total = summed(trace, trace.cast(array.tensor, "double"))
    count = np.float64(array.shape[1])
    mean = elementwise(trace, np.divide, [(total, np.dtype(np.float64)), count], (trace.rows,))
    return _kept(made(trace, mean, array.computed.mean(axis=1)), kwargs)


@follows(np.var)
def _var(trace: Trace, a: Any, axis: Any = None, *, ddof: int = 0, **kwargs: Any) -> Any:
    array: Any = _along_rows(trace, a, axis, "the variance", kwargs).astype(np.float64)
    squares: Any = np.square(array - np.mean(array, axis=1, keepdims=True))
    return np.sum(squares, axis=1, **kwargs) / max(array.shape[1] - ddof, 0)


@follows(np.std)
def _std(trace: Trace, a: Any, axis: Any = None, **kwargs: Any) -> Any:
    return np.sqrt(np.var(a, axis, **kwargs))


def _fold(name: str, ufunc: Any) -> Callable[..., Any]:
    def folded(trace: Trace, a: Any, axis: Any = None, **kwargs: Any) -> Any:
        array = _along_rows(trace, a, axis, name, kwargs)
        found = array[:, 0] if ufunc not in (np.logical_or, np.logical_and) else array[:, 0].astype(bool)
        for i in range(1, array.shape[1]):
            found = ufunc(found, array[:, i])
        return _kept(found, kwargs)

    return folded


FUNCTIONS[np.min] = FUNCTIONS[np.amin] = _fold("the minimum", np.minimum)
FUNCTIONS[np.max] = FUNCTIONS[np.amax] = _fold("the maximum", np.maximum)
FUNCTIONS[np.prod] = _fold("the product", np.multiply)
FUNCTIONS[np.any] = _fold("any", np.logical_or)
FUNCTIONS[np.all] = _fold("all", np.logical_and)


@follows(np.linalg.norm)
def _norm(trace: Trace, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    array = _along_rows(trace, x, axis, "the norm", {}).astype(np.float64)
    if ord not in (None, 2):
        raise trace.stop("numpy.linalg.norm of another order than 2 is not followed")
    return np.sqrt(np.sum(np.square(array), axis=1, keepdims=keepdims))
