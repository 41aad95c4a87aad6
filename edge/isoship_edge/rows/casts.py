"""Changes of dtype."""

from __future__ import annotations

from array import array

from isoship_edge.errors import BundleError
from isoship_edge.rows.elementwise import each
from isoship_edge.rows.widths import REALS, single

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

_EXACT = 2**53


def _cut(board: Board, x: Value, dtype: str) -> Value:
    """Toward zero. What the type does not hold becomes its least number, as on the x86 processors on which a graph is
    proven: others answer otherwise there, and a row program must not."""
    least = -(2 ** (63 if dtype == "int64" else 31))
    letter: Any = "q" if dtype == "int64" else "i"
    out = board.value(dtype, x.shape)
    p, o = x.place, out.place

    def run(v: list[Any]) -> None:
        data = v[p]
        try:
            v[o] = made = list(map(int, data))
            array(letter, made)  # what does not fit is an OverflowError
        except (OverflowError, ValueError):
            pass
        else:
            return
        v[o] = [int(x) if least <= x < -least else least for x in data]

    board.runs.append(run)
    return out


def _single_of_integer(x: int) -> float:
    """The nearest float32. Integers that a double does not hold are rounded to odd first, so that they round once."""
    if not -_EXACT <= x <= _EXACT:
        x = (x >> 11 | (x & 2047 != 0)) << 11
    return single(x)


def _cast(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, to = inputs[0], attrs["to"]
    if to == x.dtype or (x.dtype, to) in _SAME:
        return [x if to == x.dtype else _renamed(x, to)]
    if x.dtype in REALS and to in ("int64", "int32"):
        return [_cut(board, x, to)]
    f: Callable[[Any], Any] | None = None
    if to == "string":
        f = str if x.dtype == "int64" else None
    elif x.dtype != "string":
        f = _single_of_integer if to == "float" and x.dtype in ("int64", "int32") else _INTO[to]
    if f is None:
        raise BundleError(f"there is no Cast from {x.dtype} to {to}")
    return [each(board, x, f, to)]


def _renamed(x: Value, dtype: str) -> Value:
    same = x.as_shape(x.shape)
    same.dtype = dtype
    return same


#: Whose data is the same in both dtypes.
_SAME = {("float", "double"), ("int32", "int64")}
_INTO: dict[str, Callable[[Any], Any]] = {
    "double": float,
    "float": float,  # rounded as every step's result is
    "int64": int,
    "int32": int,  # wrapped likewise
    "bool": lambda x: x != 0,  # NaN is true: it is not 0
}
PREPARE: dict[str, Prepare] = {"Cast": _cast}
