"""Functions of one element. exp, log and their kin are the C library's: their last bit may differ between platforms."""

from __future__ import annotations

import math
from operator import neg

from isoship_edge.rows.arithmetic import divided
from isoship_edge.rows.elementwise import each

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

_WHOLE = 2.0**52  # every double from here on is an integer


def _each(f: Callable[[Any], Any], dtype: str = "") -> Prepare:
    def prepare(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
        return [each(board, inputs[0], f, dtype or inputs[0].dtype)]

    return prepare


def _sign(x: Any) -> Any:
    """NaN stays NaN."""
    if x != x:
        return x
    return type(x)((x > 0) - (x < 0))


def _to_whole(f: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding of the standard library, which gives ints, for NaN, infinities and zeros of both signs, too."""

    def whole(x: float) -> float:
        if not -_WHOLE < x < _WHOLE:
            return x
        return math.copysign(float(f(x)), x)

    return whole


def _sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0 else math.nan


def exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


def _of_finite(f: Callable[[float], float]) -> Callable[[float], float]:
    """NaN of infinities, at which the standard library raises."""

    def turned(x: float) -> float:
        return f(x) if -math.inf < x < math.inf else math.nan

    return turned


def _sigmoid(x: float) -> float:
    """Without overflow on either side."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def _softplus(x: float) -> float:
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def _is_nan(x: float) -> bool:
    return x != x


def _is_inf(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    ends = {
        *([math.inf] if attrs["detect_positive"] else ()),
        *([-math.inf] if attrs["detect_negative"] else ()),
    }
    return [each(board, inputs[0], ends.__contains__, "bool")]


PREPARE: dict[str, Prepare] = {
    "Abs": _each(abs),
    "Neg": _each(neg),
    "Sign": _each(_sign),
    "Floor": _each(_to_whole(math.floor)),
    "Ceil": _each(_to_whole(math.ceil)),
    "Round": _each(_to_whole(round)),
    "Sqrt": _each(_sqrt),
    "Reciprocal": _each(lambda x: divided(1.0, x)),
    "Relu": _each(lambda x: 0.0 if x < 0 else x),
    "Exp": _each(exp),
    "Log": _each(log),
    "Sin": _each(_of_finite(math.sin)),
    "Cos": _each(_of_finite(math.cos)),
    "Tanh": _each(math.tanh),
    "Sigmoid": _each(_sigmoid),
    "Softplus": _each(_softplus),
    "IsNaN": _each(_is_nan, "bool"),
    "IsInf": _is_inf,
}
