"""The form that a page shows for a model: a field a column, from fitted values alone (docs/architecture.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from isoship.rows.profile import ColumnProfile
from isoship_edge.manifest import Signature

#: A list longer than this is a text field with suggestions, which the page makes of `choices` all the same.
_MOST_CHOICES = 1000


def form_for(profiles: Mapping[str, ColumnProfile], signature: Signature) -> list[dict[str, Any]]:
    """One entry a column, in the signature's order.

    {"column", "kind": "number", "min", "max", "value", "integer"} | {"kind": "choice", "choices", "value"}
    | {"kind": "text", "value"} | {"kind": "boolean", "value"}; each with "missing": may be left empty.
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
    if profile.categories and (profile.dtype == "string" or profile.closed):
        choices = list(profile.categories[:_MOST_CHOICES])
        return {**entry, "kind": "choice", "choices": choices, "closed": profile.closed, "value": choices[0]}
    if profile.dtype == "string":
        return {**entry, "kind": "text", "value": ""}
    return {**entry, **_number(profile)}


def _number(profile: ColumnProfile) -> dict[str, Any]:
    span = profile.high - profile.low
    if not profile.fitted or not (0 < span < math.inf):
        value: float = _whole(profile) if profile.dtype == "int64" else profile.typical
        return {"kind": "number", "min": None, "max": None, "value": value, "integer": profile.dtype == "int64"}
    step = _step(span) * 10
    low, high = _round(profile.low, step, math.floor), _round(profile.high, step, math.ceil)
    value = to_three_digits(profile.typical, span)
    if profile.dtype == "int64":
        return {
            "kind": "number",
            "min": math.floor(low),
            "max": math.ceil(high),
            "value": _whole(profile),
            "integer": True,
        }
    return {"kind": "number", "min": low, "max": high, "value": value, "integer": False}


def _whole(profile: ColumnProfile) -> int:
    return int(min(max(round(profile.typical), profile.lowest), profile.highest))


def _step(span: float) -> float:
    """A thousandth of the span, rounded down to a power of ten."""
    return float(f"1e{math.floor(math.log10(span)) - 3}")


def _round(value: float, step: float, towards: Any) -> float:
    digits = -round(math.log10(step))
    scaled = towards(value / step)
    return float(round(scaled * step, digits) if digits > 0 else scaled * step)
