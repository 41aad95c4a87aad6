"""numpy's universal functions: what each writes into the graph, in the type in which numpy computes it.

A function that is not here stops the trace. `rounds` says that ONNX Runtime, a browser and numpy give other last bits;
the others are the same IEEE operations everywhere. `jumps` says that a last bit of the input may change the answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.angles import (
    write_arccos,
    write_arcsin,
    write_arctan,
    write_arctan2,
    write_hypot,
)
from isoship.sources.sklearn.converters.arithmetic.one_number import FUNCTIONS
from isoship.sources.sklearn.walk.frame import NUMPY

#: (graph, type of the operands, names of the operands) -> name of the result.
Write = Callable[..., str]


@dataclass(frozen=True)
class Rule:
    """How a function is written. types: of the operands, as numpy casts them before it computes.

    ends: a last bit beyond 1 or -1 makes its answer missing.
    """

    write: Write
    types: tuple[str, ...] = ("double",)
    rounds: bool = False
    jumps: bool = False
    ends: bool = False


_NUMBERS = ("double", "float", "int64")
_REALS = ("double", "float")
_ALL = (*_NUMBERS, "bool")


def _op(operator: str) -> Write:
    return lambda g, dtype, *names: g.op(operator, *names)


def _of_doubles(name: str) -> Write:
    return lambda g, dtype, x: FUNCTIONS[name](g, x)


def _number(dtype: str, value: float) -> np.generic:
    return NUMPY[dtype](value)  # type: ignore[no-any-return]


def _or(operator: str, of_booleans: str) -> Write:
    """An operator, and what it is of booleans."""
    return lambda g, dtype, *names: g.op(of_booleans if dtype == "bool" else operator, *names)


def _not_equal(g: GraphBuilder, dtype: str, a: str, b: str) -> str:
    return g.op("Not", g.op("Equal", a, b))


def _booleans(operator: str) -> Write:
    """A logical operator of whatever is not 0; a missing number is true, as in numpy."""

    def write(g: GraphBuilder, dtype: str, *names: str) -> str:
        return g.op(operator, *(name if dtype == "bool" else g.cast(name, np.bool_) for name in names))

    return write


def _sign(g: GraphBuilder, dtype: str, x: str) -> str:
    """onnxruntime's own Sign of integers looks at 32 of their bits (docs/upstream.md)."""
    if dtype in _REALS:
        return FUNCTIONS["sign"](g, x)
    zero, one, less = np.int64(0), np.int64(1), np.int64(-1)
    return g.op("Where", g.op("Greater", x, zero), one, g.op("Where", g.op("Less", x, zero), less, zero))


def _extreme(operator: str, of_booleans: str) -> Write:
    """Max and Min; onnxruntime's own of integers compare 32 of their bits (docs/upstream.md)."""

    def write(g: GraphBuilder, dtype: str, a: str, b: str) -> str:
        if dtype == "int64":
            first = g.op("Greater" if operator == "Max" else "Less", a, b)
            return g.op("Where", first, a, b)
        return g.op(of_booleans if dtype == "bool" else operator, a, b)

    return write


def _as_it_is_of_integers(operator: str) -> Write:
    return lambda g, dtype, x: g.op(operator, x) if dtype in _REALS else x


def _trunc(g: GraphBuilder, dtype: str, x: str) -> str:
    return g.op("Mul", g.op("Sign", x), g.op("Floor", g.op("Abs", x))) if dtype in _REALS else x


def _is_nan(g: GraphBuilder, dtype: str, x: str) -> str:
    return g.op("IsNaN", x) if dtype in _REALS else g.op("Not", g.op("Equal", x, x))


def _is_inf(g: GraphBuilder, dtype: str, x: str) -> str:
    return g.op("IsInf", x) if dtype in _REALS else g.op("Not", g.op("Equal", x, x))


def _is_finite(g: GraphBuilder, dtype: str, x: str) -> str:
    return g.op("Not", g.op("Or", _is_nan(g, dtype, x), _is_inf(g, dtype, x)))


def _without_missing(operator: str) -> Write:
    """fmax and fmin: the other one where one is missing."""

    def write(g: GraphBuilder, dtype: str, a: str, b: str) -> str:
        both = _extreme(operator, "")(g, dtype, a, b)
        if dtype not in _REALS:
            return both
        return g.op("Where", g.op("IsNaN", a), b, g.op("Where", g.op("IsNaN", b), a, both))

    return write


def _fmod(g: GraphBuilder, dtype: str, a: str, b: str) -> str:
    return g.op("Mod", a, b, fmod=1)


def _differs_in_sign(g: GraphBuilder, dtype: str, rest: str, b: str) -> str:
    """Whether a remainder is none of Python's yet: not 0, and of another sign than what it was divided by."""
    signs = [g.op("Sign", each if dtype in _REALS else g.cast(each, np.float64)) for each in (rest, b)]
    return g.op("Equal", g.op("Mul", *signs), _number(dtype if dtype in _REALS else "double", -1))


def _remainder(g: GraphBuilder, dtype: str, a: str, b: str) -> str:
    """With the sign of the divisor; numpy's of a number by 0 is NaN, and so is C's fmod."""
    if dtype == "int64":
        return g.op("Mod", a, b, fmod=0)
    rest = _fmod(g, dtype, a, b)
    return g.op("Where", _differs_in_sign(g, dtype, rest, b), g.op("Add", rest, b), rest)


def _floor_divide(g: GraphBuilder, dtype: str, a: str, b: str) -> str:
    """As numpy's `npy_divmod`: the quotient of what is left without the remainder, snapped to the nearest integer."""
    if dtype == "int64":
        quotient = g.op("Div", a, b)  # toward zero
        rest = g.op("Sub", a, g.op("Mul", quotient, b))
        down = g.op("Sub", quotient, _number(dtype, 1))
        return g.op("Where", _differs_in_sign(g, dtype, rest, b), down, quotient)
    rest = _fmod(g, dtype, a, b)
    quotient = g.op("Div", g.op("Sub", a, rest), b)
    less = g.op("Sub", quotient, _number(dtype, 1))
    quotient = g.op("Where", _differs_in_sign(g, dtype, rest, b), less, quotient)
    down = g.op("Floor", quotient)
    # more than a half above its floor is one more: 2 * (quotient - floor) - 1, rounded up to 0 or 1
    twice = g.op("Mul", g.op("Sub", quotient, down), _number(dtype, 2))
    above = g.op("Max", _number(dtype, 0), g.op("Ceil", g.op("Sub", twice, _number(dtype, 1))))
    snapped = g.op("Where", g.op("IsInf", quotient), quotient, g.op("Add", down, above))
    by_zero = g.op("Not", g.cast(b, np.bool_))
    return g.op("Where", by_zero, g.op("Div", a, b), snapped)


def _power(g: GraphBuilder, dtype: str, a: str, b: str) -> str:
    """C's pow: 1 to any power is 1, which JavaScript's is not for a missing or infinite exponent."""
    size = g.op("Abs", a)
    one = g.op("Equal", size, _number(dtype, 1))
    unbound = g.op("Not", _is_finite(g, dtype, b))
    held = g.op("And", one, g.op("And", unbound, g.op("Or", g.op("IsInf", b), g.op("Equal", a, _number(dtype, 1)))))
    return g.op("Where", held, _number(dtype, 1), g.op("Pow", a, b))


def _cube_root(g: GraphBuilder, dtype: str, x: str) -> str:
    return g.op("Mul", _sign(g, dtype, x), g.op("Pow", g.op("Abs", x), np.float64(1 / 3)))


def _tangent(g: GraphBuilder, dtype: str, x: str) -> str:
    return g.op("Div", FUNCTIONS["sin"](g, x), FUNCTIONS["cos"](g, x))


def _log_to(base: float) -> Write:
    return lambda g, dtype, x: g.op("Div", g.op("Log", x), np.float64(math.log(base)))


def _times(factor: float) -> Write:
    return lambda g, dtype, x: g.op("Mul", x, _number(dtype, factor))


def _rounded(name: str) -> Rule:
    return Rule(_of_doubles(name), rounds=True)


#: By the function's name in numpy.
RULES: dict[str, Rule] = {
    "add": Rule(_or("Add", "Or"), _ALL),
    "subtract": Rule(_op("Sub"), _NUMBERS),
    "multiply": Rule(_or("Mul", "And"), _ALL),
    "divide": Rule(_op("Div"), _REALS),
    "floor_divide": Rule(_floor_divide, ("double", "int64"), jumps=True),
    "remainder": Rule(_remainder, ("double", "int64"), jumps=True),
    "fmod": Rule(_fmod, ("double",), jumps=True),
    "power": Rule(_power, rounds=True),
    "negative": Rule(_op("Neg"), _NUMBERS),
    "positive": Rule(lambda g, dtype, x: x, _NUMBERS),
    "absolute": Rule(_op("Abs"), _NUMBERS),
    "fabs": Rule(_op("Abs"), _REALS),
    "square": Rule(lambda g, dtype, x: g.op("Mul", x, x), _NUMBERS),
    "reciprocal": Rule(lambda g, dtype, x: g.op("Div", _number(dtype, 1), x), _REALS),
    "sqrt": Rule(_op("Sqrt"), _REALS),
    "sign": Rule(_sign, _NUMBERS, jumps=True),
    "floor": Rule(_as_it_is_of_integers("Floor"), _NUMBERS, jumps=True),
    "ceil": Rule(_as_it_is_of_integers("Ceil"), _NUMBERS, jumps=True),
    "rint": Rule(_as_it_is_of_integers("Round"), _NUMBERS, jumps=True),
    "trunc": Rule(_trunc, _NUMBERS, jumps=True),
    "maximum": Rule(_extreme("Max", "Or"), _ALL),
    "minimum": Rule(_extreme("Min", "And"), _ALL),
    "fmax": Rule(_without_missing("Max"), _NUMBERS),
    "fmin": Rule(_without_missing("Min"), _NUMBERS),
    "equal": Rule(_op("Equal"), _ALL, jumps=True),
    "not_equal": Rule(_not_equal, _ALL, jumps=True),
    "less": Rule(_op("Less"), _NUMBERS, jumps=True),
    "less_equal": Rule(_op("LessOrEqual"), _NUMBERS, jumps=True),
    "greater": Rule(_op("Greater"), _NUMBERS, jumps=True),
    "greater_equal": Rule(_op("GreaterOrEqual"), _NUMBERS, jumps=True),
    "logical_and": Rule(_booleans("And"), _ALL, jumps=True),
    "logical_or": Rule(_booleans("Or"), _ALL, jumps=True),
    "logical_xor": Rule(_booleans("Xor"), _ALL, jumps=True),
    "logical_not": Rule(_booleans("Not"), _ALL, jumps=True),
    "bitwise_and": Rule(_op("And"), ("bool",)),
    "bitwise_or": Rule(_op("Or"), ("bool",)),
    "bitwise_xor": Rule(_op("Xor"), ("bool",)),
    "invert": Rule(_op("Not"), ("bool",)),
    "isnan": Rule(_is_nan, _NUMBERS),
    "isinf": Rule(_is_inf, _NUMBERS),
    "isfinite": Rule(_is_finite, _NUMBERS),
    "deg2rad": Rule(_times(math.pi / 180)),
    "radians": Rule(_times(math.pi / 180)),
    "rad2deg": Rule(_times(180 / math.pi)),
    "degrees": Rule(_times(180 / math.pi)),
    "exp": _rounded("exp"),
    "expm1": _rounded("expm1"),
    "log": _rounded("log"),
    "log1p": _rounded("log1p"),
    "log2": Rule(_log_to(2.0), rounds=True),
    "log10": Rule(_log_to(10.0), rounds=True),
    "exp2": Rule(lambda g, dtype, x: g.op("Pow", np.float64(2), x), rounds=True),
    "cbrt": Rule(_cube_root, rounds=True),
    "sin": _rounded("sin"),
    "cos": _rounded("cos"),
    "tan": Rule(_tangent, rounds=True),
    "tanh": _rounded("tanh"),
    "arcsin": Rule(lambda g, dtype, x: write_arcsin(g, x), rounds=True, ends=True),
    "arccos": Rule(lambda g, dtype, x: write_arccos(g, x), rounds=True, ends=True),
    "arctan": Rule(lambda g, dtype, x: write_arctan(g, x), rounds=True),
    "arctan2": Rule(lambda g, dtype, y, x: write_arctan2(g, y, x), rounds=True),
    "hypot": Rule(lambda g, dtype, x, y: write_hypot(g, x, y), rounds=True),
}
