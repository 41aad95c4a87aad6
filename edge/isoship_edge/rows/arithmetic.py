"""Arithmetic of two or more values. Reals in double precision, rounded to float32 where the dtype is float."""

from __future__ import annotations

import math
from operator import add, mul, sub

from isoship_edge.errors import BundleError
from isoship_edge.rows.elementwise import zipped
from isoship_edge.rows.widths import REALS

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value


def _pairwise(real: Callable[[Any, Any], Any], whole: Callable[[Any, Any], Any] | None = None) -> Prepare:
    def prepare(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
        a, b = inputs
        return [zipped(board, a, b, real if a.dtype in REALS else whole or real, a.dtype)]

    return prepare


def divided(x: float, y: float) -> float:
    """x / y; by zero as IEEE 754 has it."""
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or x != x:
            return math.nan
        return math.copysign(math.inf, x) * math.copysign(1.0, y)


def _quotient(x: int, y: int) -> int:
    """Toward zero. Raises: ZeroDivisionError, where ONNX Runtime's process ends."""
    whole = abs(x) // abs(y)
    return whole if (x < 0) == (y < 0) else -whole


def _remainder(x: int, y: int) -> int:
    """With the sign of x."""
    return x - y * _quotient(x, y)


def _real_remainder(x: float, y: float) -> float:
    try:
        return math.fmod(x, y)
    except ValueError:
        return math.nan


def _mod(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    a, b = inputs
    if a.dtype in REALS:
        return [zipped(board, a, b, _real_remainder, a.dtype)]
    return [zipped(board, a, b, _remainder if attrs["fmod"] else lambda x, y: x % y, a.dtype)]


def power(x: float, y: float) -> float:
    """C's pow. ONNX Runtime squares and cubes by multiplication, so both are exact."""
    if y == 2:
        return x * x
    if y == 3:
        return x * x * x
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:
        if x != 0:
            return math.nan
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf


def _pow(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    """The result has the dtype of the base."""
    a, b = inputs
    if a.dtype not in REALS:
        raise BundleError(f"there is no Pow of {a.dtype}")
    return [zipped(board, a, b, power, a.dtype)]


def least(x: Any, y: Any) -> Any:
    """The smaller one; NaN wins."""
    return x if x < y or x != x else y


def greatest(x: Any, y: Any) -> Any:
    """The larger one; NaN wins."""
    return x if x > y or x != x else y


def _folded(f: Callable[[Any, Any], Any]) -> Prepare:
    def prepare(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
        made = inputs[0]
        for other in inputs[1:]:
            made = zipped(board, made, other, f, made.dtype)
        return [made]

    return prepare


#: The largest finite value: an absent limit of Clip still ends infinities (ONNX: "numeric_limits::lowest()").
_LARGEST = {"double": 1.7976931348623157e308, "float": 3.4028234663852886e38}


def _clip(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    """The lower limit first, then the upper one, which decides where they cross."""
    x, low, high = inputs
    if any(limit is not None and (limit.dtype != x.dtype or limit.size != 1) for limit in (low, high)):
        raise BundleError("its limits are of another dtype or shape")
    end = _LARGEST.get(x.dtype, math.inf)
    least_, most = (
        board.value(x.dtype, (), [absent]) if limit is None else limit for limit, absent in ((low, -end), (high, end))
    )
    out = board.value(x.dtype, x.shape)
    p, q, r, o = x.place, least_.place, most.place, out.place

    def run(v: list[Any]) -> None:
        start, stop = v[q][0], v[r][0]
        raised = [start if value < start else value for value in v[p]]
        v[o] = [stop if value > stop else value for value in raised]

    board.runs.append(run)
    return [out]


PREPARE: dict[str, Prepare] = {
    "Add": _pairwise(add),
    "Sub": _pairwise(sub),
    "Mul": _pairwise(mul),
    "Div": _pairwise(divided, _quotient),
    "Mod": _mod,
    "Pow": _pow,
    "Min": _folded(least),
    "Max": _folded(greatest),
    "Clip": _clip,
}
