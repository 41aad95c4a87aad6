"""Softmax, its logarithm, and the logarithm of a sum of powers, the maximum subtracted first."""

from __future__ import annotations

import math
from functools import reduce

from isoship_edge.rows.arithmetic import divided, greatest
from isoship_edge.rows.functions import exp, log
from isoship_edge.rows.reductions import reduced, summed
from isoship_edge.rows.values import around, axis_of
from isoship_edge.rows.widths import rounded, single

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value


def _normalised(logarithm: bool) -> Prepare:
    def prepare(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
        x = inputs[0]
        before, length, after = around(x.shape, axis_of(attrs["axis"], len(x.shape)))
        out = board.value(x.dtype, x.shape)
        p, o, narrow = x.place, out.place, x.dtype == "float"
        finish: Callable[[Any], list[float]] = rounded if narrow else list
        starts = [outer * length * after + inner for outer in range(before) for inner in range(after)]

        def along(elements: list[float]) -> list[float]:
            top = reduce(greatest, elements, -math.inf)
            shifted = finish([element - top for element in elements])
            powers = finish(map(exp, shifted))
            total = 0.0
            for power in powers:
                total = single(total + power) if narrow else total + power
            if logarithm:
                total = single(log(total)) if narrow else log(total)
                return finish([element - total for element in shifted])
            return finish([divided(power, total) for power in powers])

        def run(v: list[Any]) -> None:
            made = list(v[p])
            for start in starts:
                stop = start + length * after - after + 1
                made[start:stop:after] = along(made[start:stop:after])
            v[o] = made

        board.runs.append(run)
        return [out]

    return prepare


def _log_sum_exp(elements: Sequence[float], near: Callable[[float], float]) -> float:
    top = reduce(greatest, elements, -math.inf)
    if not -math.inf < top < math.inf:
        top = math.nan if top != top else 0.0
    total = summed([near(exp(near(x - top))) for x in elements], near)
    return near(near(log(total)) + top)


PREPARE: dict[str, Prepare] = {
    "Softmax": _normalised(False),
    "LogSoftmax": _normalised(True),
    "ReduceLogSumExp": reduced(_log_sum_exp),
}
