"""Arrays of numpy's that are traced: NEP 13 for functions of each element, NEP 18 for the others.

A view of numpy's shares its memory with what it was made of. A trace does not follow that: whoever writes into a view,
or reads one after its array was written into, is stopped. `X[:, 0] -= 1` is followed: what the view becomes is owed to
the array, and the assignment that Python makes of it pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.elementwise import elementwise, power, where
from isoship.sources.sklearn.tracing.tensors import Tensor, Trace, held
from isoship.sources.sklearn.tracing.traced import Traced, plain
from isoship.sources.sklearn.tracing.turned import TurnedArray

_VIEW = (
    "it writes into a slice of an array, or reads one that was taken before the array was written into; numpy's slices"
    " share their memory, so write into the array itself: X[:, 0] = ..."
)


class TracedArray(Traced, np.lib.mixins.NDArrayOperatorsMixin):
    """An array of one or two dimensions, the first of which is that of the rows.

    owned: nobody else holds it. base: the array of which it is a view.
    """

    def __init__(
        self, trace: Trace, tensor: Tensor, value: Any, *, owned: bool = True, base: TracedArray | None = None
    ) -> None:
        self.trace, self.computed, self.is_owned, self.base = trace, value, owned, base
        self._tensor, self._written = tensor, 0
        self._owed: TracedArray | None = None
        self._seen = 0 if base is None else base._written

    @property
    def tensor(self) -> Tensor:
        """What it is in the graph.

        Raises:
            Stopped: it was written into through a view, or what it is a view of was.
        """
        base = self.base
        if self._owed is not None or (base is not None and (base._owed is not None or base._written != self._seen)):
            raise self.trace.stop(_VIEW)
        return self._tensor

    def _view(self, tensor: Tensor, value: Any) -> TracedArray:
        """A part of it, which numpy copies or not."""
        if np.shares_memory(value, self.computed):
            return TracedArray(self.trace, tensor, value, base=self if self.base is None else self.base)
        return TracedArray(self.trace, tensor, value)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return np.ndarray

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(each, Traced) and type(each) is not TracedArray for each in inputs):
            return NotImplemented
        out, given = kwargs.pop("out", (None,))[0], kwargs.pop("where", True)
        check_call(self.trace, ufunc, method, kwargs)
        result = ufunc(*plain(inputs))
        operands = [operand(self.trace, each) for each in inputs]
        tensor = elementwise(self.trace, ufunc, operands, _rows_of(self.trace, result))
        if out is None and given is True:
            return made(self.trace, tensor, result)
        return self._into(out, given, tensor, result)

    def _into(self, out: Any, given: Any, tensor: Tensor, result: Any) -> Any:
        """`out=`, and `where=` with what stands there before."""
        if type(out) is not TracedArray or out.shape != result.shape:
            raise self.trace.stop("it computes into an array that is not made of the rows")
        root = out if out.base is None else out.base
        root._check_owned()
        dtype = held(self.trace, out.dtype, "it computes into an array")
        if given is not True:
            chosen = operand(self.trace, given)
            if type(chosen) is not tuple:
                raise self.trace.stop("it computes where a constant says")
            tensor = where(self.trace, chosen[0], (tensor, None), (out.tensor, None), result.shape, dtype)
            result = np.where(plain(given), result, out.computed)
        tensor = self.trace.cast(tensor, dtype)
        if root is out:
            out._become(tensor, result)
            return out
        root._owed = made(self.trace, tensor, result.astype(out.dtype))
        return root._owed

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, Traced):
            return np.power(self, other)
        result = self.computed**other
        return made(self.trace, power(self.trace, (self.tensor, self.computed.dtype), other, result.shape), result)

    shape = property(lambda self: self.computed.shape)
    ndim = property(lambda self: self.computed.ndim)
    dtype = property(lambda self: self.computed.dtype)
    flags = property(lambda self: self.computed.flags)

    @property
    def T(self) -> Any:
        return self if self.ndim == 1 else TurnedArray(self.trace, [self[:, i] for i in range(self.shape[1])])

    def __getitem__(self, key: Any) -> Any:
        places = self._places(key)
        value = self.computed[key]
        tensor = self.trace.columns(self.tensor, places.ravel().tolist())
        return self._view(tensor, value)

    def __setitem__(self, key: Any, value: Any) -> None:
        if value is self._owed:
            self._owed = None
        self._check_owned()
        mask, places = self._target(key)
        values = np.array(self.computed)
        spec = plain(value)
        values[plain(key)] = spec
        shape = (self.trace.rows, len(places))
        if mask is not None and isinstance(value, Traced):
            raise self.trace.stop("it writes traced values where a condition holds; numpy.where says the same")
        old = self.trace.columns(self.tensor, places)
        dtype = held(self.trace, self.computed.dtype, "it writes into an array")
        new = self._fitting(value, shape, dtype)
        if mask is not None:
            part = where(self.trace, mask.tensor, new, (old, None), shape, dtype)
        elif type(new) is tuple:
            part = self.trace.cast(new[0], dtype)
        else:
            part = Tensor(self._constant(new, shape, dtype), dtype, len(places))
        columns = [self.trace.columns(self.tensor, [i]) for i in range(self.tensor.width)]
        for k, place in enumerate(places):
            columns[place] = self.trace.columns(part, [k if part.width > 1 else 0])
        self._become(self.trace.side_by_side(columns, dtype), values)

    def _become(self, tensor: Tensor, value: Any) -> None:
        """Writes into it."""
        self.computed[...] = value
        self._tensor = self.trace.note(tensor, self.computed)
        self._written += 1

    def _check_owned(self) -> None:
        if self.base is not None:
            raise self.trace.stop(_VIEW)
        if not self.is_owned:
            raise self.trace.stop("it writes into its own input, which whoever calls it sees; begin with X = X.copy()")

    def _target(self, key: Any) -> tuple[TracedArray | None, list[int]]:
        """Where an assignment goes: by a traced boolean or none, and the columns."""
        every = list(range(self.tensor.width))
        if type(key) is TracedArray:
            if key.shape != self.shape or key.dtype != np.bool_:
                raise self.trace.stop("it writes where an array of another shape says")
            return key, every
        if type(key) is tuple and type(key[0]) is TracedArray and len(key) == 2 and key[0].dtype == np.bool_:
            return key[0], self._places((slice(None), key[1])).reshape(-1).tolist()
        return None, self._places(key).reshape(-1).tolist()

    def _fitting(self, value: Any, shape: tuple[int, int], dtype: str) -> Any:
        if isinstance(value, Traced):
            traced = as_array(self.trace, value)
            return (traced.tensor, traced.computed.dtype)
        value = np.asarray(value)
        return value.reshape(-1, 1) if value.ndim == 1 and len(value) == shape[0] != shape[1] else value

    def _constant(self, value: Any, shape: tuple[int, int], dtype: str) -> str:
        return like(self.trace, self.tensor, self.trace.constant(value, shape, dtype), shape[1], dtype)

    def _places(self, key: Any) -> Any:
        """The columns that a key takes, of every row in order: one number, or one for each."""
        if any(isinstance(each, Traced) for each in (key if type(key) is tuple else (key,))):
            raise self.trace.stop("it leaves rows out, and each row must have its answer")
        rows = np.broadcast_to(np.arange(self.trace.rows).reshape(-1, *[1] * (self.ndim - 1)), self.shape)
        width = self.tensor.width
        columns = np.broadcast_to(np.arange(width) if self.ndim == 2 else np.zeros(1, np.int64), self.shape)
        taken, places = rows[key], columns[key]
        if taken.ndim not in (1, 2) or len(taken) != self.trace.rows or (taken.ndim == 2 and not taken.shape[1]):
            raise self.trace.stop("it takes rows out of the table, or lays it out in another way")
        wide = taken.reshape(self.trace.rows, -1)
        if not (wide == np.arange(self.trace.rows).reshape(-1, 1)).all():
            raise self.trace.stop("it puts the rows into another order")
        return places.reshape(self.trace.rows, -1)[0]

    def copy(self, order: str = "C") -> TracedArray:
        return TracedArray(self.trace, self.tensor, self.computed.copy(order), owned=True)

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        value = self.computed.astype(dtype, order, casting)
        if not copy and value.dtype == self.computed.dtype:
            return self
        return made(self.trace, self.trace.cast(self.tensor, held(self.trace, value.dtype, "it casts to")), value)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        return self._laid_out(self.computed.reshape(*shape, order=order))

    def ravel(self, order: str = "C") -> Any:
        return self._laid_out(self.computed.ravel(order))

    def flatten(self, order: str = "C") -> Any:
        return self._laid_out(self.computed.flatten(order))

    def squeeze(self, axis: Any = None) -> Any:
        return self._laid_out(self.computed.squeeze(axis))

    def _laid_out(self, value: Any) -> Any:
        """[N], [N, 1] or the shape that it has; nothing else keeps a row a row."""
        rows = self.trace.rows
        if value.shape not in ((rows,), (rows, self.tensor.width)) or value.size != self.computed.size:
            raise self.trace.stop(f"it lays the table out in another way, with a shape of {value.shape}")
        return self._view(self.tensor, value)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        return np.round(self, decimals)

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any) -> Any:
        return np.clip(self, min, max, **kwargs)

    def sum(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.sum(self, axis, **kwargs)

    def mean(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.mean(self, axis, **kwargs)

    def min(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.min(self, axis, **kwargs)

    def max(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.max(self, axis, **kwargs)

    def std(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.std(self, axis, **kwargs)

    def var(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.var(self, axis, **kwargs)

    def prod(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.prod(self, axis, **kwargs)

    def any(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.any(self, axis, **kwargs)

    def all(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.all(self, axis, **kwargs)


def check_call(trace: Trace, ufunc: Any, method: str, kwargs: Any) -> None:
    """Raises:
    Stopped: it is no plain call of a function with one result.
    """
    if method != "__call__" or ufunc.nout != 1:
        raise trace.stop(f"numpy.{ufunc.__name__}{'' if method == '__call__' else '.' + method} is not followed")
    if kwargs:
        raise trace.stop(f"numpy.{ufunc.__name__} with {', '.join(kwargs)} is not followed")


def _rows_of(trace: Trace, result: Any) -> tuple[int, ...]:
    """The shape of a result, in which every row is one of the table's.

    Raises:
        Stopped: it is of another form, such as that of a column beside the same column as a row.
    """
    shape: tuple[int, ...] = result.shape
    if type(result) is not np.ndarray:
        raise trace.stop("it computes with an array and a table of pandas's at once")
    if len(shape) not in (1, 2) or shape[0] != trace.rows or trace.rows in shape[1:]:
        raise trace.stop(f"its result has a shape of {shape}, which has no row for each row")
    return shape


def made(trace: Trace, tensor: Tensor, value: Any) -> TracedArray:
    """A new array, held against numpy's afterwards."""
    return TracedArray(trace, trace.note(tensor, value), np.asarray(value))


def operand(trace: Trace, thing: Any) -> Any:
    """For `elementwise`: (tensor, dtype) of a traced array, else the constant."""
    if not isinstance(thing, Traced):
        return thing
    array = as_array(trace, thing)
    return (array.tensor, array.computed.dtype)


def as_array(trace: Trace, thing: Any) -> TracedArray:
    """A traced column or table as the array that numpy makes of it."""
    return thing if type(thing) is TracedArray else thing.to_numpy()


def like(trace: Trace, tensor: Tensor, constant: str, width: int, dtype: str) -> str:
    """A constant, [1, K] or [1, 1], for every row of a tensor."""
    first = trace.columns(tensor, [0]).name
    itself = trace.g.op("Equal", first, first)
    wide = trace.g.op("Where", itself, *_twice(trace, constant, width, dtype))
    return trace.g.cast(wide, np.bool_) if dtype == "bool" else wide


def _twice(trace: Trace, constant: str, width: int, dtype: str) -> Sequence[str]:
    wide = trace.g.op("Expand", constant, np.array([1, width], np.int64)) if width > 1 else constant
    wide = trace.g.cast(wide, np.int64) if dtype == "bool" else wide
    return wide, wide


def as_numpy(trace: Trace, thing: Any) -> Any:
    return as_array(trace, thing) if isinstance(thing, Traced) else thing
