"""Rows that must be refused, each for one reason in one column, whatever runtime they are shown to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.rows.profile import ColumnProfile
from isoship.rows.values import typical_row
from isoship.sources.contract import Row
from isoship_edge.manifest import MISSING_STRING

#: Reasons that lie in the source model itself; the others lie in JSON's types and in the promise of the interface.
SOURCE_REASONS = ("missing", "infinite", "category", "range")


@dataclass(frozen=True)
class Refused:
    """row: what is sent. column: the one that must be named ("" for any). why: missing, infinite, category, range,
    type, whole, absent, unknown or character."""

    row: Row
    column: str
    why: str


def refused_rows(profiles: dict[str, ColumnProfile], base: Row | None = None) -> list[Refused]:
    """Every reason in every column to which it applies. base: an answerable row that is spoilt in one column."""
    base = typical_row(profiles) if base is None else base
    found: list[Refused] = []
    for name, p in profiles.items():
        found += [Refused({**base, name: value}, name, why) for value, why in _wrong_values(p)]
    first = next(iter(profiles))
    found.append(Refused({n: v for n, v in base.items() if n != first}, first, "absent"))
    found.append(Refused({**base, "isoship no such column": 1.0}, "isoship no such column", "unknown"))
    return found


def _wrong_values(p: ColumnProfile) -> list[tuple[Any, str]]:
    wrong: list[tuple[Any, str]] = []
    if not p.missing:
        wrong.append((None, "missing"))
    if p.dtype == "string":
        wrong += [(1.5, "type"), (True, "type"), ("a\0b", "character"), (MISSING_STRING, "character")]
        if p.closed:
            wrong.append(("isoship unseen", "category"))
        return wrong
    wrong.append(("1.5", "type"))
    if p.dtype == "bool":
        return [*wrong, (1, "type"), (0.0, "type")]
    wrong.append((True, "type"))
    if p.dtype == "int64":
        wrong += [(1.5, "whole"), (2**53 + 2, "range")]
    elif not p.infinity:
        wrong += [(np.inf, "infinite"), (-np.inf, "infinite")]
    wrong += [(value, "range") for value in _beyond(p)]
    if p.closed:
        other = max(float(c) for c in p.categories) + 1
        wrong.append((int(other) if p.dtype == "int64" else other, "category"))
    return wrong


def _beyond(p: ColumnProfile) -> list[Any]:
    """The next number after each end of the contract: the next double, or integer."""
    ends = [(end, towards) for end, towards in ((p.lowest, -np.inf), (p.highest, np.inf)) if np.isfinite(end)]
    if p.dtype == "int64":
        return [int(end) + (1 if towards > 0 else -1) for end, towards in ends]
    return [float(np.nextafter(end, towards)) for end, towards in ends]
