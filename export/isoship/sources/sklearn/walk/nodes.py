"""Whether the nodes of every tree inside a model point to nodes and columns that there are.

scikit-learn's C code follows them without a look at the bounds. A file with other nodes crashes the process at the
first row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def check_nodes(model: Any) -> str | None:
    """What is wrong with the first tree whose nodes are; None where all are right."""
    for part in _everything(model):
        try:
            right = all(check(part) for check in _checks(part))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            right = False
        if not right:
            return f"the nodes of a {type(part).__name__} point outside of it"
    return None


def _checks(part: Any) -> list[Callable[[Any], bool]]:
    checks: list[Callable[[Any], bool]] = []
    held = getattr(part, "__dict__", {})
    if type(held.get("tree_")).__name__ == "Tree":  # KernelDensity holds a KDTree under this name
        checks.append(_exact_tree)
    if "_predictors" in held:
        checks.append(_binned_ensemble)
    if "estimators_" in held:
        checks.append(_members_fit)
    if type(part).__name__ in ("BallTree", "KDTree"):
        checks.append(_binary_tree)
    return checks


def _exact_tree(estimator: Any) -> bool:
    """A DecisionTree or ExtraTree: children behind their parents, columns that it was fitted on, a value a node."""
    tree = estimator.tree_
    state = tree.__getstate__()
    nodes, values = state["nodes"], np.asarray(state["values"])
    left, right = nodes["left_child"], nodes["right_child"]
    inner = left != -1
    own, count = np.arange(len(nodes)), len(nodes)
    ends = (right[~inner] == -1).all()
    forward = all(((each > own) & (each < count))[inner].all() for each in (left, right))
    columns = int(estimator.n_features_in_)
    within = ((nodes["feature"] >= 0) & (nodes["feature"] < columns))[inner].all()
    sized = tree.n_features == columns and values.shape == (count, tree.n_outputs, tree.max_n_classes)
    return bool(count and tree.node_count == count and ends and forward and within and sized)


def _binned_ensemble(model: Any) -> bool:
    """HistGradientBoosting: as `_exact_tree`, and categories of which there are bits."""
    columns = int(model.n_features_in_)
    for predictor in (each for stage in model._predictors for each in stage):
        nodes = predictor.nodes
        own, count = np.arange(len(nodes)), len(nodes)
        inner = nodes["is_leaf"] == 0
        forward = all(((nodes[side] > own) & (nodes[side] < count))[inner].all() for side in ("left", "right"))
        within = ((nodes["feature_idx"] >= 0) & (nodes["feature_idx"] < columns))[inner].all()
        categorical = inner & (nodes["is_categorical"] != 0)
        sets = (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets)
        known = all((nodes["bitset_idx"][categorical] < len(each)).all() for each in sets)
        shaped = all(each.ndim == 2 and each.shape[1] == 8 for each in sets)
        if not (count and forward and within and known and shaped):
            return False
    return True


def _binary_tree(tree: Any) -> bool:
    """A KDTree or BallTree: rows that there are, a node for every place, leaves at the end."""
    state = tree.__getstate__()
    data, rows, nodes, bounds = (np.asarray(each) for each in state[:4])
    levels, count = state[5], state[6]
    rows_right = len(rows) == len(data) and ((rows >= 0) & (rows < len(data))).all()
    start, end = nodes["idx_start"], nodes["idx_end"]
    spans = ((start >= 0) & (start <= end) & (end <= len(data))).all()
    leaves = (nodes["is_leaf"][2 * np.arange(len(nodes)) + 2 >= len(nodes)] != 0).all()
    sized = len(nodes) == count == 2**levels - 1 and bounds.shape[1:] == (count, data.shape[1])
    return bool(rows_right and spans and leaves and sized)


def _members_fit(model: Any) -> bool:
    """An ensemble asks the trees of its members itself, on its own columns or on those that it gave each."""
    trees = [each for each in np.ravel(np.asarray(model.estimators_, object)) if hasattr(each, "tree_")]
    if not trees:
        return True
    columns = int(model.n_features_in_)
    features = getattr(model, "estimators_features_", None)
    if features is None:
        return all(int(tree.n_features_in_) == columns for tree in trees)
    given = zip(trees, features, strict=True)
    return all(
        len(each) == int(tree.n_features_in_) and ((np.asarray(each) >= 0) & (np.asarray(each) < columns)).all()
        for tree, each in given
    )


def _everything(model: Any) -> Iterator[Any]:
    """Every object that the model holds, however deep."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, (type, str, bytes, int, float)) or value is None:
            continue
        seen.add(id(value))
        if isinstance(value, (list, tuple, set, frozenset)):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, np.ndarray):
            waiting += value.ravel().tolist() if value.dtype == object else []
        else:
            yield value
            waiting += getattr(value, "__dict__", {}).values()
