"""One tree of an XGBoost model: its routing, and its leaves' float32 values.

A node sends `x < split_condition` left, in float32, and a missing value where `default_left` says. A categorical node
sends the categories on its list right and everything else, unseen and impossible codes included, left (`Decision` in
XGBoost's `src/common/categorical.h`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.trees import BRANCH_LT, BRANCH_MEMBER, Tree
from isoship.sources.xgboost.document import number_of, numbers

Leaves = np.ndarray[Any, np.dtype[np.float32]]


def tree_of(document: dict[str, Any]) -> tuple[Tree, Leaves]:
    """The tree and the values of its leaves, [leaves] or, where a leaf has a value for each output, [leaves, K]."""
    left, right = (numbers(document, key, np.int64) for key in ("left_children", "right_children"))
    reached = _reached(left, right)
    inner = reached & (left != -1)
    leaf = reached & (left == -1)
    number = np.where(inner, np.cumsum(inner) - 1, -np.cumsum(leaf))
    nodes = np.flatnonzero(inner)
    categorical = _split_types(document, len(left))[nodes] == 1
    default_left = numbers(document, "default_left", np.bool_)[nodes]
    to_left, to_right = number[left[nodes]], number[right[nodes]]
    sets = _sets(document)
    tree = Tree(
        feature=numbers(document, "split_indices", np.int64)[nodes],
        threshold=numbers(document, "split_conditions", np.float32)[nodes].astype(np.float64),
        on_true=np.where(categorical, to_right, to_left),
        on_false=np.where(categorical, to_left, to_right),
        nan_true=default_left ^ categorical,
        leaves=int(leaf.sum()),
        mode=np.where(categorical, BRANCH_MEMBER, BRANCH_LT).astype(np.uint8),
        members={place: sets[int(nodes[place])] for place in np.flatnonzero(categorical).tolist()},
    )
    return tree, _values(document, np.flatnonzero(leaf), right)


def _reached(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The nodes below the root: pruning leaves others behind."""
    reached = np.zeros(len(left), bool)
    level = np.array([0])
    while len(level):
        reached[level] = True
        inner = level[left[level] != -1]
        level = np.concatenate([left[inner], right[inner]])
    return reached


def _split_types(document: dict[str, Any], nodes: int) -> np.ndarray[Any, Any]:
    return numbers(document, "split_type", np.int64) if "split_type" in document else np.zeros(nodes, np.int64)


def _sets(document: dict[str, Any]) -> dict[int, tuple[int, ...]]:
    """Categorical node -> the categories that go right."""
    if "categories" not in document:
        return {}
    codes, at, starts, sizes = (
        numbers(document, key, np.int64)
        for key in ("categories", "categories_nodes", "categories_segments", "categories_sizes")
    )
    return {
        node: tuple(codes[start : start + size].tolist())
        for node, start, size in zip(at.tolist(), starts.tolist(), sizes.tolist(), strict=True)
    }


def _values(document: dict[str, Any], leaves: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> Leaves:
    width = number_of(document["tree_param"], "size_leaf_vector")
    if width <= 1:
        return np.asarray(numbers(document, "split_conditions", np.float32)[leaves])
    return np.asarray(numbers(document, "leaf_weights", np.float32).reshape(-1, width)[right[leaves]])
