"""Writes every tree ensemble: routing by `ai.onnx.ml.TreeEnsemble` v5, values by a table, sums in the library's order.

    x [N, F] -> TreeEnsemble (one target a tree; a leaf's weight is its number in that tree) [N, T]
             -> Cast int64 -> Add (the tree's first row in the table) -> Gather (leaf table) [N, T] or [N, T, C]
             -> CumSum (along the trees) -> Gather (index -1) [N] or [N, C]

Leaf numbers are small integers, exact in float and double, so what a library computes from its leaves stays in the
library's own width whatever the width of the comparisons. `CumSum` adds one tree after the other, as the libraries
do; onnxruntime's `ReduceSum` and its own tree sums do not (up to 1e-4 off in float32 at 1000 trees).
An ensemble of one tree needs neither `Add` nor `CumSum`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from onnx import numpy_helper

from isoship.onnx.graph import GraphBuilder

IntArray = np.ndarray[Any, np.dtype[np.int64]]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
Width = Literal["float", "double"]

DTYPE: dict[Width, type[np.floating[Any]]] = {"float": np.float32, "double": np.float64}

#: The comparisons (x ? threshold) of TreeEnsemble v5 that trees use; true goes to `on_true`.
BRANCH_LEQ, BRANCH_LT, BRANCH_MEMBER = 0, 1, 6


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree with I interior nodes and `leaves` leaves; node 0 is the root, and a tree without nodes is leaf 0.

    Children: a number >= 0 is an interior node, -1 - n is leaf n. feature, threshold, on_true, on_false, nan_true
    (a missing value goes where true goes) and mode are [I]; mode None is BRANCH_LEQ throughout.
    members: for a BRANCH_MEMBER node, the integers that go to `on_true`; its threshold is ignored.
    """

    feature: IntArray
    threshold: FloatArray
    on_true: IntArray
    on_false: IntArray
    nan_true: BoolArray
    leaves: int
    mode: np.ndarray[Any, Any] | None = None
    members: dict[int, tuple[int, ...]] = field(default_factory=dict)


def write_leaf_numbers(g: GraphBuilder, x: str, trees: Sequence[Tree], width: Width, *, given: Width) -> str:
    """Adds the routing: the number of the leaf that each row reaches in each tree, int64 [N, T].

    x: the features, [N, F], of type `given`. width: the type in which the source library compares. Where that is
    float the features are cast first, and each threshold becomes the largest float (for <=) or the smallest (for <)
    that splits the floats as the double does.
    """
    if given != width:
        x = g.cast(x, DTYPE[width])
    attributes = _routing(trees, DTYPE[width])
    return g.cast(g.op("TreeEnsemble", x, seed="leaf_numbers", ml=True, **attributes), np.int64)


def write_leaf_values(
    g: GraphBuilder, x: str, trees: Sequence[Tree], table: np.ndarray[Any, Any], width: Width, *, given: Width
) -> str:
    """Adds routing and lookup: what each tree says of each row, [N, T] or [N, T, C], in the table's own type.

    table: the values of the leaves, tree after tree, [sum of leaves] or [sum of leaves, C].
    """
    counts = [tree.leaves for tree in trees]
    if table.shape[0] != sum(counts):
        raise ValueError(f"the leaf table has {table.shape[0]} rows for {sum(counts)} leaves")
    rows = write_leaf_numbers(g, x, trees, width, given=given)
    if len(trees) > 1:
        rows = g.op("Add", rows, np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64), seed="leaf_rows")
    return g.op("Gather", g.const(table, name="leaf_table"), rows, seed="leaf_values", axis=0)


def write_sum(g: GraphBuilder, values: str, terms: int) -> str:
    """Adds the sum along axis 1, strictly from the first of `terms` terms to the last: [N, terms, ...] -> [N, ...]."""
    if terms > 1:
        values = g.op("CumSum", values, np.int64(1), seed="running_sum")
    return g.op("Gather", values, np.int64(-1), seed="sum", axis=1)


def round_threshold(threshold: FloatArray, mode: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Float thresholds that split float features exactly as these double ones: down for <=, up for <.

    For a float x and a double t, x <= t if and only if x <= (the largest float that is <= t); mirrored for <.
    """
    with np.errstate(over="ignore"):
        nearest = threshold.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
        above = np.nextafter(nearest, np.float32(np.inf))
    down = np.where(nearest.astype(np.float64) > threshold, below, nearest)
    up = np.where(nearest.astype(np.float64) < threshold, above, nearest)
    return np.where(mode == BRANCH_LT, up, down).astype(np.float32)


def _routing(trees: Sequence[Tree], dtype: type[np.floating[Any]]) -> dict[str, Any]:
    """The attributes of TreeEnsemble v5. Nodes and leaves of a tree follow those of the tree before it."""
    trees = [_loadable(tree) for tree in trees]
    nodes = np.cumsum([0] + [len(tree.feature) for tree in trees])[:-1]
    leaves = np.cumsum([0] + [tree.leaves for tree in trees])[:-1]

    def children(side: str) -> tuple[list[int], list[int]]:
        ids, are_leaves = [], []
        for tree, first_node, first_leaf in zip(trees, nodes, leaves, strict=True):
            child = getattr(tree, side)
            are_leaves.append(child < 0)
            ids.append(np.where(child < 0, first_leaf - 1 - child, first_node + child))
        return np.concatenate(ids).tolist(), np.concatenate(are_leaves).astype(int).tolist()

    true_ids, true_leaves = children("on_true")
    false_ids, false_leaves = children("on_false")
    mode = np.concatenate([_mode(tree) for tree in trees])
    threshold = np.where(mode == BRANCH_MEMBER, 0.0, np.concatenate([tree.threshold for tree in trees]))
    splits = round_threshold(threshold, mode) if dtype is np.float32 else threshold
    numbers = np.concatenate([np.arange(tree.leaves) for tree in trees])
    if numbers.max() >= 2**24:
        raise ValueError("a tree with 2**24 leaves or more has leaf numbers that a float does not hold")
    nan_true = np.concatenate([tree.nan_true for tree in trees])
    attributes = {
        "aggregate_function": 1,
        "post_transform": 0,
        "n_targets": len(trees),
        "tree_roots": nodes.tolist(),
        "nodes_featureids": np.concatenate([tree.feature for tree in trees]).tolist(),
        "nodes_modes": numpy_helper.from_array(mode, "nodes_modes"),
        "nodes_splits": numpy_helper.from_array(splits.astype(dtype), "nodes_splits"),
        "nodes_truenodeids": true_ids,
        "nodes_trueleafs": true_leaves,
        "nodes_falsenodeids": false_ids,
        "nodes_falseleafs": false_leaves,
        "nodes_missing_value_tracks_true": nan_true.astype(int).tolist() if nan_true.any() else None,
        "leaf_targetids": np.repeat(np.arange(len(trees)), [tree.leaves for tree in trees]).tolist(),
        "leaf_weights": numpy_helper.from_array(numbers.astype(dtype), "leaf_weights"),
    }
    if (mode == BRANCH_MEMBER).any():
        attributes["membership_values"] = numpy_helper.from_array(_members(trees, dtype), "membership_values")
    return attributes


def _loadable(tree: Tree) -> Tree:
    """The same tree without what the operator does not take.

    A tree that is one leaf becomes one node whose branches both lead there; a comparison with an empty set, which
    onnxruntime does not load, becomes `x < -inf`, which is never true either.
    """
    if not len(tree.feature):
        leaf = np.array([-1], np.int64)
        return Tree(np.zeros(1, np.int64), np.zeros(1), leaf, leaf, np.zeros(1, bool), leaves=1)
    empty = [node for node, members in tree.members.items() if not members]
    if not empty:
        return tree
    mode, threshold = _mode(tree).copy(), tree.threshold.copy()
    mode[empty], threshold[empty] = BRANCH_LT, -np.inf
    return replace(tree, mode=mode, threshold=threshold)


def _mode(tree: Tree) -> np.ndarray[Any, Any]:
    return np.full(len(tree.feature), BRANCH_LEQ, np.uint8) if tree.mode is None else tree.mode.astype(np.uint8)


def _members(trees: Sequence[Tree], dtype: type[np.floating[Any]]) -> np.ndarray[Any, Any]:
    """The sets of all BRANCH_MEMBER nodes in node order, a NaN after each."""
    values: list[float] = []
    for tree in trees:
        for node in np.flatnonzero(_mode(tree) == BRANCH_MEMBER):
            values += [*map(float, tree.members[int(node)]), np.nan]
    return np.array(values, dtype)
