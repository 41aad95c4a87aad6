"""Writes every tree ensemble: routing by `ai.onnx.ml.TreeEnsemble` v5, values by a table, sums in the library's order.

    x [N, F] -> TreeEnsemble (one target a tree; a leaf's weight is the place of its value in the table) [N, T]
             -> Cast int64 -> ArrayFeatureExtractor (table, [C, U]) -> Reshape [C, N, T] -> CumSum (along the trees)
             -> Gather (index -1) [C, N] -> Transpose [N, C]

The table holds every distinct value once. Places are integers, exact in float and double, so what a library computes
from its leaves stays in the library's own width whatever the width of the comparisons. `CumSum` adds one tree after
the other, as the libraries do; onnxruntime's `ReduceSum` and its own tree sums do not (up to 1e-4 off in float32 at
1000 trees). One value a leaf needs no Transpose; one tree needs a plain `Gather` alone.

An ensemble of more than 32,768 nodes is written as several operators whose results are joined.

Why not `Gather` throughout: onnxruntime's divides twice an index, 28 ns each where `ArrayFeatureExtractor` takes 3 to
6 (100,000 indices; `make bench-conversion` shows what remains).
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

#: How many leaves a weight of this type tells apart.
_COUNTED: dict[Width, int] = {"float": 2**24, "double": 2**53}

#: The comparisons (x ? threshold) of TreeEnsemble v5 that trees use; true goes to `on_true`.
BRANCH_LEQ, BRANCH_LT, BRANCH_MEMBER = 0, 1, 6
#: A larger ensemble becomes several operators: onnxruntime loads two halves in a tenth less time than the whole, and
#: one operator more costs a row alone 1.5 us (100 trees, 53,470 nodes).
_NODES = 2**15

#: The same splits seen from their other side: x <= t is not x > t.
_OPPOSITE = {BRANCH_LEQ: 3, BRANCH_LT: 2}


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
    rows, table = _write_rows(g, x, trees, table, width, given)
    if len(trees) == 1 or table.ndim > 1:
        return g.op("Gather", g.const(table, name="leaf_table"), rows, seed="leaf_values", axis=0)
    return _pick(g, table[np.newaxis], rows, [-1, len(trees)])


def write_total(
    g: GraphBuilder, x: str, trees: Sequence[Tree], table: np.ndarray[Any, Any], width: Width, *, given: Width
) -> str:
    """Adds routing, lookup and the sum over all trees from the first to the last: [N] or [N, C].

    The same bits as `write_sum` of `write_leaf_values`, in fewer steps for tables with several columns.
    """
    if len(trees) == 1 or table.ndim == 1:
        return write_sum(g, write_leaf_values(g, x, trees, table, width, given=given), len(trees))
    rows, table = _write_rows(g, x, trees, table, width, given)
    values = _pick(g, np.ascontiguousarray(table.T), rows, [table.shape[1], -1, len(trees)])
    return g.op("Transpose", write_sum(g, values, len(trees), axis=2), seed="total", perm=[1, 0])


def write_sum(g: GraphBuilder, values: str, terms: int, *, axis: int = 1) -> str:
    """Adds the sum along an axis, strictly from the first of `terms` terms to the last: [N, terms, ...] -> [N, ...]."""
    if terms > 1:
        values = g.op("CumSum", values, np.int64(axis), seed="running_sum")
    return g.op("Gather", values, np.int64(-1), seed="sum", axis=axis)


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


def _write_rows(
    g: GraphBuilder, x: str, trees: Sequence[Tree], table: np.ndarray[Any, Any], width: Width, given: Width
) -> tuple[str, np.ndarray[Any, Any]]:
    """Adds the routing to rows of a table, int64 [N, T], and returns them with that table."""
    counts = [tree.leaves for tree in trees]
    if table.shape[0] != sum(counts):
        raise ValueError(f"the leaf table has {table.shape[0]} rows for {sum(counts)} leaves")
    distinct, places = _distinct(table)
    if len(distinct) <= _COUNTED[width]:
        if given != width:
            x = g.cast(x, DTYPE[width])
        ends = np.cumsum(counts)
        made = []
        for part in _parts(trees):
            weights = places[ends[part.start] - counts[part.start] : ends[part.stop - 1]]
            attributes = _routing(trees[part], DTYPE[width], weights)
            made.append(g.op("TreeEnsemble", x, seed="leaf_rows", ml=True, **attributes))
        rows = made[0] if len(made) == 1 else g.op("Concat", *made, seed="leaf_rows", axis=1)
        return g.cast(rows, np.int64), distinct
    rows = write_leaf_numbers(g, x, trees, width, given=given)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    return g.op("Add", rows, first, seed="leaf_rows"), table


def _parts(trees: Sequence[Tree]) -> list[slice]:
    """Runs of trees of about equal size, none above _NODES nodes by more than one tree."""
    sizes = np.cumsum([len(tree.feature) for tree in trees])
    count = max(1, -(-int(sizes[-1]) // _NODES))
    stops = {int(np.searchsorted(sizes, sizes[-1] * i / count)) + 1 for i in range(1, count)} | {len(trees)}
    starts = [0, *sorted(stops)[:-1]]
    return [slice(start, stop) for start, stop in zip(starts, sorted(stops), strict=True)]


def _pick(g: GraphBuilder, table: np.ndarray[Any, Any], rows: str, shape: Sequence[int]) -> str:
    """Adds the columns `rows` [N, T] of a table [C, U], in this shape of [C, N, T]."""
    picked = g.op("ArrayFeatureExtractor", g.const(table, name="leaf_table"), rows, seed="leaf_values", ml=True)
    return g.op("Reshape", picked, np.array(shape, np.int64), seed="leaf_values")


def _distinct(table: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], IntArray]:
    """The table's rows, each bit pattern once (0.0 and -0.0 stay apart), and where each row went."""
    rows = np.ascontiguousarray(table)
    keys = rows.reshape(len(rows), -1).view(np.dtype((np.void, rows.nbytes // len(rows)))).ravel()
    _, first, places = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], places.ravel().astype(np.int64)


def _routing(
    trees: Sequence[Tree], dtype: type[np.floating[Any]], leaf_weights: IntArray | None = None
) -> dict[str, Any]:
    """The attributes of TreeEnsemble v5. Nodes and leaves of a tree follow those of the tree before it.

    leaf_weights: of all leaves, tree after tree; None for the leaf's number in its tree.
    """
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

    mode = np.concatenate([_mode(tree) for tree in trees])
    threshold = np.where(mode == BRANCH_MEMBER, 0.0, np.concatenate([tree.threshold for tree in trees]))
    splits = round_threshold(threshold, mode) if dtype is np.float32 else threshold
    numbers = np.concatenate([np.arange(tree.leaves) for tree in trees]) if leaf_weights is None else leaf_weights
    if numbers.max() >= _COUNTED["float"] and dtype is np.float32:
        raise ValueError("a tree with 2**24 leaves or more has leaf numbers that a float does not hold")
    nan_true = np.concatenate([tree.nan_true for tree in trees])
    sides = ("on_true", "on_false")
    if nan_true.any() and (mode == mode[0]).all() and int(mode[0]) in _OPPOSITE:
        # onnxruntime asks for NaN where a comparison fails, and keeps the other child beside the node: 13 % faster so
        mode, nan_true, sides = np.full_like(mode, _OPPOSITE[int(mode[0])]), ~nan_true, ("on_false", "on_true")
    (true_ids, true_leaves), (false_ids, false_leaves) = map(children, sides)
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
