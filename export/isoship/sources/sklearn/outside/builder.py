"""The graph in a converter's hands: `g` of `convert(g, estimator, columns)`."""

from __future__ import annotations

import math
from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.one_number import FUNCTIONS
from isoship.sources.sklearn.outside.columns import Columns, tensor_of
from isoship.sources.sklearn.outside.operators import Operators
from isoship.sources.sklearn.outside.tensor import NUMBERS, Fault, Tensor
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.members import column
from isoship.sources.sklearn.walk.registry import fact, record_of
from isoship_edge.manifest import MISSING_STRING


class Builder:
    """What a converter writes with.

    g.op.Add(a, b)                          any operator of ONNX 21 and ai.onnx.ml 5 by its name
    g.numpy.log1p(x)                        numpy's function, in the form that is exact near 0 and at the ends
    g.const(value, dtype=None)              a constant
    g.cast(x, "int64")                      double, float, int64, bool or string
    g.lookup(x, keys, values, default)      values[i] where x is keys[i], else default
    g.is_missing(x)                         bool: NaN in numbers, g.missing in text; no other type has a missing value
    g.carry(estimator.inner_, columns)      what another fitted estimator gives, carried by isoship, as columns

    missing: the text that stands for a missing value in columns of text.
    carries: whether another estimator has been carried.
    """

    missing = MISSING_STRING

    def __init__(
        self, c: Carrier, estimator: Any, frame: Frame, fault: Fault, written: MutableMapping[str, str], where: str
    ) -> None:
        self._c, self._estimator, self._fault = c, estimator, fault
        self._given = {block.name for block in frame}
        self.op = Operators(c.g, fault, written, where)
        self.numpy = _Numpy(self)
        self.carries = False

    def const(self, value: Any, dtype: str | None = None) -> Tensor:
        return self.op.constant(value, dtype)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        if dtype not in NUMBERS:
            raise self._fault(f"it casts to {dtype!r}: the types are {', '.join(NUMBERS)}")
        made: Tensor = x if x.dtype == dtype else self.op.Cast(x, to=dtype)
        return made

    def is_missing(self, x: Tensor) -> Tensor:
        if x.dtype in ("double", "float"):
            made: Tensor = self.op.IsNaN(x)
        elif x.dtype == "string":
            made = self.op.Equal(x, self.missing)
        else:
            made = self.op.Not(self.op.Equal(x, x))
        return made

    def lookup(self, x: Tensor, keys: Sequence[Any], values: Sequence[Any], default: Any) -> Tensor:
        """The value of each key, and `default` elsewhere, in x's shape. None or NaN among the keys: a missing value."""
        keys, values = list(keys), list(values)
        if len(keys) != len(values):
            raise self._fault(f"lookup is given {len(keys)} keys and {len(values)} values")
        table = {self.missing if _is_gap(key) else key: code for code, key in enumerate(keys)}
        gap, unknown = table.pop(self.missing, None) if x.dtype != "string" else None, len(values)
        found = self._codes(x, table, unknown)
        if gap is not None and x.dtype in ("double", "float"):
            found = self.op.Where(self.is_missing(x), gap, found)
        made: Tensor = self.op.Gather(self.const([*values, default]), found, axis=0)
        return made

    def _codes(self, x: Tensor, table: dict[Any, int], unknown: int) -> Tensor:
        codes = list(table.values())
        if not table:
            return self.op.Where(self.op.Equal(x, x), self.const(unknown), self.const(unknown))  # type: ignore[no-any-return]
        if x.dtype == "string":
            return self._labels(x, keys_strings=[str(key) for key in table], values_int64s=codes, default_int64=unknown)
        if x.dtype in ("int64", "int32", "bool"):
            whole = {int(key): code for key, code in table.items() if float(key).is_integer()}
            return self._codes_of_integers(self.cast(x, "int64"), whole, unknown)
        found = self._labels(
            self.cast(x, "double"),
            keys_tensor=np.array([float(key) for key in table]),
            values_tensor=np.array(codes, np.float64),
            default_tensor=np.array([unknown], np.float64),
        )
        return self.cast(found, "int64")

    def _codes_of_integers(self, x: Tensor, table: dict[int, int], unknown: int) -> Tensor:
        codes = list(table.values())
        return self._labels(x, keys_int64s=list(table), values_int64s=codes, default_int64=unknown)

    def _labels(self, x: Tensor, **attributes: Any) -> Tensor:
        return self.op.LabelEncoder(x, **attributes)  # type: ignore[no-any-return]

    def carry(self, estimator: Any, columns: Any, method: str | None = None) -> Columns:
        """What the estimator's method gives for these columns: transform where it has one, else predict.

        columns: `Columns`, a tensor [N, K], or a list of either.

        Raises:
            UnsupportedModelError: isoship does not carry the estimator, or not exactly.
        """
        self.carries = True
        frame = tuple(block for each in flat(columns) for block in self._blocks(each))
        method = method or ("transform" if hasattr(estimator, "transform") else "predict")
        held = vars(self._estimator).items() if hasattr(self._estimator, "__dict__") else ()
        name = next((key for key, each in held if each is estimator), "an estimator inside")
        rounds = not fact(record_of(self._estimator).same_bits, self._estimator)
        own = type(self._estimator).__name__ if rounds and any(b.name not in self._given for b in frame) else None
        with self._c.at(name), self._c.behind(own):
            parts = self._c.carry(estimator, frame)
        if method not in parts:
            raise self._c.absent(estimator, method, "Carry another estimator here")
        answered = parts[method]
        whole = all(block.width is not None for block in answered)
        return Columns(self._c.g, answered if whole else (column(self._c, answered),), None, self._fault)

    def _blocks(self, each: Any) -> Frame:
        if isinstance(each, Columns):
            return each.frame
        if not isinstance(each, Tensor):
            raise self._fault(f"carry is given a {type(each).__name__}, and takes columns or tensors")
        width = each.shape[1] if each.shape is not None and len(each.shape) == 2 else None
        if each.dtype is None or not isinstance(width, int):
            raise self._fault(f"carry is given a tensor of {each.dtype} {each.shape}, and takes [N, K] with a known K")
        return (Block(each.name, each.dtype, width),)


class _Numpy:
    """Numpy's functions of one number by name."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in FUNCTIONS:
            raise self._builder._fault(f"g.numpy has no {name}; it has {', '.join(sorted(FUNCTIONS))}")

        def written(x: Tensor) -> Tensor:
            x = self._builder.cast(x, "double")
            return Tensor(FUNCTIONS[name](self._builder._c.g, x.name), "double", x.shape)

        return written


def flat(columns: Any) -> list[Any]:
    """`Columns` and tensors out of lists of them."""
    if isinstance(columns, (list, tuple)):
        return [each for one in columns for each in flat(one)]
    return [columns]


def tensors_of(given: Any) -> list[Any]:
    """Tensors out of `Columns`, tensors and lists of either; what is neither stays as it is."""
    found: list[Any] = []
    for each in flat(given):
        found += [tensor_of(block) for block in each.frame] if isinstance(each, Columns) else [each]
    return found


def _is_gap(key: Any) -> bool:
    return key is None or type(key).__name__ == "NAType" or (isinstance(key, float) and math.isnan(key))
