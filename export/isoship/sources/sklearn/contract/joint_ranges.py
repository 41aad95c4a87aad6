"""Ranges of columns that the model answers one by one and not all at once: sums or squares overflow inside it.

An input contract speaks of single columns. Where rows at the ends of all ranges are refused, every range is cut at the
largest power of two at which they are answered. Where that is an ordinary number, as it is where one column is divided
by another, a range that ends at 0 is cut toward it instead, by the power of two by which others are cut away from it.
A row beyond that is an error, though the model might have answered it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from isoship.sources.contract import Row
from isoship.sources.sklearn.contract.group_testing import Asked
from isoship_edge.manifest import Column

Ranges = Mapping[str, dict[str, float]]
#: The least and the largest number of a range.
Ends = tuple[float, float]

#: The exponent of a number that data may well hold.
_ORDINARY = 100
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

    if len(names) < 2 or answered(_LARGEST):
        return kept
    low, high = (0, 1024) if answered(1.0) else (-1, 0)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if answered(math.ldexp(1.0, middle)) else (low, middle)
    whole = {name: _ends(kept[name], _LARGEST) for name in names}
    grown = _grown(whole, base, answers) if low < _ORDINARY else None
    if grown is not None:
        notes.append(
            "numbers very near 0 or very far from it in several columns at once are not finite inside the model, which"
            " refuses such rows: the contract refuses them in any column"
        )
        return kept | {name: _ending(kept[name], ends, whole[name]) for name, ends in grown.items()}
    if low < 0:
        return kept
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


def _grown(ranges: Mapping[str, Ends], base: Row, answers: Asked) -> dict[str, Ends] | None:
    """Ranges from 1 and -1 outward, as many powers of two as rows at their ends are answered; None where none is."""

    def cut(by: int) -> dict[str, Ends]:
        return {name: (-_outward(by, -least), _outward(by, most)) for name, (least, most) in ranges.items()}

    def answered(by: int) -> bool:
        found = cut(by)
        low, high = ({**base, **{name: pair[side] for name, pair in found.items()}} for side in (0, 1))
        ones = [{**row, name: pair[1 - side]} for side, row in enumerate((low, high)) for name, pair in found.items()]
        return answers([low, high, *ones])

    if not answered(_ORDINARY):
        return None
    low, high = _ORDINARY, 1100
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if answered(middle) else (low, middle)
    return cut(low)


def _outward(by: int, end: float) -> float:
    """The upper end of a range that may reach up to `end`: away from 0, or toward it from below."""
    if end > 0:
        return end if by > 1023 else min(math.ldexp(1.0, by), end)
    return min(-math.ldexp(1.0, -by), end) if end else end


def _ending(found: Mapping[str, float], ends: Ends, before: Ends) -> dict[str, float]:
    """A column's range with other ends; one that stays is worded as it was."""
    made = dict(found)
    for side, end, was in zip(("minimum", "maximum"), ends, before, strict=True):
        if end != was:
            made = {key: value for key, value in made.items() if side not in key} | {side: end}
    return made


def _ends(found: Mapping[str, float], size: float) -> Ends:
    """The least and the largest number of a column's range that are no larger than `size`."""
    least = found.get("minimum", -_LARGEST)
    if "exclusive_minimum" in found:
        least = math.nextafter(found["exclusive_minimum"], math.inf)
    most = found.get("maximum", _LARGEST)
    if "exclusive_maximum" in found:
        most = math.nextafter(found["exclusive_maximum"], -math.inf)
    return max(least, -size), min(most, size)
