"""CatBoost's trees as `isoship.onnx.trees.Tree`: oblivious ones (one split a level) and those of any shape.

A split is true, and goes right, where a float32 exceeds its border or a category is the split's own; the number of a
leaf of an oblivious tree has bit k set where split k is true.

Features of the trees, side by side: float features, codes of one-hot categories, values of CTRs (`ctr.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.onnx.trees import BRANCH_LEQ, BRANCH_MEMBER, Tree
from isoship.sources.catboost.document import Document

Node = dict[str, Any]
Leaves = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Split:
    """feature: the tree feature. members: the codes that go right; None where `x > border` does.

    missing_right: NaN goes right.
    """

    feature: int
    border: float = 0.0
    members: tuple[int, ...] | None = None
    missing_right: bool = False


@dataclass(frozen=True)
class Splits:
    """Turns splits of the document into `Split`.

    missing_right: of each float feature. one_hot: category feature -> tree feature. codes: category feature -> hash
    -> code. ctrs: global number of a split -> tree feature of its CTR.
    """

    missing_right: tuple[bool, ...]
    one_hot: dict[int, int]
    codes: dict[int, dict[int, int]]
    ctrs: dict[int, int]

    def read(self, split: Node) -> Split:
        kind = split["split_type"]
        if kind == "FloatFeature":
            feature = int(split["float_feature_index"])
            return Split(feature, float(split["border"]), missing_right=self.missing_right[feature])
        if kind == "OneHotFeature":
            category = int(split["cat_feature_index"])
            code = self.codes[category].get(int(split["value"]))
            return Split(self.one_hot[category], members=() if code is None else (code,))
        if kind == "OnlineCtr":
            return Split(self.ctrs[int(split["split_index"])], float(split["border"]))
        raise ValueError(f"a split of type {kind}")


def splits_in(document: Document) -> Iterator[Node]:
    """Every split of every tree, as the document has it."""
    for tree in document.get("oblivious_trees", ()):
        yield from tree.get("splits") or ()
    waiting = list(document.get("trees", ()))
    while waiting:
        node = waiting.pop()
        if "split" in node:
            yield node["split"]
            waiting += [node["left"], node["right"]]


def trees_of(document: Document, splits: Splits) -> tuple[list[Tree], Leaves]:
    """The trees, and the values of their leaves, tree after tree: [leaves] or [leaves, D]."""
    trees: list[Tree] = []
    values: list[Leaves] = []
    for each in document.get("oblivious_trees", ()):
        tree = _oblivious([splits.read(split) for split in each.get("splits") or ()])
        trees.append(tree)
        values.append(np.asarray(each["leaf_values"], np.float64).reshape(tree.leaves, -1))
    for each in document.get("trees", ()):
        tree, leaves = _of_any_shape(each, splits)
        trees.append(tree)
        values.append(leaves)
    table = np.concatenate(values) if values else np.empty((0, 1))
    return trees, table[:, 0] if table.shape[1] == 1 else table


def _oblivious(splits: list[Split]) -> Tree:
    """The last split is the root: leaves then count from left to right."""
    depth = len(splits)
    nodes: list[tuple[Split, int, int]] = []
    for level in range(depth):
        first, below = 2**level - 1, 2 ** (level + 1) - 1
        for i in range(2**level):
            left, right = (below + 2 * i, below + 2 * i + 1) if level + 1 < depth else (-1 - 2 * i, -2 - 2 * i)
            assert len(nodes) == first + i
            nodes.append((splits[depth - 1 - level], left, right))
    return _tree(nodes, 2**depth)


def _of_any_shape(root: Node, splits: Splits) -> tuple[Tree, Leaves]:
    nodes: list[tuple[Split, int, int]] = []
    leaves: list[Any] = []
    places: list[list[int]] = []
    waiting: list[tuple[Node, int, int]] = [(root, -1, 0)]
    while waiting:
        node, parent, side = waiting.pop(0)
        if "split" in node:
            number = len(places)
            nodes.append((splits.read(node["split"]), 0, 0))
            places.append([0, 0])
            waiting += [(node["left"], number, 0), (node["right"], number, 1)]
        else:
            number = -1 - len(leaves)
            leaves.append(np.atleast_1d(np.asarray(node["value"], np.float64)))
        if parent >= 0:
            places[parent][side] = number
    joined = [(split, left, right) for (split, _, _), (left, right) in zip(nodes, places, strict=True)]
    return _tree(joined, len(leaves)), np.array(leaves)


def _tree(nodes: list[tuple[Split, int, int]], leaves: int) -> Tree:
    """Numbers go left where `x <= border`; categories go right where they are members."""
    members = {i: split.members for i, (split, _, _) in enumerate(nodes) if split.members is not None}
    left, right = (np.array([node[side] for node in nodes], np.int64) for side in (1, 2))
    categorical = np.array([split.members is not None for split, _, _ in nodes], bool)
    return Tree(
        feature=np.array([split.feature for split, _, _ in nodes], np.int64),
        threshold=np.array([split.border for split, _, _ in nodes], np.float64),
        on_true=np.where(categorical, right, left),
        on_false=np.where(categorical, left, right),
        nan_true=np.array([not split.missing_right and split.members is None for split, _, _ in nodes], bool),
        leaves=leaves,
        mode=np.where(categorical, BRANCH_MEMBER, BRANCH_LEQ).astype(np.uint8) if members else None,
        members=members,
    )
