"""Columns that a sine or cosine reads: where their angles are multiples of a quarter of pi, and the periods around 0.

Zeros, extremes and equal values of a sine lie at such angles, and so do the thresholds of what was trained behind it:
hours and months as angles take few other values. Such a column crosses a threshold again in each period, up to the
largest double. Only the crossings in the periods around 0 matter for the rows that the model meets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isoship.rows.probe import FloatArray, IntArray, Probe
from isoship.rows.thresholds import Graph, thresholds_at

#: Angles from -2 pi to 4 pi.
_ANGLES = tuple(k * np.pi / 4 for k in range(-8, 17))


def angle_tensors(graph: Graph) -> list[str]:
    """The tensors in front of trees and products of which a sine or cosine is taken."""
    found = [n.input[0] for n in graph.nodes if n.op_type in ("Sin", "Cos") and graph.in_prefix(n.input[0])]
    return list(dict.fromkeys(found))


def angle_boundaries(
    probe: Probe, tensors: Sequence[str], owners: Mapping[str, list[str | None]], numeric: Sequence[str]
) -> dict[str, FloatArray]:
    """The raw values of each such column at which an angle is a multiple of a quarter of pi, ascending."""
    found: dict[str, list[float]] = {}
    for tensor in tensors:
        thresholds = thresholds_at(tensor, range(len(owners[tensor])), _ANGLES)
        owner_of = [name if (name := owners[tensor][k]) in numeric else None for k in thresholds.feature.tolist()]
        which, at = probe.crossings(owner_of, thresholds)
        for k, value in zip(which.tolist(), at.tolist(), strict=True):
            found.setdefault(str(owner_of[k]), []).append(float(np.nextafter(value, np.inf)))
    return {name: np.unique(values) for name, values in found.items()}


def in_first_periods(
    owners: Sequence[str | None], at_angles: Mapping[str, FloatArray], which: IntArray, at: FloatArray
) -> IntArray:
    """Which crossings count: of thresholds that are crossed again and again, those in the first periods alone."""
    times = np.bincount(which, minlength=len(owners))
    kept = []
    for place, (threshold, value) in enumerate(zip(which.tolist(), at.tolist(), strict=True)):
        own = at_angles.get(str(owners[threshold]))
        if own is None or times[threshold] < 2 or own[0] <= value <= own[-1]:
            kept.append(place)
    return np.array(kept, dtype=np.int64)
