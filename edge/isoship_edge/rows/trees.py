"""Tree ensembles as flat tables: one leaf a tree.

A slot is a node or a leaf. `feature` is the column that a node compares, -1 in a leaf, and -2 - column where a node
asks for membership in a set; `threshold` what it compares with, the number of its set, or a leaf's weight; `child` the
first of its two children, which stand side by side. The second one is taken where x > threshold or x is a member, and
for NaN as `nan` says: first, second, or each, which is a bit of `missing` for each slot.
"""

from __future__ import annotations

from isoship_edge.errors import BundleError
from isoship_edge.rows.values import size_of

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

#: Asks until tables are turned into lists: one element of rows.bin takes twice as long, and a list milliseconds.
_WARM = 4


def _trees(board: Board, inputs: list[Value | None], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, *tables = inputs
    if x is None or size_of(x.shape[:-1]) != 1 or any(table is not None and table.data is None for table in tables):
        raise BundleError("it is asked for several rows, or its tables are no constants")
    feature, threshold, child, missing, members, ends = (() if table is None else table.data for table in tables)
    slots = len(feature)
    bits = {"first": 0, "second": 0, "each": slots}[attrs["nan"]]
    if not slots == len(threshold) == len(child) or 8 * len(missing) < bits:
        raise BundleError("its tables differ in length")
    walk = _Walk(attrs["roots"], (feature, threshold, child), attrs["nan"], missing, _sets(members, ends))
    if slots <= board.spare:  # what lists of all of them take is bounded
        board.spare -= slots
        walk.asks = 0
    out = board.value(x.dtype, (*x.shape[:-1], attrs["roots"]))
    p, o = x.place, out.place

    def run(v: list[Any]) -> None:
        v[o] = walk(v[p])

    board.runs.append(run)
    return [out]


def _sets(members: Sequence[float], ends: Sequence[int]) -> list[frozenset[float]]:
    made, start = [], 0
    for end in ends:
        made.append(frozenset(members[start:end]))
        start = end
    return made


class _Walk:
    """Down every tree. asks: how often it was asked, or -1 where the tables stay as they are."""

    def __init__(
        self,
        roots: int,
        tables: tuple[Sequence[int], Sequence[float], Sequence[int]],
        nan: str,
        missing: Sequence[int],
        sets: list[frozenset[float]],
    ) -> None:
        self.asks, self._roots, self._tables = -1, range(roots), tables
        self._nan, self._missing, self._sets = nan, missing, sets

    def __call__(self, row: list[float]) -> list[float]:
        """The weight of each tree's leaf."""
        if self.asks >= 0:
            self.asks += 1
            if self.asks == _WARM:
                feature, threshold, child = self._tables
                self._tables = list(feature), list(threshold), list(child)
                self.asks = -1
        if self._sets or (self._nan != "first" and row != [value for value in row if value == value]):
            return self._asked(row)
        feature, threshold, child = self._tables
        made = []
        for slot in self._roots:
            column = feature[slot]
            while column >= 0:
                slot = child[slot] + (row[column] > threshold[slot])
                column = feature[slot]
            made.append(threshold[slot])
        return made

    def _asked(self, row: list[float]) -> list[float]:
        """With missing values and sets."""
        feature, threshold, child = self._tables
        second = self._second(row)
        made = []
        for slot in self._roots:
            while feature[slot] != -1:
                slot = child[slot] + second(slot)
            made.append(threshold[slot])
        return made

    def _second(self, row: list[float]) -> Callable[[int], int]:
        feature, threshold, _ = self._tables
        sets, missing, nan = self._sets, self._missing, self._nan

        def second(slot: int) -> int:
            column = feature[slot]
            value = row[column if column >= 0 else -2 - column]
            if value != value:
                return missing[slot >> 3] >> (slot & 7) & 1 if nan == "each" else nan == "second"
            return value > threshold[slot] if column >= 0 else value in sets[int(threshold[slot])]

        return second


PREPARE: dict[str, Prepare] = {"isoship.Trees": _trees}
