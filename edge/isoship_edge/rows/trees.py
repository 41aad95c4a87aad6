"""Tree ensembles as flat tables: one leaf a tree.

A slot is a node or a leaf. `child` is the first of a node's two children, which stand side by side behind their parent;
what has none behind it is a leaf, so that every walk ends. `feature` is the column that a node compares, or, where it
asks for membership in a set, that and the number of columns; `threshold` what it compares with, the number of its set,
or a leaf's weight. The second child is taken where x > threshold or x is a member, and for NaN as `nan` says: first,
second, or each, which is a bit of `missing` for each slot.
"""

from __future__ import annotations

from isoship_edge.errors import BundleError, DamagedFile
from isoship_edge.rows.values import WARM
from isoship_edge.rows.widths import REALS

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

    Tables = tuple[Sequence[int], Sequence[float], Sequence[int]]
    Node = tuple[int, Any, Any, Any, Any]

#: Slots that are linked at each ask, once it is warm: a linked tree is walked in half the time of its tables, and a
#: forest takes tens of milliseconds to link.
_AT_ONCE = 400
#: What a place is read from: no element is below 0, so that none is found from a table's end.
_PLACES = ("uint8", "uint16", "uint32")


def _trees(board: Board, inputs: list[Any], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, *tables = inputs
    if (
        x.dtype not in REALS
        or x.size != x.shape[-1]
        or any(table is not None and table.data is None for table in tables)
    ):
        raise BundleError("it is asked for several rows or no reals, or its tables are no constants")
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
    if slots <= board.spare:  # what the linked ones take is bounded
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
    """Down every tree. asks: how often it was asked, or -1 where the tables stay as they are.

    A tree that is linked is a node (column, threshold, first child, second child, the child of NaN), where a set stands
    for its threshold, or a leaf (0, weight, None, None, None).
    """

    def __init__(
        self, roots: range, tables: Tables, nan: str, missing: Sequence[int], sets: dict[float, frozenset[float]]
    ) -> None:
        self.asks, self._roots, self._tables = -1, roots, tables
        self._nan, self._missing, self._sets = nan, missing, sets
        self._linked: list[Node] = []

    def __call__(self, row: list[float]) -> list[float]:
        """The weight of each tree's leaf. Raises: IndexError, KeyError."""
        linked, roots = self._linked, self._roots
        if self.asks >= 0:
            self.asks += 1
            if self.asks > WARM:
                linked = self._link(linked, len(row))
        total = sum(row)  # NaN where one of them is, and of infinities of both signs
        if self._sets or (self._nan != "first" and total != total):
            made = _asked_below(linked, row)
            return made if len(made) == len(roots) else made + self._asked(roots[len(made) :], row)
        made = _below(linked, row)
        return made if len(made) == len(roots) else made + self._plain(roots[len(made) :], row)

    def _plain(self, roots: range, row: list[float]) -> list[float]:
        feature, threshold, child = self._tables
        made = []
        for slot in roots:
            below = child[slot]
            while below > slot:
                slot = below + (row[feature[slot]] > threshold[slot])
                below = child[slot]
            made.append(threshold[slot])
        return made

    def _asked(self, roots: range, row: list[float]) -> list[float]:
        """With missing values and sets."""
        feature, threshold, child = self._tables
        sets, width = self._sets, len(row)
        made = []
        for slot in roots:
            below = child[slot]
            while below > slot:
                column = feature[slot]
                value = row[column if column < width else column - width]
                if value != value:
                    second = self._for_nan(slot)
                else:
                    second = value > threshold[slot] if column < width else value in sets[threshold[slot]]
                slot = below + second
                below = child[slot]
            made.append(threshold[slot])
        return made

    def _for_nan(self, slot: int) -> int:
        """Which child NaN takes."""
        return self._missing[slot >> 3] >> (slot & 7) & 1 if self._nan == "each" else self._nan == "second"

    def _link(self, linked: list[Node], width: int) -> list[Node]:
        """Links the next trees. Threads that come at once link the same ones."""
        made, slots = linked[:], 0
        for root in self._roots[len(made) :]:
            order = [root]
            child = self._tables[2]
            for slot in order:
                below = child[slot]
                if below > slot:
                    order += (below, below + 1)
                    if len(order) > len(child):
                        raise IndexError("a tree has more nodes than all have slots")
            made.append(self._tree(order, width))
            slots += len(order)
            if slots >= _AT_ONCE:
                break
        self._linked = made
        if len(made) == len(self._roots):
            self.asks = -1
        return made

    def _tree(self, order: list[int], width: int) -> Node:
        """order: its slots, a node before those below it."""
        feature, threshold, child = self._tables
        made: dict[int, Node] = {}
        for slot in reversed(order):
            below = child[slot]
            if below <= slot:
                made[slot] = 0, threshold[slot], None, None, None
                continue
            column = feature[slot]
            limit: Any = threshold[slot]
            if column >= width:
                column, limit = column - width, self._sets[limit]
            first, second = made[below], made[below + 1]
            made[slot] = column, limit, first, second, second if self._for_nan(slot) else first
        return made[order[0]]


def _below(trees: list[Node], row: list[float]) -> list[float]:
    """The leaves' weights, of trees without sets and a row without a missing value that matters."""
    made = []
    for column, limit, first, second, _ in trees:
        while first is not None:
            column, limit, first, second, _ = second if row[column] > limit else first
        made.append(limit)
    return made


def _asked_below(trees: list[Node], row: list[float]) -> list[float]:
    """The same with missing values and sets."""
    made = []
    for column, limit, first, second, absent in trees:
        while first is not None:
            value = row[column]
            if value != value:
                node = absent
            elif type(limit) is frozenset:
                node = second if value in limit else first
            else:
                node = second if value > limit else first
            column, limit, first, second, absent = node
        made.append(limit)
    return made


PREPARE: dict[str, Prepare] = {"isoship.Trees": _trees}
