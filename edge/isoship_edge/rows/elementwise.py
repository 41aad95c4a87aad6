"""Functions of one element, or of two with numpy's broadcasting, as steps."""

from __future__ import annotations

from itertools import repeat

from isoship_edge.errors import BundleError
from isoship_edge.rows.values import broadcast, spread
from isoship_edge.rows.widths import FINISH, REALS

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from isoship_edge.rows.values import Board, Shape, Value


def each(board: Board, x: Value, f: Callable[[Any], Any], dtype: str) -> Value:
    """f of every element."""
    out, finish = board.value(dtype, x.shape), FINISH[dtype]
    p, o = x.place, out.place

    def run(v: list[Any]) -> None:
        v[o] = finish(map(f, v[p]))

    board.runs.append(run)
    return out


def zipped(board: Board, a: Value, b: Value, f: Callable[[Any, Any], Any], dtype: str) -> Value:
    """f of every two elements that broadcasting brings together.

    Raises:
        BundleError: they do not broadcast, or are of two kinds, or are texts that are to make a text.
    """
    if dtype == "string" or (a.dtype != b.dtype and not (a.dtype in REALS and b.dtype in REALS)):
        raise BundleError(f"it is asked for {a.dtype} and {b.dtype}")
    shape = broadcast(a.shape, b.shape)
    a, b = spread_to(board, a, shape), spread_to(board, b, shape)
    out, finish = board.value(dtype, shape), FINISH[dtype]
    p, q, o = a.place, b.place, out.place
    if a.size != out.size:

        def run(v: list[Any]) -> None:
            v[o] = finish(map(f, repeat(v[p][0]), v[q]))

    elif b.size != out.size:

        def run(v: list[Any]) -> None:
            v[o] = finish(map(f, v[p], repeat(v[q][0])))

    else:

        def run(v: list[Any]) -> None:
            v[o] = finish(map(f, v[p], v[q]))

    board.runs.append(run)
    return out


def spread_to(board: Board, x: Value, shape: Shape, *, single: bool = True) -> Value:
    """x written out to a shape that it broadcasts to. single: one element alone may stay one."""
    board.fits(shape)
    places = spread(x.shape, shape)
    if places is None or (single and x.size == 1 and places):
        return x
    if x.data is not None:
        return board.value(x.dtype, shape, [x.data[i] for i in places])
    return board.picked(x, shape, places)
