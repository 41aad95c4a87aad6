"""The form that a page shows for a model: a field a column, from fitted values alone (docs/architecture.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from isoship.rows.profile import ColumnProfile
from isoship_edge.manifest import Signature

#: A list longer than this is a text field with suggestions, which the page makes of `choices` all the same.
_MOST_CHOICES = 1000
#: A threshold beyond it stands for infinity.
_FAR = 1e100


def form_for(profiles: Mapping[str, ColumnProfile], signature: Signature) -> list[dict[str, Any]]:
    """One entry a column, in the signature's order.

    {"column", "kind": "number", "min", "max", "value", "integer"} | {"kind": "choice", "choices", "closed", "value"}
    | {"kind": "text", "value"} | {"kind": "boolean", "value"}; each with "missing": may be left empty.

    min, max: between them lies every place where the model changes its answer, and outside of them it does not: the
    first and the last threshold of its trees and bins, rounded outward. Both are null where that is not so: a linear
    model answers every number differently, and the mean and deviation of its scaler say nothing of the numbers that it
    was trained on (an amount of at least 0 would be "-9 to 237").
    choices: the values that the model tells apart; with `closed` it refuses others, else it answers all others alike.
    A column whose other values are not answered alike (text of which words are counted) is a text or a number.
    """
    return [_field(profiles[column.name]) for column in signature.columns]


def to_three_digits(value: float, span: float) -> float:
    """The value to three digits of the span: what a person would type."""
    if not math.isfinite(value) or span <= 0 or not math.isfinite(span):
        return value
    return _round(value, _step(span), round)


def _field(profile: ColumnProfile) -> dict[str, Any]:
    entry: dict[str, Any] = {"column": profile.name, "missing": profile.missing}
    if profile.dtype == "bool":
        return {**entry, "kind": "boolean", "value": False}
    if profile.categories and (profile.closed or profile.enumerated):
        choices = list(profile.categories[:_MOST_CHOICES])
        return {**entry, "kind": "choice", "choices": choices, "closed": profile.closed, "value": choices[0]}
    if profile.dtype == "string":
        return {**entry, "kind": "text", "value": str(profile.categories[0]) if profile.categories else ""}
    return {**entry, **_number(profile)}


def _number(profile: ColumnProfile) -> dict[str, Any]:
    whole = profile.dtype == "int64"
    low, high = _where_it_changes(profile)
    span = profile.high - profile.low
    value: float = _whole(profile) if whole else profile.typical
    if profile.fitted and not whole:
        value = to_three_digits(value, span)
    return {"kind": "number", "min": low, "max": high, "value": value, "integer": whole}


def _where_it_changes(profile: ColumnProfile) -> tuple[float, float] | tuple[None, None]:
    """The range of `form_for`: both sides of every boundary lie in it, and it crosses no zero that they do not."""
    places = profile.boundaries[abs(profile.boundaries) < _FAR]
    if not profile.bounded or len(places) == 0:
        return None, None
    first, last = float(places[0]), float(places[-1])
    step = _step(last - first or abs(first) or 1.0) * 10
    low, high = _round(first, step, math.floor), _round(last, step, math.ceil)
    if high <= last:
        high = _round(high + step, step, round)
    low, high = max(low, profile.lowest), min(high, profile.highest)
    if profile.dtype == "int64":
        low, high = math.floor(low), max(math.ceil(high), math.floor(last) + 1)
    return (low, high) if low < high else (None, None)


def _whole(profile: ColumnProfile) -> int:
    return int(min(max(round(profile.typical), profile.lowest), profile.highest))


def _step(span: float) -> float:
    """A thousandth of the span, rounded down to a power of ten."""
    return float(f"1e{math.floor(math.log10(span)) - 3}")


def _round(value: float, step: float, towards: Any) -> float:
    digits = -round(math.log10(step))
    scaled = towards(value / step)
    return float(round(scaled * step, digits) if digits > 0 else scaled * step)
