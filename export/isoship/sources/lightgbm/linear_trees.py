"""Leaves that are linear models (linear_tree=True): constant + coefficient * x, one term after the other, in doubles.

leaf numbers [N, T] -> Gather (constants [L], coefficients [L, K], features [L, K])
x [N, F] -> Concat (0) -> GatherElements (features) [N, T, K] -> Mul -> Concat (constant, terms) -> CumSum, Gather -1
         -> IsNaN -> any -> Where (the leaf's plain value, the sum)

A leaf with fewer than K features gets terms 0 * 0. A missing value in a used feature gives the leaf's plain value
(`Tree::Predict`). Two choices keep the browser exact, where float32 would not hold x: rows of the tables count from
the end and GatherElements sees three dimensions, forms that TF.js has no lowering for, so JavaScript does both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.lightgbm.model_text import LinearLeaves, TextTree


def write_linear_values(g: GraphBuilder, numbers: str, x: str, width: int, trees: Sequence[TextTree]) -> str:
    """Adds what each tree says of each row, double [N, T].

    numbers: the leaf that each row reaches in each tree, int64 [N, T]. x: the features, tiny values already 0.
    """
    counts = np.array([len(tree.value) for tree in trees])
    total, several = int(counts.sum()), len(trees)
    rows = g.op("Add", numbers, (np.cumsum(counts) - counts - total).astype(np.int64), seed="leaf_rows")
    leaves = [tree.linear or _plain(tree) for tree in trees]
    value = g.op("Gather", np.concatenate([tree.value for tree in trees]), rows, seed="leaf_value")
    constant = g.op("Gather", np.concatenate([each.constant for each in leaves]), rows, seed="leaf_constant")
    used = [features for each in leaves for features in each.features]
    most = max(map(len, used))
    if not most:
        return constant
    feature = np.full((total, most), width, np.int64)
    factor = np.zeros((total, most))
    factors = [row for each in leaves for row in each.coefficients]
    for i, (features, row) in enumerate(zip(used, factors, strict=True)):
        feature[i, : len(features)], factor[i, : len(row)] = features, row
    which = g.op("Reshape", g.op("Gather", feature, rows), np.array([-1, several * most, 1], np.int64))
    padded = g.op("Unsqueeze", g.op("Concat", x, _zeros(g, x), axis=1), np.array([2]))
    picked = g.op("GatherElements", padded, which, axis=1)
    picked = g.op("Reshape", picked, np.array([-1, several, most], np.int64))
    terms = g.op("Mul", g.op("Gather", factor, rows, seed="coefficients"), picked)
    terms = g.op("Concat", g.op("Unsqueeze", constant, np.array([2])), terms, axis=2)
    linear = g.op("Gather", g.op("CumSum", terms, np.int64(2)), np.int64(-1), axis=2)
    gaps = g.op("ReduceMax", g.cast(g.op("IsNaN", picked), np.int64), np.array([2]), keepdims=0)
    return g.op("Where", g.op("Greater", gaps, np.int64(0)), value, linear)


def _plain(tree: TextTree) -> LinearLeaves:
    """A tree whose leaves are constants, among linear ones."""
    nothing = ((),) * len(tree.value)
    return LinearLeaves(tree.value, nothing, nothing)


def _zeros(g: GraphBuilder, x: str) -> str:
    """A column of zeros, [N, 1]."""
    first = g.op("Gather", x, np.array([0], np.int64), axis=1)
    return g.op("Where", g.op("IsNaN", first), np.float64(0), np.float64(0))
