"""Comparisons and logic. NaN compares false with everything."""

from __future__ import annotations

from operator import and_, eq, ge, gt, le, lt, ne, not_, or_

from isoship_edge.errors import BundleError
from isoship_edge.rows.elementwise import each, spread_to, zipped
from isoship_edge.rows.values import broadcast

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value


def _truth(f: Callable[[Any, Any], Any]) -> Prepare:
    def prepare(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
        a, b = inputs
        return [zipped(board, a, b, f, "bool")]

    return prepare


def _not(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    return [each(board, inputs[0], not_, "bool")]


def _where(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    if inputs[1].dtype != inputs[2].dtype:
        raise BundleError(f"Where of {inputs[1].dtype} and {inputs[2].dtype}")
    shape = broadcast(*(value.shape for value in inputs))
    condition, a, b = (spread_to(board, value, shape, single=False) for value in inputs)
    out = board.value(a.dtype, shape)
    c, p, q, o = condition.place, a.place, b.place, out.place

    def run(v: list[Any]) -> None:
        v[o] = [x if choice else y for choice, x, y in zip(v[c], v[p], v[q], strict=True)]

    board.runs.append(run)
    return [out]


PREPARE: dict[str, Prepare] = {
    "Equal": _truth(eq),
    "Less": _truth(lt),
    "LessOrEqual": _truth(le),
    "Greater": _truth(gt),
    "GreaterOrEqual": _truth(ge),
    "And": _truth(and_),
    "Or": _truth(or_),
    "Xor": _truth(ne),
    "Not": _not,
    "Where": _where,
}
