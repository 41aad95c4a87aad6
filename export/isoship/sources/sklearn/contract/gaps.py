"""Numbers in the middle of a column's range that the model refuses.

An encoder behind a step that changes numbers (floor, a scaler) refuses what it did not meet in training. So it refuses
raw numbers that lie between others which it answers. No fitted attribute speaks of raw numbers. The model itself is
asked: about the sample's own numbers, those between them, and an even grid.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.sources.contract import Row
from isoship.sources.sklearn.contract.group_testing import Asked, accepted
from isoship_edge.manifest import Column

#: So many integers of a range are asked one by one, and listed in the contract where some are refused.
_LISTED = 4096
_OF_SAMPLE, _GRID = 500, 257
#: Where a range has no end, the grid goes so many spans of the sample beyond it.
_BEYOND = 2.0


def without_gaps(column: Column, base: Row, values: Sequence[Any], answers: Asked) -> tuple[Column, float | None]:
    """The column, its integers listed where some in its range are refused; and a refused number where they cannot be.

    values: the sample's own. base: a row that the model answers.
    """
    own = [value for value in (*values, base[column.name]) if value is not None and math.isfinite(value)]
    low, high = min([column.lowest, *own]), max([column.highest, *own])
    listed = column.dtype == "int64" and high - low < _LISTED
    tried = list(range(int(low), int(high) + 1)) if listed else _tried(column, own)
    answered = accepted([[{**base, column.name: value}] for value in tried], answers)
    if all(answered):
        return column, None
    if listed:
        kept = tuple(value for value, ok in zip(tried, answered, strict=True) if ok)
        return column._replace(minimum=None, maximum=None, categories=kept), None
    return column, tried[answered.index(False)]


def _tried(column: Column, values: Sequence[Any]) -> list[Any]:
    own = sorted(set(map(float, values)))
    own = [own[i] for i in np.unique(np.linspace(0, len(own) - 1, min(len(own), _OF_SAMPLE)).astype(int)).tolist()]
    if not own:
        return []
    span = max(own[-1] - own[0], 1.0)
    low, high = max(column.lowest, own[0] - _BEYOND * span), min(column.highest, own[-1] + _BEYOND * span)
    between = [a + (b - a) / 2 for a, b in itertools.pairwise(own)]
    tried = {*own, *between, *np.linspace(low, high, _GRID).tolist()}
    if column.dtype == "int64":
        tried = {int(value) for value in tried}
    return sorted(value for value in tried if column.lowest <= value <= column.highest)
