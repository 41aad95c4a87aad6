"""Tree ensembles as flat tables: one leaf a tree.

A slot is a node or a leaf. `child` is the first of a node's two children, which stand side by side behind their parent;
what has none behind it is a leaf, so that every walk ends. `feature` is the column that a node compares, or, where it
asks for membership in a set, that and the number of columns; `threshold` what it compares with, the number of its set,
or a leaf's weight. The second child is taken where x > threshold or x is a member, and for NaN as `nan` says: first,
second, or each, which is a bit of `missing` for each slot.
"""

from __future__ import annotations

from isoship_edge.errors import BundleError, DamagedFile

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

    Tables = tuple[Sequence[int], Sequence[float], Sequence[int]]

#: Asks until tables are turned into lists: one element of rows.bin takes twice as long, and a list milliseconds.
_WARM = 4
#: What a place is read from: no element is below 0, so that none is found from a table's end.
_PLACES = ("uint8", "uint16", "uint32")


def _trees(board: Board, inputs: list[Any], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, *tables = inputs
    if x.size != x.shape[-1] or any(table is not None and table.data is None for table in tables):
        raise BundleError("it is asked for several rows, or its tables are no constants")
    feature, threshold, child, missing, members, ends = tables
    if feature.dtype not in _PLACES or child.dtype not in _PLACES:
        raise BundleError("its places may be negative")
    nan, roots, slots = attrs["nan"], attrs["roots"], feature.size
    bits = {"first": 0, "second": 0, "each": slots}[nan]
    marks = missing.data if missing is not None else ()
    if not slots == threshold.size == child.size or 8 * len(marks) < bits or not 0 <= roots <= slots:
        raise BundleError("its tables differ in length")
    kept = (feature.data, threshold.data, child.data)
    sets = {} if members is None or ends is None else _sets(members.data, ends.data)
    walk = _Walk(range(roots), kept, nan, marks, sets)
    if slots <= board.spare:  # what lists of all of them take is bounded
        board.spare -= slots
        walk.asks = 0
    out = board.value(x.dtype, (*x.shape[:-1], roots))
    p, o = x.place, out.place

    def run(v: list[Any]) -> None:
        """Raises: DamagedFile."""
        try:
            v[o] = walk(v[p])
        except (LookupError, TypeError) as err:
            raise DamagedFile(f"its tables point beyond their ends: {type(err).__name__}: {err}") from err

    board.runs.append(run)
    return [out]


def _sets(members: Sequence[float], ends: Sequence[int]) -> dict[float, frozenset[float]]:
    made, start = {}, 0
    for number, end in enumerate(ends):
        made[float(number)] = frozenset(members[start:end])
        start = end
    return made


class _Walk:
    """Down every tree. asks: how often it was asked, or -1 where the tables stay as they are."""

    def __init__(
        self, roots: range, tables: Tables, nan: str, missing: Sequence[int], sets: dict[float, frozenset[float]]
    ) -> None:
        self.asks, self._roots, self._tables = -1, roots, tables
        self._nan, self._missing, self._sets = nan, missing, sets

    def __call__(self, row: list[float]) -> list[float]:
        """The weight of each tree's leaf. Raises: IndexError, KeyError."""
        if self.asks >= 0:
            self.asks += 1
            if self.asks >= _WARM:
                feature, threshold, child = self._tables
                self._tables = list(feature), list(threshold), list(child)
                self.asks = -1
        if self._sets or (self._nan != "first" and row != [value for value in row if value == value]):
            return self._asked(row)
        feature, threshold, child = self._tables
        made = []
        for slot in self._roots:
            below = child[slot]
            while below > slot:
                slot = below + (row[feature[slot]] > threshold[slot])
                below = child[slot]
            made.append(threshold[slot])
        return made

    def _asked(self, row: list[float]) -> list[float]:
        """With missing values and sets."""
        _, threshold, child = self._tables
        second = self._second(row)
        made = []
        for slot in self._roots:
            below = child[slot]
            while below > slot:
                slot = below + second(slot)
                below = child[slot]
            made.append(threshold[slot])
        return made

    def _second(self, row: list[float]) -> Callable[[int], int]:
        feature, threshold, _ = self._tables
        sets, missing, nan, width = self._sets, self._missing, self._nan, len(row)

        def second(slot: int) -> int:
            column = feature[slot]
            value = row[column if column < width else column - width]
            if value != value:
                return missing[slot >> 3] >> (slot & 7) & 1 if nan == "each" else nan == "second"
            return value > threshold[slot] if column < width else value in sets[threshold[slot]]

        return second


PREPARE: dict[str, Prepare] = {"isoship.Trees": _trees}
