"""Operators along axes. Sums run in index order, at the width of the dtype."""

from __future__ import annotations

import math
from functools import reduce
from itertools import accumulate
from operator import add, mul

from isoship_edge.errors import BundleError
from isoship_edge.rows.arithmetic import greatest, least
from isoship_edge.rows.values import around, axis_of, known, strides_of, walked
from isoship_edge.rows.widths import FINISH, REALS, single

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

    #: Elements, and what rounds one number -> the number that stands for them.
    Fold = Callable[[Sequence[Any], Callable[[Any], Any]], Any]


def _same(x: Any) -> Any:
    return x


def _wrapped(x: int) -> int:
    """By 2^64, so that no product grows: what ends the step wraps it to its width."""
    return x & 0xFFFFFFFFFFFFFFFF


def summed(elements: Sequence[Any], near: Callable[[Any], Any]) -> Any:
    """One after the other. near: rounds each number to its width."""
    return reduce(add if near is _same else lambda total, x: near(total + x), elements, 0)


def _product(elements: Sequence[Any], near: Callable[[Any], Any]) -> Any:
    return reduce(mul if near is _same else lambda total, x: near(total * x), elements, 1)


def reduced(fold: Fold) -> Prepare:
    """An operator that makes one number of those along its axes."""

    def prepare(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
        x, axes = inputs
        rank = len(x.shape)
        gone = {axis_of(axis, rank) for axis in known(axes, "axes")}
        kept = [axis for axis in range(rank) if axis not in gone]
        strides = strides_of(x.shape)
        along = sorted(gone)
        offsets = walked([x.shape[axis] for axis in along], [strides[axis] for axis in along])
        starts = walked([x.shape[axis] for axis in kept], [strides[axis] for axis in kept])
        if attrs["keepdims"]:
            shape = [1 if axis in gone else length for axis, length in enumerate(x.shape)]
        else:
            shape = [x.shape[axis] for axis in kept]
        out, finish = board.value(x.dtype, shape), FINISH[x.dtype]
        near = {"float": single, "int64": _wrapped, "int32": _wrapped}.get(x.dtype, _same)
        p, o = x.place, out.place
        step = offsets[1] if len(offsets) > 1 else 1
        if offsets == list(range(0, len(offsets) * step, step)):
            parts = [slice(start, start + len(offsets) * step, step) for start in starts]

            def run(v: list[Any]) -> None:
                data = v[p]
                v[o] = finish([fold(data[part], near) for part in parts])

        else:

            def run(v: list[Any]) -> None:
                data = v[p]
                v[o] = finish([fold([data[start + i] for i in offsets], near) for start in starts])

        board.runs.append(run)
        return [out]

    return prepare


def _mean(elements: Sequence[float], near: Callable[[float], float]) -> float:
    return near(summed(elements, near) / len(elements)) if elements else math.nan


def _square_sum(elements: Sequence[Any], near: Callable[[Any], Any]) -> Any:
    return summed([near(x * x) for x in elements], near)


def _norm(elements: Sequence[float], near: Callable[[float], float]) -> float:
    return near(math.sqrt(_square_sum(elements, near)))


def _extreme_at(better: Callable[[Any, Any], bool]) -> Prepare:
    def prepare(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
        x = inputs[0]
        axis = axis_of(attrs["axis"], len(x.shape))
        before, length, after = around(x.shape, axis)
        if not length:
            raise BundleError("nothing is the largest of nothing")
        shape = list(x.shape)
        shape[axis : axis + 1] = [1] if attrs["keepdims"] else []
        out = board.value("int64", shape)
        p, o, last = x.place, out.place, attrs["select_last_index"]
        starts = [outer * length * after + inner for outer in range(before) for inner in range(after)]

        def run(v: list[Any]) -> None:
            data, made = v[p], []
            for start in starts:
                best, held = 0, data[start]
                for k in range(1, length):
                    candidate = data[start + k * after]
                    if better(candidate, held) or (last and candidate == held):
                        best, held = k, candidate
                made.append(best)
            v[o] = made

        board.runs.append(run)
        return [out]

    return prepare


def _cum_sum(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    """One after the other, the first as it is: 0 + -0 would lose a sign."""
    x, along = inputs
    before, length, after = around(x.shape, axis_of(known(along, "axis")[0], len(x.shape)))
    backwards, exclusive = attrs["reverse"], attrs["exclusive"]
    out = board.value(x.dtype, x.shape)
    finish = None if x.dtype in REALS else FINISH[x.dtype]
    p, o, zero = x.place, out.place, 0.0 if x.dtype in REALS else 0
    added: Any = None if x.dtype != "float" else lambda total, x: single(total + x)  # None: +, and sooner

    def totals(elements: Sequence[Any]) -> Iterable[Any]:
        if not (backwards or exclusive):
            return accumulate(elements, added)
        elements = elements[::-1] if backwards else elements
        made = list(accumulate(elements, added))
        made = [zero, *made[:-1]] if exclusive else made
        return made[::-1] if backwards else made

    def run(v: list[Any]) -> None:
        data = v[p]
        if after == 1:
            made: list[Any] = []
            for start in range(0, before * length, length):
                made += totals(data[start : start + length])
        else:
            made = list(data)
            for outer in range(before):
                for start in range(outer * length * after, outer * length * after + after):
                    stop = start + length * after - after + 1
                    made[start:stop:after] = totals(data[start:stop:after])
        v[o] = made if finish is None else finish(made)

    board.runs.append(run)
    return [out]


PREPARE: dict[str, Prepare] = {
    "ReduceSum": reduced(summed),
    "ReduceMean": reduced(_mean),
    "ReduceMax": reduced(lambda elements, _near: reduce(greatest, elements)),
    "ReduceMin": reduced(lambda elements, _near: reduce(least, elements)),
    "ReduceProd": reduced(_product),
    "ReduceSumSquare": reduced(_square_sum),
    "ReduceL1": reduced(lambda elements, near: summed([abs(x) for x in elements], near)),
    "ReduceL2": reduced(_norm),
    "ArgMax": _extreme_at(lambda x, best: x > best),
    "ArgMin": _extreme_at(lambda x, best: x < best),
    "CumSum": _cum_sum,
}
