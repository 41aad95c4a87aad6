"""Labels that change from one model to the other, counted from what to what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

#: Different changes of one output that are told apart: a clusterer has labels without end.
_MOST = 10_000


@dataclass(frozen=True)
class LabelChange:
    """Labels of one output, or one column of it (`of`). changes: (from, to, rows), the most frequent first."""

    output: str
    of: str
    rows: int
    changed: int
    ties: int
    changes: tuple[tuple[Any, Any, int], ...]

    @property
    def share(self) -> float:
        return self.changed / self.rows if self.rows else 0.0


class LabelCounts:
    """Adds up the changes of one column of labels."""

    def __init__(self, output: str, of: str, *, as_text: bool) -> None:
        self._output, self._of, self._as_text = output, of, as_text
        self._rows = self._changed = self._ties = 0
        self._counts: Counter[tuple[Any, Any]] = Counter()

    def differ(self, old: Array, new: Array) -> Array:
        """[N] booleans."""
        if self._as_text:
            old, new = (np.array(list(map(str, a.tolist())), object) for a in (old, new))
        differs = np.asarray(old != new, bool)
        if old.dtype.kind == "f" and new.dtype.kind == "f":
            differs &= ~(np.isnan(old) & np.isnan(new))
        return differs

    def add(self, old: Array, new: Array, changed: Array, ties: Array) -> None:
        """changed, ties: [N] booleans, of other labels those that count and those that do not."""
        self._rows += len(old)
        self._changed += int(changed.sum())
        self._ties += int(ties.sum())
        for pair in zip(old[changed].tolist(), new[changed].tolist(), strict=True):
            if pair in self._counts or len(self._counts) < _MOST:
                self._counts[pair] += 1

    def all(self) -> LabelChange:
        changes = tuple((was, now, rows) for (was, now), rows in self._counts.most_common())
        return LabelChange(self._output, self._of, self._rows, self._changed, self._ties, changes)
