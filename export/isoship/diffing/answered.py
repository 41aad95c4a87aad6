"""What two models answered to the same rows: counts, changes and the rows that change most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from isoship.diffing.labels import LabelChange
from isoship.diffing.shifts import Shift
from isoship.diffing.slices import Slice

Side = Literal["old", "new"]

#: Rows that are shown whole, no two of the same values.
WORST = 10


@dataclass(frozen=True)
class Refusal:
    """Rows that one model refuses and the other answers. by: which refuses. seen: of the first such row."""

    by: Side
    column: str | None
    expected: str
    seen: str
    rows: int


@dataclass(frozen=True)
class ChangedRow:
    """row: its number, from 0. values: of its columns. old, new: the predictions as HTTP has them."""

    row: int
    label_changed: bool
    largest: float
    values: dict[str, Any]
    old: dict[str, Any]
    new: dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """rows: how many were asked of both. both: answered by both. neither: refused by both. labels_changed: rows of
    `both` of which any label is another one. largest: of the shifts beyond the tolerance, inf where one side alone is
    no finite number. bits: every answer that can be compared is the same to the last bit."""

    rows: int
    both: int
    neither: int
    refused: tuple[Refusal, ...]
    labels_changed: int
    ties: int
    beyond_tolerance: int
    largest: float
    bits: bool
    labels: tuple[LabelChange, ...]
    shifts: tuple[Shift, ...]
    slices: tuple[Slice, ...]
    worst: tuple[ChangedRow, ...]

    @property
    def refused_by_one(self) -> int:
        return self.rows - self.both - self.neither

    @property
    def changed(self) -> int:
        """Rows with another label, or an answer of one model alone."""
        return self.labels_changed + self.refused_by_one

    @property
    def share(self) -> float:
        """Of the rows that at least one of the models answers."""
        answered = self.rows - self.neither
        return self.changed / answered if answered else 0.0
