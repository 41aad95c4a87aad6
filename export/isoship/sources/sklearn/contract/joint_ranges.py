"""Ranges of columns that the model answers one by one and not all at once: sums or squares overflow inside it.

An input contract speaks of single columns. Where rows at the ends of all ranges are refused, every range is cut at the
largest power of two at which they are answered. A row beyond that is an error, though the model might have answered it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from isoship.sources.contract import Row
from isoship.sources.sklearn.contract.group_testing import Asked
from isoship_edge.manifest import Column

Ranges = Mapping[str, dict[str, float]]

_LARGEST = math.ldexp(1.0, 1023) * (2.0 - math.ldexp(1.0, -52))


def cut_to_joint_ranges(
    columns: Sequence[Column], base: Row, answers: Asked, ranges: Ranges, notes: list[str]
) -> dict[str, dict[str, float]]:
    """`ranges`, cut where rows at all their ends are refused. columns: those of doubles that take any number."""
    names = [column.name for column in columns if column.name in ranges]
    kept = {name: dict(each) for name, each in ranges.items()}

    def answered(size: float) -> bool:
        ends = {name: _ends(kept[name], size) for name in names}
        rows = [{**base, **{name: pair[side] for name, pair in ends.items()}} for side in (0, 1)]
        mixed = {name: pair[i % 2] for i, (name, pair) in enumerate(ends.items())}
        return answers([*rows, {**base, **mixed}])

    if len(names) < 2 or answered(_LARGEST) or not answered(1.0):
        return kept
    low, high = 0, 1024
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if answered(math.ldexp(1.0, middle)) else (low, middle)
    size = math.ldexp(1.0, low)
    for name in names:
        least, most = _ends(kept[name], size)
        if least == -size:
            kept[name] = {key: end for key, end in kept[name].items() if "minimum" not in key} | {"minimum": least}
        if most == size:
            kept[name] = {key: end for key, end in kept[name].items() if "maximum" not in key} | {"maximum": most}
    notes.append(
        f"numbers beyond {size:g} in several columns at once overflow inside the model, which refuses such rows: the"
        " contract refuses them in any column"
    )
    return kept


def _ends(found: Mapping[str, float], size: float) -> tuple[float, float]:
    """The least and the largest number of a column's range that are no larger than `size`."""
    least = found.get("minimum", -_LARGEST)
    if "exclusive_minimum" in found:
        least = math.nextafter(found["exclusive_minimum"], math.inf)
    most = found.get("maximum", _LARGEST)
    if "exclusive_maximum" in found:
        most = math.nextafter(found["exclusive_maximum"], -math.inf)
    return max(least, -size), min(most, size)
