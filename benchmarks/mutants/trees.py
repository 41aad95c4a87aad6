"""The tree ensemble of a canonical graph, node by node: where a fault changes an answer, by construction.

A twig is a node with two leaves of different value, and some row reaches it on either side: its region is a product
of intervals that training rows lie in, and moving one column inside its own interval keeps the others. A fault at a
twig therefore changes the answer of every row that it leads astray, since the other trees do not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.mutants.graph import Array, Canonical

LEQ, LT, GTE, GT, MEMBER = 0, 1, 2, 3, 6
#: Comparisons whose "true" is the side of the small numbers; GTE and GT are the same splits from their other side.
_LOW_IS_TRUE = (LEQ, LT)
#: The same comparison with the threshold itself on the other side.
OTHER_SIDE = {LEQ: LT, GT: GTE}


@dataclass(frozen=True)
class Branch:
    """One interior node. above: (ancestor, whether this node lies where true goes) from the root down."""

    index: int
    tree: int
    above: tuple[tuple[int, bool], ...]

    @property
    def depth(self) -> int:
        return len(self.above)


class Ensemble:
    """The attributes of the one TreeEnsemble as arrays; `save` writes them back."""

    def __init__(self, canonical: Canonical) -> None:
        self.canonical = canonical
        self.node = canonical.node("TreeEnsemble")
        attributes = canonical.attributes(self.node)
        count = len(attributes["nodes_featureids"])
        self.feature: Array = np.array(attributes["nodes_featureids"])
        self.split: Array = attributes["nodes_splits"]
        self.mode: Array = attributes["nodes_modes"]
        self.child = {
            True: np.array(attributes["nodes_truenodeids"]),
            False: np.array(attributes["nodes_falsenodeids"]),
        }
        self.leaf = {True: np.array(attributes["nodes_trueleafs"]), False: np.array(attributes["nodes_falseleafs"])}
        tracks = attributes.get("nodes_missing_value_tracks_true")
        self._tracked = bool(tracks)
        self.nan_true: Array = np.array(tracks if tracks else [0] * count)
        self.members: Array | None = attributes.get("membership_values")
        self.place: Array = attributes["leaf_weights"].astype(np.int64)
        self.tree_of_leaf: Array = np.array(attributes["leaf_targetids"])
        picked = next(n for n in canonical.graph.node if "leaf_table" in n.input)
        self._transposed = picked.op_type == "ArrayFeatureExtractor"  # [C, U] there, [U, C] in a Gather
        table = canonical.constant("leaf_table")
        self.table: Array = np.ascontiguousarray(table.T) if self._transposed else table
        self.branches = list(self._walk(attributes["tree_roots"]))

    def save(self) -> None:
        set_one = self.canonical.set_attribute
        set_one(self.node, "nodes_featureids", self.feature.tolist())
        set_one(self.node, "nodes_splits", self.split)
        set_one(self.node, "nodes_modes", self.mode)
        set_one(self.node, "nodes_truenodeids", self.child[True].tolist())
        set_one(self.node, "nodes_falsenodeids", self.child[False].tolist())
        set_one(self.node, "nodes_trueleafs", self.leaf[True].tolist())
        set_one(self.node, "nodes_falseleafs", self.leaf[False].tolist())
        if self.nan_true.any() or self._tracked:
            set_one(self.node, "nodes_missing_value_tracks_true", self.nan_true.tolist())
        if self.members is not None:
            set_one(self.node, "membership_values", self.members)
        set_one(self.node, "leaf_weights", self.place.astype(self.split.dtype))
        table = np.ascontiguousarray(self.table.T) if self._transposed else self.table
        self.canonical.set_constant("leaf_table", table)
        self.canonical.save()

    def value(self, leaf: int) -> Array:
        """What a leaf answers."""
        return np.atleast_1d(self.table[self.place[leaf]])

    def set_value(self, leaf: int, value: Any) -> None:
        """Gives one leaf a value of its own: others may share the place of its old one."""
        self.table = np.concatenate([self.table, np.asarray(value, self.table.dtype).reshape(1, *self.table.shape[1:])])
        self.place[leaf] = len(self.table) - 1

    def twigs(self, modes: Sequence[int] = (LEQ, GT), numbers: Sequence[int] | None = None) -> list[Branch]:
        """Nodes with two leaves of different value. numbers: the features that may decide them."""
        return [
            b
            for b in self.branches
            if self.mode[b.index] in modes
            and self.leaf[True][b.index]
            and self.leaf[False][b.index]
            and (numbers is None or self.feature[b.index] in numbers)
            and self.gap(b) > 1e-3
        ]

    def gap(self, twig: Branch) -> float:
        """How far apart a twig's two leaves are."""
        two = [self.value(self.child[side][twig.index]) for side in (True, False)]
        return float(np.max(np.abs(two[0] - two[1])))

    def interval(self, branch: Branch) -> tuple[float, float]:
        """What the nodes above leave of the branch's own feature: low < x <= high."""
        low, high = -np.inf, np.inf
        for i, on_true in branch.above:
            if self.feature[i] == self.feature[branch.index] and self.mode[i] != MEMBER:
                below = on_true == (self.mode[i] in _LOW_IS_TRUE)
                low, high = (low, min(high, self.split[i])) if below else (max(low, self.split[i]), high)
        return float(low), float(high)

    def meets_missing(self, branch: Branch) -> bool:
        """A row whose value for the branch's feature is missing reaches it: the nodes above let it pass."""
        same = [(i, on_true) for i, on_true in branch.above if self.feature[i] == self.feature[branch.index]]
        return all(bool(self.nan_true[i]) == on_true for i, on_true in same)

    def members_of(self, branch: Branch) -> slice:
        """Where the set of a MEMBER node stands in `members`, which holds one set after the other, NaN between."""
        assert self.members is not None
        which = int((self.mode[: branch.index] == MEMBER).sum())
        ends = np.flatnonzero(np.isnan(self.members))
        return slice(0 if which == 0 else int(ends[which - 1]) + 1, int(ends[which]))

    def _walk(self, roots: Sequence[int]) -> Any:
        for tree, root in enumerate(roots):
            waiting: list[tuple[int, tuple[tuple[int, bool], ...]]] = [(root, ())]
            while waiting:
                i, above = waiting.pop()
                if self.leaf[True][i] and self.leaf[False][i] and self.child[True][i] == self.child[False][i]:
                    continue  # a tree that is one leaf
                yield Branch(i, tree, above)
                waiting += [
                    (int(self.child[side][i]), (*above, (i, side))) for side in (False, True) if not self.leaf[side][i]
                ]


def chosen(branches: Sequence[Branch], rng: np.random.Generator, fits: Callable[[Branch], bool]) -> Branch:
    """One of those that fit, by the run's seed.

    Raises:
        LookupError: none does; the base model must change.
    """
    usable = [b for b in branches if fits(b)]
    if not usable:
        raise LookupError("no node of this base suits the fault")
    return usable[int(rng.integers(len(usable)))]
