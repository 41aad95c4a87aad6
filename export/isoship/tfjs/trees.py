"""Reads a `TreeEnsemble` v5 node and lays it out for int32: ranks of features against positions of thresholds.

Which rank columns are needed: one for each (feature, kind of comparison, where NaN goes) that occurs. With ascending
thresholds t and rank r(x) = the number of t below x (not above x for `<`), `x <= t[j]` is `r(x) <= j` (`x < t[j]`
likewise), exactly, for every double x. NaN ranks -1 where it goes to the true branch, above every position where it
goes to the false one. A set test is a column of 0 and 1. `>`, `>=`, `!=` are their opposites with branches swapped.

Slots: the roots first, then level by level the two children of each node side by side, so that a step is
`slot = first_child[slot] + (rank[column[slot]] > position[slot])`. A leaf is its own first child and its position is
above every rank: rows that have arrived stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.tfjs.canonical import Array, Node

LEQ, LT, GTE, GT, EQ, NEQ, MEMBER = range(7)
_SWAPPED = {GTE: LT, GT: LEQ, NEQ: EQ}

#: Above every rank, and exact in the float32 in which webgl holds int32.
ABOVE_EVERY_RANK = 2**24 - 1


@dataclass(frozen=True)
class RankColumn:
    """values ascend. kind: left, right (thresholds) or member (a set). nan: what a missing value gets."""

    feature: int
    kind: str
    nan: str
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Layout:
    """Slot tables, [S]; the first `roots` slots are the trees' roots. depth: steps until every row is in a leaf.

    least, greatest: of the weights of each tree's leaves, [roots].
    """

    columns: tuple[RankColumn, ...]
    column: Array
    position: Array
    first_child: Array
    leaf_weight: Array
    least: Array
    greatest: Array
    roots: int
    depth: int


def layout_of(node: Node) -> Layout:
    """The ensemble as slots and rank columns.

    Raises:
        UnsupportedModelError: it is not of the form that the canonical graph has (one target a tree, plain sum).
    """
    attrs = node.attrs
    roots = np.asarray(attrs["tree_roots"], np.int64)
    if attrs["aggregate_function"] != 1 or attrs["post_transform"] != 0:
        raise node.refuse("it aggregates or transforms its leaves inside the operator")
    if int(attrs["n_targets"]) != len(roots):
        raise node.refuse("its trees share targets")
    nodes, columns = _rank_columns(node)
    return _slots(node, roots, nodes, columns)


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Interior nodes: column and position to compare, and both children (at or below the position, above it)."""

    column: Array
    position: Array
    below: Array
    below_leaf: Array
    above: Array
    above_leaf: Array


def _rank_columns(node: Node) -> tuple[_Nodes, tuple[RankColumn, ...]]:
    attrs = node.attrs
    feature = np.asarray(attrs["nodes_featureids"], np.int64)
    mode = np.asarray(attrs["nodes_modes"]).astype(np.int64)
    split = np.asarray(attrs["nodes_splits"]).astype(np.float64)
    true_id, false_id = (np.asarray(attrs[f"nodes_{side}nodeids"], np.int64) for side in ("true", "false"))
    true_leaf, false_leaf = (np.asarray(attrs[f"nodes_{side}leafs"], bool) for side in ("true", "false"))
    tracks = attrs.get("nodes_missing_value_tracks_true", ())
    nan_true = np.asarray(tracks, bool) if len(tracks) else np.zeros(len(feature), bool)
    swap = np.isin(mode, list(_SWAPPED))
    # NaN fails every comparison but !=, whose opposite it fails
    nan_true = np.where(swap, ~(nan_true | (mode == NEQ)), nan_true)
    mode = np.array([_SWAPPED.get(m, m) for m in range(7)])[mode]
    used = ~(true_leaf & false_leaf & (true_id == false_id))

    column, position = np.zeros(len(feature), np.int64), np.zeros(len(feature), np.int64)
    columns: list[RankColumn] = []
    ordered = (mode == LEQ) | (mode == LT)
    keys = feature * 4 + (mode == LT) * 2 + nan_true
    for key in np.unique(keys[ordered & used]).tolist():
        rows = ordered & used & (keys == key)
        values = np.unique(split[rows])
        kind, nan = "right" if key & 2 else "left", "low" if key & 1 else "high"
        column[rows], position[rows] = len(columns), np.searchsorted(values, split[rows])
        columns.append(RankColumn(key >> 2, kind, nan, tuple(values.tolist())))
    sets = members_of(attrs, mode, split)
    known: dict[RankColumn, int] = {}
    for i in np.flatnonzero(~ordered & used).tolist():
        wanted = RankColumn(int(feature[i]), "member", "1" if nan_true[i] else "0", sets[i])
        column[i] = known.setdefault(wanted, len(columns) + len(known))
        swap[i] = ~swap[i]  # a member's 1 is above position 0
    columns += known
    if not columns:
        columns.append(RankColumn(0, "left", "low", ()))
    nodes = _Nodes(
        column,
        position,
        np.where(swap, false_id, true_id),
        np.where(swap, false_leaf, true_leaf),
        np.where(swap, true_id, false_id),
        np.where(swap, true_leaf, false_leaf),
    )
    return nodes, tuple(columns)


def members_of(attrs: Any, mode: Array, split: Array) -> dict[int, tuple[float, ...]]:
    """The members of each EQ and MEMBER node: the latter's follow each other, NaN after each set."""
    sets: dict[int, tuple[float, ...]] = {int(i): (float(split[i]),) for i in np.flatnonzero(mode == EQ)}
    values = np.asarray(attrs.get("membership_values", []), np.float64)
    ends = np.flatnonzero(np.isnan(values))
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    for i, start, end in zip(np.flatnonzero(mode == MEMBER).tolist(), starts, ends, strict=True):
        sets[i] = tuple(sorted(set(values[start:end].tolist())))
    return sets


def _slots(node: Node, roots: Array, nodes: _Nodes, columns: tuple[RankColumn, ...]) -> Layout:
    weight = np.asarray(node.attrs["leaf_weights"]).astype(np.float64)
    target = np.asarray(node.attrs["leaf_targetids"], np.int64)
    ids, leaf, tree = roots, np.zeros(len(roots), bool), np.arange(len(roots))
    levels: list[tuple[Array, Array, Array, Array]] = []
    least, greatest = np.full(len(roots), np.inf), np.full(len(roots), -np.inf)
    total = len(roots)
    depth = 0
    while True:
        same = ~leaf & nodes.below_leaf[_at(ids, leaf)] & nodes.above_leaf[_at(ids, leaf)]
        same &= nodes.below[_at(ids, leaf)] == nodes.above[_at(ids, leaf)]
        ids, leaf = np.where(same, nodes.below[_at(ids, leaf)], ids), leaf | same
        if (target[ids[leaf]] != tree[leaf]).any():
            raise node.refuse("a tree's leaves add to more than one target")
        np.minimum.at(least, tree[leaf], weight[ids[leaf]])
        np.maximum.at(greatest, tree[leaf], weight[ids[leaf]])
        first = total - len(ids) + np.arange(len(ids))
        inner = ~leaf
        first[inner] = total + 2 * np.arange(inner.sum())
        at = _at(ids, leaf)
        levels.append(
            (
                np.where(leaf, 0, nodes.column[at]),
                np.where(leaf, ABOVE_EVERY_RANK, nodes.position[at]),
                first,
                np.where(leaf, weight[np.where(leaf, ids, 0)], 0.0),
            )
        )
        if not inner.any():
            break
        depth += 1
        parents = ids[inner]
        ids = np.stack([nodes.below[parents], nodes.above[parents]], axis=1).ravel()
        leaf = np.stack([nodes.below_leaf[parents], nodes.above_leaf[parents]], axis=1).ravel()
        tree = np.repeat(tree[inner], 2)
        total += len(ids)
        if depth > len(nodes.column):
            raise node.refuse("its nodes form a cycle")
    column, position, first_child, leaf_weight = (np.concatenate(part) for part in zip(*levels, strict=True))
    if len(column) >= ABOVE_EVERY_RANK or max(len(c.values) for c in columns) >= ABOVE_EVERY_RANK:
        raise node.refuse("it has 2**24 nodes or thresholds, more than a float32 counts")
    return Layout(columns, column, position, first_child, leaf_weight, least, greatest, len(roots), depth)


def _at(ids: Array, leaf: Array) -> Array:
    """Ids of nodes; 0 in the place of leaves."""
    return np.where(leaf, 0, ids)
