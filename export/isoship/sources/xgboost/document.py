"""A model as XGBoost writes it, checked before anything relies on it: `learner`, its booster, its trees.

XGBoost itself follows the indices of a file without looking, so a damaged file can end the process. The check covers
what XGBoost's predictor reads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

#: More features or outputs than this are a damaged number.
_MOST = 2**20


class DamagedModelError(ValueError):
    """The document is no XGBoost model, or one whose parts contradict each other."""


def learner_of(document: Any) -> dict[str, Any]:
    """The `learner` of a document.

    Raises:
        DamagedModelError: it is no XGBoost model.
    """
    learner = document.get("learner") if isinstance(document, dict) else None
    if not isinstance(learner, dict):
        raise DamagedModelError('it has no "learner"')
    for key in ("gradient_booster", "learner_model_param", "objective"):
        if not isinstance(learner.get(key), dict):
            raise DamagedModelError(f'its learner has no "{key}"')
    if not isinstance(learner["objective"].get("name"), str):
        raise DamagedModelError("its objective has no name")
    return learner


def booster_of(learner: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The booster's name (gbtree, dart or gblinear) and its model; dart keeps a gbtree inside.

    Raises:
        DamagedModelError: it has neither.
    """
    booster = learner["gradient_booster"]
    name = booster.get("name")
    inside = booster.get("gbtree", {}) if name == "dart" else booster
    model = inside.get("model") if isinstance(inside, dict) else None
    if name not in ("gbtree", "dart", "gblinear") or not isinstance(model, dict):
        raise DamagedModelError(f"its booster {name!r} has no model")
    return name, model


def number_of(parameters: Any, key: str, default: int | None = None) -> int:
    """A whole number that XGBoost writes as a string. default: where older versions leave the key out.

    Raises:
        DamagedModelError: it is none, or negative.
    """
    if default is not None and isinstance(parameters, dict) and key not in parameters:
        return default
    try:
        found = int(parameters[key])
    except (KeyError, TypeError, ValueError) as err:
        raise DamagedModelError(f'"{key}" is no whole number') from err
    if not 0 <= found < 2**31:
        raise DamagedModelError(f'"{key}" is {found}')
    return found


def numbers(holder: Any, key: str, dtype: Any) -> Array:
    """An array of the document, flat, in this dtype.

    Raises:
        DamagedModelError: it is missing, or holds something else.
    """
    try:
        found = np.asarray(holder[key])
        if found.dtype == dtype and found.ndim == 1:
            return found
        if found.size and found.dtype.kind not in "fiub":
            raise TypeError
        return found.astype(dtype).ravel()
    except (KeyError, TypeError, ValueError, OverflowError) as err:
        raise DamagedModelError(f'"{key}" is no list of numbers') from err


def _length(holder: Any, key: str) -> int:
    """How many numbers an array of the document holds.

    Raises:
        DamagedModelError: it is missing, or holds something else.
    """
    found = holder.get(key)
    if isinstance(found, np.ndarray) and found.dtype.kind in "fiub":
        return found.size
    return len(numbers(holder, key, np.float64))


def outputs_of(learner: dict[str, Any]) -> int:
    """How many raw scores a row has: one for each class or target.

    Raises:
        DamagedModelError: the document does not say.
    """
    parameters = learner["learner_model_param"]
    return max(number_of(parameters, "num_class", 0), number_of(parameters, "num_target", 1), 1)


def check_document(document: Any) -> None:
    """What XGBoost's predictor would follow without looking.

    Raises:
        DamagedModelError: an index leads nowhere, lists differ in length, or a tree has a cycle.
    """
    learner = learner_of(document)
    name, model = booster_of(learner)
    features = number_of(learner["learner_model_param"], "num_feature")
    outputs = outputs_of(learner)
    _demand(0 < features <= _MOST and outputs <= _MOST, f"it has {features} features and {outputs} outputs")
    if name == "gblinear":
        if len(numbers(model, "weights", np.float32)) % (features + 1):
            raise DamagedModelError("its weights do not fit its features")
        return
    trees = model.get("trees")
    if not isinstance(trees, list) or not all(isinstance(tree, dict) for tree in trees):
        raise DamagedModelError("its trees are no list")
    groups = numbers(model, "tree_info", np.int64)
    _demand(len(groups) == len(trees), "tree_info and trees differ in length")
    _demand(not len(groups) or (groups.min() >= 0 and groups.max() < outputs), "a tree belongs to no output")
    _demand(number_of(model.get("gbtree_model_param"), "num_trees") == len(trees), "num_trees is not its trees' number")
    if "iteration_indptr" in model:
        rounds = numbers(model, "iteration_indptr", np.int64)
        ordered = len(rounds) and rounds[0] == 0 and rounds[-1] == len(trees) and (np.diff(rounds) >= 0).all()
        _demand(bool(ordered), "iteration_indptr does not divide its trees")
    if name == "dart":
        weights = numbers(learner["gradient_booster"], "weight_drop", np.float32)
        _demand(len(weights) == len(trees), "weight_drop and trees differ in length")
    _check_names(model.get("cats"), features)
    ids = np.sort([number_of(tree, "id") for tree in trees])
    _demand(bool((ids == np.arange(len(trees))).all()), "the trees' ids do not number them")
    for place, tree in enumerate(trees):
        try:
            _check_tree(tree, features)
        except DamagedModelError as err:
            raise DamagedModelError(f"tree {place}: {err}") from err


def _check_tree(tree: dict[str, Any], features: int) -> None:
    left, right, feature = (
        numbers(tree, key, np.int64) for key in ("left_children", "right_children", "split_indices")
    )
    count = len(left)
    for key in ("split_conditions", "default_left", "parents", "loss_changes", "sum_hessian"):
        _demand(_length(tree, key) == count, f'"{key}" differs in length from left_children')
    parameters = tree.get("tree_param")
    _demand(number_of(parameters, "num_nodes") == count and count > 0, "num_nodes is not its nodes' number")
    _demand(number_of(parameters, "num_feature") <= max(features, 1), "it has more features than the model")
    _demand(len(right) == len(feature) == count, "its nodes' lists differ in length")
    width = number_of(parameters, "size_leaf_vector", 1)
    _demand(_length(tree, "base_weights") == count * max(width, 1), "a node has no weight")
    inner = left != -1
    for side in (left[inner], right[inner]):
        _demand(not len(side) or (side.min() > 0 and side.max() < count), "a child does not exist")
    # the predictor takes left + 1 for the right child, or the child itself, as rows come one by one or in batches
    _demand(bool((right[inner] == left[inner] + 1).all()), "the children of a node are no pair")
    _demand(len(np.unique(left[inner])) == inner.sum(), "a child has two parents")
    parents, nodes = numbers(tree, "parents", np.int64), np.flatnonzero(inner)
    paired = (parents[left[inner]] == nodes) & (parents[right[inner]] == nodes)
    _demand(bool(paired.all()) and parents[0] in (-1, 2**31 - 1), "a child's parent is another node")
    _demand(not inner.any() or (feature[inner].min() >= 0 and feature[inner].max() < features), "no such feature")
    if width > 1 and "leaf_weights" in tree:
        leaves = numbers(tree, "leaf_weights", np.float32)
        number = right[~inner]
        _demand(number.min() >= 0 and (number.max() + 1) * width <= len(leaves), "a leaf has no weights")
    _check_categories(tree, count)


def _check_categories(tree: dict[str, Any], nodes: int) -> None:
    if "categories" not in tree:
        return
    codes, at, starts, sizes = (
        numbers(tree, key, np.int64)
        for key in ("categories", "categories_nodes", "categories_segments", "categories_sizes")
    )
    kinds = numbers(tree, "split_type", np.int64)
    _demand(len(kinds) == nodes, "split_type differs in length from left_children")
    _demand(len(at) == len(starts) == len(sizes), "its lists of categories differ in length")
    _demand(set(at.tolist()) == set(np.flatnonzero(kinds == 1).tolist()), "categories belong to no split")
    if len(at):
        _demand(starts.min() >= 0 and sizes.min() >= 0, "categories begin before their list")
        _demand((starts + sizes).max() <= len(codes), "categories end behind their list")
    _demand(not len(codes) or (codes.min() >= 0 and codes.max() < 2**24), "a category is no code")


def _check_names(cats: Any, features: int) -> None:
    """The categories of each column by name or number, as XGBoost 3.1 and newer keep them, and their order."""
    if cats is None:
        return
    encodings = cats.get("enc") if isinstance(cats, dict) else None
    if not isinstance(encodings, list) or not all(isinstance(each, dict) for each in encodings):
        raise DamagedModelError("its names of categories are no list")
    segments, order = numbers(cats, "feature_segments", np.int64), numbers(cats, "sorted_idx", np.int64)
    if not encodings:
        _demand(not len(order) and not segments.any(), "categories without names have an order")
        return
    sizes = []
    for each in encodings:
        length = len(numbers(each, "values", np.float64))
        if "offsets" in each:
            offsets = numbers(each, "offsets", np.int64)
            ends = (
                bool((np.diff(offsets) >= 0).all() and offsets[0] == 0 and offsets[-1] == length)
                if len(offsets)
                else not length
            )
            _demand(ends, "a name of a category lies outside of its text")
            length = max(len(offsets) - 1, 0)
        sizes.append(length)
    _demand(len(sizes) == features, "its names of categories are those of other features")
    _demand(np.array_equal(segments, np.cumsum([0, *sizes])), "feature_segments do not divide its categories")
    runs = np.split(order, segments[1:-1]) if len(order) == segments[-1] else []
    ordered = all(np.array_equal(np.sort(run), np.arange(len(run))) for run in runs)
    _demand(len(runs) == features and ordered, "sorted_idx does not order its categories")


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DamagedModelError(otherwise)
