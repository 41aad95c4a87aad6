"""Sums in numpy's order, and logarithms of sums in scipy's: where terms are huge, another order is another answer.

numpy adds fewer than eight numbers one after the other. It adds up to 128 of them in eight columns, those in pairs, and
the rest one by one; longer rows are halved (`pairwise_sum` in numpy's `loops_utils.h.src`). So it does on rows that lie
side by side in memory, as those of arrays do; columns of a DataFrame may be added one by one.
"""

from __future__ import annotations

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.one_number import write_log1p

_LANES = 8
_BLOCK = 128


def row_sums(g: GraphBuilder, tensor: str, width: int, axis: int = 1) -> str:
    """Sums over `axis`, the last one, which stays with length 1: [..., width] -> [..., 1]."""
    if width < _LANES:
        return _one_by_one(g, tensor, width, axis)
    if width > _BLOCK:
        half = width // 2
        half -= half % _LANES
        left = row_sums(g, _part(g, tensor, 0, half, axis), half, axis)
        return g.op("Add", left, row_sums(g, _part(g, tensor, half, width, axis), width - half, axis))
    whole = width - width % _LANES
    lanes = _part(g, tensor, 0, _LANES, axis)
    for start in range(_LANES, whole, _LANES):
        lanes = g.op("Add", lanes, _part(g, tensor, start, start + _LANES, axis))
    for left_ones, right_ones in (((0, 2, 4, 6), (1, 3, 5, 7)), ((0, 2), (1, 3)), ((0,), (1,))):
        pair = (g.op("Gather", lanes, np.array(ones), axis=axis) for ones in (left_ones, right_ones))
        lanes = g.op("Add", *pair)
    if whole == width:
        return lanes
    rest = g.op("Concat", lanes, _part(g, tensor, whole, width, axis), axis=axis)
    return _one_by_one(g, rest, width - whole + 1, axis)


def log_sum_exp(g: GraphBuilder, tensor: str) -> str:
    """scikit-learn's `_logsumexp` over the columns, [N, K] -> [N, 1]: the largest terms stay out of the sum."""
    top = g.op("ReduceMax", tensor, _LAST, keepdims=1)
    highest = g.op("Equal", tensor, top)
    count = g.op("ReduceSum", g.cast(highest, np.float64), _LAST, keepdims=1)
    others = g.op("Where", highest, np.float64(0), g.op("Exp", g.op("Sub", tensor, top)))
    share = g.op("Div", g.op("ReduceSum", others, _LAST, keepdims=1), count)
    return g.op("Add", g.op("Add", write_log1p(g, share), g.op("Log", count)), top)


_LAST = np.array([1])


def _one_by_one(g: GraphBuilder, tensor: str, width: int, axis: int) -> str:
    if width == 1:
        return tensor
    return g.op("Gather", g.op("CumSum", tensor, np.int64(axis)), np.array([width - 1]), axis=axis)


def _part(g: GraphBuilder, tensor: str, start: int, stop: int, axis: int) -> str:
    return g.op("Slice", tensor, np.array([start]), np.array([stop]), np.array([axis]))
