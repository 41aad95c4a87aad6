"""Columns of pandas's that are traced: arithmetic, comparisons, missing values, lookups in a dict.

pandas 3 copies on write, so a column never shares its values with a table.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.arrays import TracedArray, as_array, operand
from isoship.sources.sklearn.tracing.elementwise import elementwise, power, where
from isoship.sources.sklearn.tracing.lookups import looked_up, missing, replaced
from isoship.sources.sklearn.tracing.tensors import HELD, Tensor, Trace
from isoship.sources.sklearn.tracing.traced import Traced, is_learnt, plain

#: pandas's names of two-sided operators: (Python's, numpy's).
BINARY: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "add": (operator.add, np.add),
    "sub": (operator.sub, np.subtract),
    "mul": (operator.mul, np.multiply),
    "truediv": (operator.truediv, np.divide),
    "floordiv": (operator.floordiv, np.floor_divide),
    "mod": (operator.mod, np.remainder),
    "pow": (operator.pow, np.power),
    "eq": (operator.eq, np.equal),
    "ne": (operator.ne, np.not_equal),
    "lt": (operator.lt, np.less),
    "le": (operator.le, np.less_equal),
    "gt": (operator.gt, np.greater),
    "ge": (operator.ge, np.greater_equal),
    "and": (operator.and_, np.bitwise_and),
    "or": (operator.or_, np.bitwise_or),
    "xor": (operator.xor, np.bitwise_xor),
}
_NOT_REFLECTED = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})


class TracedColumn(Traced):
    """A Series of the rows. tensor: [N, 1]."""

    def __init__(self, trace: Trace, tensor: Tensor, value: Any) -> None:
        self.trace, self.tensor, self.computed = trace, tensor, value
        self.may_be_unknown = False

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.computed)  # pandas's own name for it may be a door's now

    name = property(lambda self: self.computed.name)
    index = property(lambda self: self.computed.index)
    dtype = property(lambda self: self.computed.dtype)
    shape = property(lambda self: self.computed.shape)
    ndim = property(lambda self: 1)

    def made(self, tensor: Tensor, value: Any) -> TracedColumn:
        """A column like this one, held against pandas's afterwards."""
        if type(value) is not type(self.computed) or not value.index.equals(self.computed.index):
            raise self.trace.stop("pandas lines rows up by their index here, and no longer one beside the other")
        kind = HELD.get(value.dtype)
        if tensor.dtype != "string" and kind != tensor.dtype:
            if kind is None:
                raise self.trace.stop(f"pandas computes it in the type {value.dtype}")
            tensor = self.trace.cast(tensor, kind)
        return TracedColumn(self.trace, self.trace.note(tensor, value), value)

    def two(self, name: str, other: Any, reflected: bool = False) -> Any:
        """`column + other`, or the other way about."""
        if isinstance(other, Traced) and getattr(other, "ndim", 1) != 1:
            return NotImplemented
        if other is None or hasattr(other, "columns"):
            raise self.trace.stop("it computes with a column and something that is neither a column nor a number")
        compute, ufunc = BINARY[name]
        mine, theirs = self.operand(), operand(self.trace, other)
        with np.errstate(all="ignore"):
            value = compute(plain(other), self.computed) if reflected else compute(self.computed, plain(other))
        shape = (self.trace.rows,)
        if name == "pow" and not reflected and not isinstance(other, Traced):
            tensor = power(self.trace, mine, other, shape)
        else:
            tensor = elementwise(self.trace, ufunc, [theirs, mine] if reflected else [mine, theirs], shape)
        return self.made(tensor, value)

    def operand(self) -> Any:
        return (self.tensor, self.computed.dtype)

    def one(self, ufunc: Any) -> TracedColumn:
        with np.errstate(all="ignore"):
            value = ufunc(self.computed)
        return self.made(elementwise(self.trace, ufunc, [self.operand()], (self.trace.rows,)), value)

    def __neg__(self) -> Any:
        return self.one(np.negative)

    def __pos__(self) -> Any:
        return self

    def __invert__(self) -> Any:
        return self.one(np.invert)

    def __abs__(self) -> Any:
        return self.one(np.absolute)

    abs = __abs__

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(each, Traced) and getattr(each, "ndim", 1) != 1 for each in inputs):
            return NotImplemented
        if method != "__call__" or kwargs or ufunc.nout != 1:
            raise self.trace.stop(f"numpy.{ufunc.__name__} of a Series in this form is not followed")
        operands = [operand(self.trace, each) for each in inputs]
        value = ufunc(*plain(inputs))
        return self.made(elementwise(self.trace, ufunc, operands, (self.trace.rows,)), value)

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = None) -> Any:
        if na_value is not None:
            raise self.trace.stop("Series.to_numpy with na_value is not followed")
        value = self.computed.to_numpy()
        array = TracedArray(self.trace, self.tensor, value.copy() if copy else value, owned=copy)
        return array if dtype is None else array.astype(dtype)

    values = property(to_numpy)

    def __getitem__(self, key: Any) -> Any:
        raise self.trace.stop("it takes rows out of a column, and each row must have its answer")

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(key) not in (TracedColumn, TracedArray) or key.dtype != np.bool_ or isinstance(value, Traced):
            raise self.trace.stop("it writes into some rows; Series.where and Series.mask say the same for every row")
        found = self.mask(key, value)
        self.tensor, self.computed = found.tensor, found.computed

    @property
    def loc(self) -> Any:
        return self

    def astype(self, dtype: Any, copy: Any = None, errors: str = "raise") -> Any:
        value = self.computed.astype(dtype)
        kind = HELD.get(value.dtype)
        if kind == "int64" and self.may_be_unknown:
            raise self.trace.stop(
                "pandas makes no integer of a string that the dict does not hold, and an input contract cannot tell"
                " such strings; fill before: .map(...).fillna(-1).astype(int)"
            )
        if self.tensor.dtype == "string" and str(value.dtype) in ("str", "object"):
            return TracedColumn(self.trace, self.tensor, value)
        if kind is None:
            raise self.trace.stop(f"it casts to {value.dtype}; float64, float32, int64 and bool can be followed")
        return self.made(self.trace.cast(self.tensor, kind), value)

    def isna(self) -> TracedColumn:
        return self.made(missing(self.trace, self.tensor), self.computed.isna())

    isnull = isna

    def notna(self) -> TracedColumn:
        return ~self.isna()  # type: ignore[no-any-return]

    notnull = notna

    def fillna(self, value: Any = None, **kwargs: Any) -> Any:
        if value is None or kwargs or isinstance(value, dict) or is_learnt(value):
            raise self.trace.stop("Series.fillna with anything but one value is not followed")
        if self.tensor.dtype in ("int64", "bool"):  # nothing is missing, and the type stays
            return self.copy()
        return self.mask(self.isna(), value)

    def where(self, cond: Any, other: Any = np.nan, **kwargs: Any) -> Any:
        cond = cond(self) if callable(cond) else cond
        if kwargs or not isinstance(cond, Traced) or cond.dtype != np.bool_ or is_learnt(other):
            raise self.trace.stop("Series.where of this form is not followed")
        chosen = as_array(self.trace, cond)
        if self.tensor.dtype == "string":
            if not isinstance(plain(other), (str, type(self.computed))) and other == other:
                raise self.trace.stop("it writes what is no string among strings")
            dtype, value = "string", self.computed.where(plain(cond), plain(other))
        else:
            wide = np.result_type(self.computed.dtype, operand_type(other))
            dtype = HELD.get(wide, "")
            if not dtype:
                raise self.trace.stop(f"it writes values of another type into a column, which makes it {wide}")
            value = self.computed.astype(wide).where(plain(cond), plain(other)).astype(wide)
        shape = (self.trace.rows,)
        return self.made(
            where(self.trace, chosen.tensor, self.operand(), operand(self.trace, other), shape, dtype), value
        )

    def mask(self, cond: Any, other: Any = np.nan, **kwargs: Any) -> Any:
        cond = cond(self) if callable(cond) else cond
        return self.where(~cond, other, **kwargs)

    def clip(self, lower: Any = None, upper: Any = None, axis: Any = None, **kwargs: Any) -> Any:
        if kwargs or not all(each is None or np.isscalar(each) or isinstance(each, Traced) for each in (lower, upper)):
            raise self.trace.stop("Series.clip at anything but numbers is not followed")
        if np.isscalar(lower) and np.isscalar(upper) and lower > upper:  # type: ignore[operator]
            lower, upper = upper, lower
        found = self
        for limit, beyond in ((lower, "Less"), (upper, "Greater")):
            if limit is not None and not (np.isscalar(limit) and limit != limit):
                found = found._clipped(limit, beyond)
        return found

    def _clipped(self, limit: Any, beyond: str) -> TracedColumn:
        """The limit where a number is beyond it; a missing limit is none."""
        if HELD.get(self.computed.dtype) == "int64" and isinstance(limit, float) and limit.is_integer():
            limit = int(limit)  # as pandas does, which keeps the integers
        wide = np.result_type(self.computed.dtype, operand_type(limit))
        dtype = HELD.get(wide, "")
        if dtype not in ("double", "float", "int64"):
            raise self.trace.stop(f"it clips in the type {wide}")
        mine, shape = (self.trace.cast(self.tensor, dtype), wide), (self.trace.rows,)
        if isinstance(limit, Traced):
            theirs = (self.trace.cast(operand(self.trace, limit)[0], dtype), wide)
            out = Tensor(self.trace.g.op(beyond, mine[0].name, theirs[0].name), "bool", 1)
            found = where(self.trace, out, theirs, mine, shape, dtype)
        else:
            found = elementwise(self.trace, np.maximum if beyond == "Less" else np.minimum, [mine, limit], shape)
        ends = {"lower" if beyond == "Less" else "upper": plain(limit)}
        return self.made(found, self.computed.clip(**ends).astype(wide))

    def round(self, decimals: int = 0) -> Any:
        rounded = np.round(self.to_numpy(), decimals)
        return self.made(rounded.tensor, self.computed.round(decimals))

    def between(self, left: Any, right: Any, inclusive: str = "both") -> Any:
        low = self >= left if inclusive in ("both", "left") else self > left
        return low & (self <= right if inclusive in ("both", "right") else self < right)

    def isin(self, values: Any) -> Any:
        known = list(values)
        text = self.tensor.dtype == "string"
        kept = [each for each in known if each is not None and each == each and isinstance(each, str) == text]
        if self.tensor.dtype == "int64":  # pandas compares integers, whatever they are among
            kept = [int(each) for each in kept if float(each).is_integer()]
        gone = any(each is None or each != each for each in known)
        if gone and str(self.computed.dtype) not in ("float64", "int64", "str"):
            raise self.trace.stop("it looks for missing values of another type than float64 and str")
        none = self.isna() & ~self.isna()
        found: Any = np.isin(self.to_numpy(), kept) if kept else none.to_numpy()
        if gone:
            found = found | self.isna().to_numpy()
        return self.made(found.tensor, self.computed.isin(values))

    def map(self, arg: Any, na_action: Any = None, **kwargs: Any) -> Any:
        found = self.made(*looked_up(self.trace, self.tensor, self.computed, arg))
        found.may_be_unknown = self.tensor.dtype == "string" and found.tensor.dtype == "double"
        return found

    def replace(self, to_replace: Any = None, value: Any = None, **kwargs: Any) -> Any:
        if kwargs:
            raise self.trace.stop("Series.replace of this form is not followed")
        return self.made(*replaced(self.trace, self.tensor, self.computed, to_replace, value))

    def apply(self, func: Any, **kwargs: Any) -> Any:
        if isinstance(func, np.ufunc) and not kwargs:
            return func(self)
        raise self.trace.stop("it calls a function for each row (Series.apply)")

    def pipe(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        return func(self, *args, **kwargs)

    def copy(self, deep: bool = True) -> TracedColumn:
        return TracedColumn(self.trace, self.tensor, self.computed)

    def rename(self, index: Any = None, **kwargs: Any) -> TracedColumn:
        if kwargs or callable(index) or isinstance(index, Mapping):
            raise self.trace.stop("Series.rename of rows is not followed")
        return TracedColumn(self.trace, self.tensor, self.computed.rename(index))

    def reset_index(self, *, drop: bool = False) -> Any:
        if not drop:
            raise self.trace.stop("Series.reset_index without drop=True is not followed")
        return TracedColumn(self.trace, self.tensor, self.computed.reset_index(drop=True))


def operand_type(thing: Any) -> Any:
    """What numpy promotes by."""
    return thing.computed.dtype if isinstance(thing, Traced) else thing


def _dunder(name: str, reflected: bool) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.two(name, other, reflected)


def _method(name: str, reflected: bool) -> Callable[..., Any]:
    def method(self: Any, other: Any, *args: Any, **kwargs: Any) -> Any:
        if args or not kwargs.keys() <= {"axis"}:
            raise self.trace.stop(f"{type(self.computed).__name__}.{name} with more than one operand is not followed")
        return self.two(name, other, reflected, **kwargs) if kwargs else self.two(name, other, reflected)

    return method


def with_operators(cls: type) -> None:
    """Gives a class Python's two-sided operators and pandas's methods of the same, all by its own `two`."""
    for name in BINARY:
        setattr(cls, f"__{name}__", _dunder(name, False))
        if name not in _NOT_REFLECTED:
            setattr(cls, f"__r{name}__", _dunder(name, True))
        if name not in ("and", "or", "xor"):
            setattr(cls, name, _method(name, False))
            setattr(cls, f"r{name}", _method(name, True))
    cls.div = cls.divide = cls.truediv  # type: ignore[attr-defined]
    cls.rdiv = cls.rtruediv  # type: ignore[attr-defined]
    cls.subtract, cls.multiply = cls.sub, cls.mul  # type: ignore[attr-defined]
    cls.__hash__ = None  # type: ignore[assignment]


with_operators(TracedColumn)
