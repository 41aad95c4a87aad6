"""Where rows change most: by category, and by a few ranges of each number column, added up piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship_edge.encoding.words import quoted
from isoship_edge.manifest import Column

Array = np.ndarray[Any, Any]

#: A column of more distinct texts than this has those that came first told apart, and all others together.
MOST_CATEGORIES = 500
#: Ranges that a report shows of a number column, and the finer ones that they are put together from at the end.
RANGES, _FINE, _MOST_FINE = 5, 64, 512
#: Slices rank by share x n / (n + 30): one row that changed in a slice of one is no finding.
FEW = 30
#: What is added up of a slice's rows: how many, other labels, the leading number's shift, the largest |shift|.
_SUMS = 4


@dataclass(frozen=True)
class Slice:
    """The rows of one category, or of numbers from low to high, both of which were met. what: "value", "range",
    "missing", or "others", all texts beyond the first `MOST_CATEGORIES`. mean_shift: of the number that stands for a
    row, None where no single one does. mean_largest: of a row's largest |shift|."""

    column: str
    what: str
    value: Any
    low: float | None
    high: float | None
    rows: int
    changed: int
    mean_shift: float | None
    mean_largest: float | None

    @property
    def share(self) -> float:
        return self.changed / self.rows

    @property
    def few(self) -> bool:
        return self.rows < FEW

    @property
    def name(self) -> str:
        if self.what == "range":
            low, high = (f"{end:.5g}" for end in (self.low, self.high))
            return low if self.low == self.high else f"{low} to {high}"
        if self.what == "value":
            return quoted(self.value) if isinstance(self.value, str) else str(self.value).lower()
        return self.what


class Categories:
    """Slices of a column of text, booleans or listed numbers."""

    def __init__(self) -> None:
        self._codes: dict[Any, int] = {None: 0}
        self._sums = np.zeros((MOST_CATEGORIES + 2, _SUMS))

    def add(self, values: Sequence[Any], facts: Array) -> None:
        """facts: [N, 4]."""
        codes, others = self._codes, MOST_CATEGORIES + 1
        for value in dict.fromkeys(values):
            if value not in codes and len(codes) <= MOST_CATEGORIES:
                codes[value] = len(codes)
        _add(self._sums, np.array([codes.get(v, others) for v in values], np.int64), facts)

    def all(self) -> list[tuple[str, Any, None, None, Array]]:
        named = [("missing" if v is None else "value", v, None, None, self._sums[i]) for v, i in self._codes.items()]
        return [*named, ("others", None, None, None, self._sums[-1])]


class Ranges:
    """Slices of a number column. Fine bins by the quantiles of the first piece; what lies beyond all that was met gets
    bins of its own, so that a sorted file has them, too."""

    def __init__(self) -> None:
        self._edges = np.empty(0)
        self._sums = np.zeros((1, _SUMS))
        self._low, self._high = np.array([np.inf]), np.array([-np.inf])
        self._missing = np.zeros((1, _SUMS))

    def add(self, values: Array, facts: Array) -> None:
        """values: [N], NaN where missing."""
        absent = np.isnan(values)
        self._missing += facts[absent].sum(axis=0)
        values, facts = values[~absent], facts[~absent]
        if not len(values):
            return
        met_low, met_high = self._low.min(), self._high.max()
        if met_low > met_high:
            self._split(_quantiles(values, _FINE))
        else:
            above, below = values[values > met_high], values[values < met_low]
            for beyond, end in ((above, met_high), (below, None)):
                if len(beyond):
                    edges = _quantiles(beyond, max(1, _FINE * len(beyond) // len(values)))
                    self._split(edges if end is None else np.append(edges, end))
        places = np.searchsorted(self._edges, values)  # bin i: edges[i - 1] < value <= edges[i]
        _add(self._sums, places, facts)
        np.minimum.at(self._low, places, values)
        np.maximum.at(self._high, places, values)
        if len(self._edges) > _MOST_FINE:
            self._thin()

    def all(self) -> list[tuple[str, Any, float | None, float | None, Array]]:
        filled = np.flatnonzero(self._sums[:, 0])
        total, seen = self._sums[:, 0].sum(), 0.0
        groups: list[list[int]] = []
        for i in filled.tolist():
            if not groups or seen * RANGES >= total * len(groups):
                groups.append([])
            groups[-1].append(i)
            seen += self._sums[i, 0]
        made: list[tuple[str, Any, float | None, float | None, Array]] = [
            ("range", None, float(self._low[g].min()), float(self._high[g].max()), self._sums[g].sum(axis=0))
            for g in groups
        ]
        return [*made, ("missing", None, None, None, self._missing[0])]

    def _split(self, edges: Array) -> None:
        """Adds edges where nothing was counted on their far side."""
        edges = np.setdiff1d(edges[np.isfinite(edges)], self._edges)
        old, sums, low, high = self._edges, self._sums, self._low, self._high
        self._edges = np.union1d(old, edges)
        count = len(self._edges) + 1
        self._sums, self._low, self._high = np.zeros((count, _SUMS)), np.full(count, np.inf), np.full(count, -np.inf)
        held = np.flatnonzero(sums[:, 0])
        places = np.searchsorted(self._edges, high[held])
        self._sums[places], self._low[places], self._high[places] = sums[held], low[held], high[held]

    def _thin(self) -> None:
        """Joins neighbours until half of the bins are left, each of about as many rows."""
        rows = self._sums[:, 0]
        groups = ((np.cumsum(rows) - rows) * (_MOST_FINE // 2) / rows.sum()).astype(np.int64)
        starts = np.append(True, groups[1:] != groups[:-1])
        places = np.cumsum(starts) - 1
        count = places[-1] + 1
        sums, low, high = np.zeros((count, _SUMS)), np.full(count, np.inf), np.full(count, -np.inf)
        np.add.at(sums, places, self._sums)
        np.minimum.at(low, places, self._low)
        np.maximum.at(high, places, self._high)
        self._edges, self._sums, self._low, self._high = self._edges[starts[1:]], sums, low, high


class Slices:
    """Slices of every column of the two signatures; a column of both is read as the old model reads it."""

    def __init__(self, columns: Sequence[Column], *, numbers: bool, lead: bool) -> None:
        self._numbers, self._lead = numbers, lead
        self._by: dict[str, Categories | Ranges] = {
            c.name: Ranges() if c.dtype in ("double", "int64") and c.categories is None else Categories()
            for c in columns
        }

    def add(self, name: str, values: Sequence[Any], facts: Array) -> None:
        """facts: of these rows, 1, whether the label is another, the leading shift, the largest |shift|: [N, 4]."""
        kept = self._by[name]
        if isinstance(kept, Ranges):
            kept.add(np.array(values, np.float64), facts)
        else:
            kept.add(values, facts)

    def all(self) -> list[Slice]:
        """Those with rows, the ones that differ most first; 0 differences last, in the columns' order."""
        made = [
            self._slice(name, what, value, low, high, sums)
            for name, kept in self._by.items()
            for what, value, low, high, sums in kept.all()
            if sums[0]
        ]
        return sorted(made, key=lambda s: (-_weight(s, s.share), -_weight(s, s.mean_largest or 0.0)))

    def _slice(self, name: str, what: str, value: Any, low: float | None, high: float | None, sums: Array) -> Slice:
        rows, changed, shift, largest = sums.tolist()
        return Slice(
            name, what, value, low, high, int(rows), int(changed), shift / rows if self._lead else None,
            largest / rows if self._numbers else None,
        )  # fmt: skip


def _weight(one: Slice, amount: float) -> float:
    return amount * one.rows / (one.rows + FEW)


def _add(sums: Array, places: Array, facts: Array) -> None:
    for k in range(_SUMS):
        sums[:, k] += np.bincount(places, facts[:, k], len(sums))


def _quantiles(values: Array, count: int) -> Array:
    distinct = np.unique(values)
    if len(distinct) <= count:
        return distinct
    return np.unique(np.quantile(values, np.arange(1, count) / count, method="lower"))
