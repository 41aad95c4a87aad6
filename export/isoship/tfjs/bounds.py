"""Intervals of integer values, which prove that int64 of ONNX fits the int32 of every TF.js backend.

An interval is kept for each element where that helps. Example: the leaf numbers of each tree, [1, T], plus the tree's
place in the leaf table, [T], lie inside that table, although the sum of the two largest does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from isoship.tfjs.canonical import Array, Node
    from isoship.tfjs.lowering import Emission, Interval

#: Operators whose result has the places of their input.
_IN_PLACE = frozenset({"Cast", "Identity"})
#: Operators whose result holds only values of their inputs from the given position on to the other one.
_PICKING = {
    "Concat": slice(0, None),
    "Flatten": slice(0, 1),
    "Gather": slice(0, 1),
    "GatherElements": slice(0, 1),
    "Max": slice(0, None),
    "Min": slice(0, None),
    "ReduceMax": slice(0, 1),
    "ReduceMin": slice(0, 1),
    "Reshape": slice(0, 1),
    "Slice": slice(0, 1),
    "Squeeze": slice(0, 1),
    "Tile": slice(0, 1),
    "Transpose": slice(0, 1),
    "Unsqueeze": slice(0, 1),
    "Where": slice(1, 3),
    "ml.ArrayFeatureExtractor": slice(0, 1),
}


def interval_of(node: Node, e: Emission) -> Interval | None:
    """The interval of a node's result from those of its inputs, None where nothing is known."""
    if node.op in ("ArgMax", "ArgMin"):
        size = e.shape(node.inputs[0])[int(node.attrs["axis"])]
        return (np.zeros((), np.int64), np.asarray(size - 1)) if isinstance(size, int) else None
    if node.op in _PICKING:
        return _union([e.interval(name) for name in node.inputs[_PICKING[node.op]]])
    known = [e.interval(name) for name in node.inputs[:2]]
    a, b = known[0], known[-1]
    if a is None or b is None:
        return None
    if node.op in _IN_PLACE:
        return a
    if node.op == "Neg":
        return -a[1], -a[0]
    if node.op == "Add":
        return a[0] + b[0], a[1] + b[1]
    if node.op == "Sub":
        return a[0] - b[1], a[1] - b[0]
    if node.op == "Mul":
        corners = np.stack(np.broadcast_arrays(a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]))
        return corners.min(axis=0), corners.max(axis=0)
    return None


def _union(intervals: list[Interval | None]) -> Interval | None:
    known = [each for each in intervals if each is not None]
    if len(known) != len(intervals):
        return None
    least: Array = np.asarray(min(low.min() for low, _ in known))
    return least, np.asarray(max(high.max() for _, high in known))
