"""How far numbers move from one model to the other, added up piece by piece."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from isoship_edge.manifest import Tolerance

Array = np.ndarray[Any, Any]

QUANTILES = (0.01, 0.05, 0.5, 0.95, 0.99)
#: A bin's ends are so far apart: a quantile is right to 1 % of itself.
_BASE = math.log(1.02)
#: Where a difference overflows.
_MOST = float(np.finfo(np.float64).max)


class Moved(NamedTuple):
    """Numbers of a piece, [N, K] each. by: new - old, 0 where one side is no finite number. broken: one side is none
    and the other is another. beyond: |by| is beyond the tolerance, or broken."""

    by: Array
    broken: Array
    beyond: Array
    bits: bool


@dataclass(frozen=True)
class Shift:
    """How far one number moved over all rows. largest_relative: |new - old| over the larger of the two, so that 2 is
    the most. quantiles: of new - old, each right to 1 % of itself. beyond: rows beyond the tolerance; broken: rows
    where one side alone is NaN or infinite, which count into nothing else."""

    output: str
    of: str
    rows: int
    mean: float
    mean_absolute: float
    largest: float
    largest_relative: float
    quantiles: dict[str, float]
    beyond: int
    broken: int


def moved(old: Array, new: Array, tolerance: Tolerance) -> Moved:
    """old, new: [N, K] of floats."""
    bits = old.dtype == new.dtype and old.tobytes() == new.tobytes()
    before, after = (a.astype(np.float64) for a in (old, new))
    finite = np.isfinite(before) & np.isfinite(after)
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    broken = ~finite & ~same
    with np.errstate(over="ignore", invalid="ignore"):
        by = np.clip(np.where(finite, after - before, 0.0), -_MOST, _MOST)
        beyond = broken | (np.abs(by) > tolerance.atol + tolerance.rtol * np.where(finite, np.abs(before), 0.0))
    return Moved(by, broken, beyond, bits)


@dataclass
class Sketch:
    """Counts in bins of equal width in the logarithm: quantiles in a memory that rows do not grow."""

    bins: dict[int, int] = field(default_factory=dict)
    zeros: int = 0

    def add(self, values: Array) -> None:
        found = values[values != 0]
        self.zeros += len(values) - len(found)
        # places from 1 up, the sign in front; the least double stands in bin 1
        places = 1 + np.floor((np.log(np.abs(found)) - math.log(5e-324)) / _BASE).astype(np.int64)
        keys, counts = np.unique(np.where(found < 0, -places, places), return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            self.bins[key] = self.bins.get(key, 0) + count

    def quantile(self, share: float) -> float:
        total = self.zeros + sum(self.bins.values())
        if not total:
            return 0.0
        rank, seen = share * (total - 1), 0
        for key, count in sorted({**self.bins, 0: self.zeros}.items()):
            seen += count
            if seen > rank:
                return _middle(key)
        return 0.0


def _middle(key: int) -> float:
    if not key:
        return 0.0
    return math.copysign(math.exp((abs(key) - 0.5) * _BASE + math.log(5e-324)), key)


class Shifts:
    """Adds up how K numbers of one output move. sketched: of the first so many, quantiles are kept."""

    def __init__(self, output: str, of: tuple[str, ...], sketched: int = 64) -> None:
        self._output, self._of = output, of
        width = len(of)
        self._rows = 0
        self._sum, self._absolute = np.zeros(width), np.zeros(width)
        self._largest, self._relative = np.zeros(width), np.zeros(width)
        self._beyond, self._broken = np.zeros(width, np.int64), np.zeros(width, np.int64)
        self._sketches = [Sketch() for _ in of[:sketched]]

    def add(self, old: Array, new: Array, found: Moved) -> None:
        """old, new: the numbers that `found` was made of."""
        if not len(old):
            return
        size = np.abs(found.by)
        larger = np.maximum(np.abs(old.astype(np.float64)), np.abs(new.astype(np.float64)))
        relative = np.divide(size, larger, out=np.zeros_like(size), where=(size > 0) & np.isfinite(larger))
        self._rows += len(old)
        with np.errstate(over="ignore", invalid="ignore"):
            self._sum += found.by.sum(axis=0)
            self._absolute += size.sum(axis=0)
        self._largest = np.maximum(self._largest, size.max(axis=0))
        self._relative = np.maximum(self._relative, relative.max(axis=0))
        self._beyond += found.beyond.sum(axis=0)
        self._broken += found.broken.sum(axis=0)
        for k, sketch in enumerate(self._sketches):
            sketch.add(found.by[~found.broken[:, k], k])

    def all(self) -> list[Shift]:
        made = []
        for k, of in enumerate(self._of):
            counted = max(1, self._rows - int(self._broken[k]))
            quantiles = {f"{q:g}": self._sketches[k].quantile(q) for q in QUANTILES} if k < len(self._sketches) else {}
            sums = float(self._sum[k]) / counted, float(self._absolute[k]) / counted
            ends = float(self._largest[k]), float(self._relative[k])
            counts = int(self._beyond[k]), int(self._broken[k])
            made.append(Shift(self._output, of, self._rows, *sums, *ends, quantiles, *counts))
        return made
