"""DecisionTree* and ExtraTree*, and what every ensemble of them shares: nodes, leaves, and the mean over trees.

    x -> trees (float32) -> leaf values, summed tree by tree [N, C] -> Div (T) -> probabilities
                                                                                       -> ArgMax -> Gather -> label

Features are cast to float32, thresholds are double: `float32(x) <= threshold` goes left (sklearn/tree/_tree.pyx,
`_apply_dense`), and a missing value goes left where `missing_go_to_left` says so. `tree_.value` is taken as it is: its
rows sum to one only up to rounding, and scikit-learn does not renormalise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from isoship.onnx.trees import FloatArray, Tree, Width, write_total
from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, take
from isoship.sources.sklearn.walk.registry import Record, carries, key_of

_CLASSIFIERS = ("DecisionTreeClassifier", "ExtraTreeClassifier")
_REGRESSORS = ("DecisionTreeRegressor", "ExtraTreeRegressor")
_NO_CHILD = -1


@carries(*_CLASSIFIERS, record=Record(same_bits=False, jumps=True, settles=True, label="lookup"))
def tree_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The classes' shares in the leaf, and the first class with the highest."""
    return answers(c, model, write_mean(c, model, frame, [model]))


@carries(*_REGRESSORS, record=Record(same_bits=False, jumps=True, settles=True))
def tree_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The value of the leaf, a column a target."""
    return {"predict": (write_mean(c, model, frame, [model]),)}


def are_trees(estimators: Sequence[Any]) -> bool:
    """Whether all of an ensemble's members are trees, which it asks one by one and a graph all at once."""
    return all(key_of(member) in (*_CLASSIFIERS, *_REGRESSORS) for member in estimators)


def features(c: Carrier, model: Any, frame: Frame) -> tuple[str, Width]:
    """The frame as one tensor, and its type: float where every block is, else double. Trees cast it to float.

    Raises:
        UnsupportedModelError: it holds strings.
    """
    width: Width = "float" if {block.dtype for block in frame} == {"float"} else "double"
    return c.numbers(frame, model, width).name, width


def write_mean(c: Carrier, model: Any, frame: Frame, trees: Sequence[Any]) -> Block:
    """Adds the mean over trees of a leaf's values, double [N, targets x classes]; targets have the most classes of any.

    `sklearn/ensemble/_forest.py` adds the trees one after the other to zeros and divides once; so does the graph.
    """
    x, width = features(c, model, frame)
    table = np.concatenate([leaf_values(tree).reshape(len(leaves_of(tree)), -1) for tree in trees])
    total = write_total(c.g, x, [tree_of(tree) for tree in trees], table, "float", given=width)
    return Block(c.g.op("Div", total, np.float64(len(trees))) if len(trees) > 1 else total, "double", table.shape[1])


def answers(c: Carrier, model: Any, probabilities: Block) -> Parts:
    """A classifier's probabilities, and the first class with the highest; those of each target where it has several."""
    if not isinstance(model.classes_, list):
        number = links.highest(c.g, probabilities.name)
        return {"predict": (links.label(c.g, model.classes_, number),), "predict_proba": (probabilities,)}
    parts: Parts = {}
    labels = []
    most = max(len(classes) for classes in model.classes_)
    for i, classes in enumerate(model.classes_):
        mine = take(c.g, (probabilities,), range(i * most, i * most + len(classes)))
        parts[f"predict_proba_{i}"] = mine
        number = c.g.op("ArgMax", mine[0].name, axis=1, keepdims=1)
        labels.append(replace(links.label(c.g, classes, number), width=1))
    if len({label.dtype for label in labels}) > 1:
        raise c.unsupported(
            model,
            "its targets have labels of different types, which one label tensor cannot hold",
            "Encode all targets as integers or all as strings, or train one model a target",
        )
    return {**parts, "predict": (join(c.g, labels),)}


def tree_of(estimator: Any, features: np.ndarray[Any, Any] | None = None) -> Tree:
    """The routing of a fitted DecisionTree* or ExtraTree*. features: which columns of X it was given, None for all."""
    fitted = estimator.tree_
    interior = fitted.children_left != _NO_CHILD
    number = np.where(interior, np.cumsum(interior) - 1, -np.cumsum(~interior))
    feature = fitted.feature[interior].astype(np.int64)
    return Tree(
        feature=feature if features is None else features[feature],
        threshold=fitted.threshold[interior].astype(np.float64),
        on_true=number[fitted.children_left[interior]],
        on_false=number[fitted.children_right[interior]],
        nan_true=fitted.missing_go_to_left[interior].astype(bool),
        leaves=int((~interior).sum()),
    )


def trees_of(model: Any) -> list[Tree]:
    """The routing of an ensemble's members, each of which was given the features of its own `estimators_features_`."""
    every = np.arange(model.n_features_in_)
    subsets = (np.asarray(subset, np.int64) for subset in model.estimators_features_)
    return [
        tree_of(tree, None if np.array_equal(subset, every) else subset)
        for tree, subset in zip(model.estimators_, subsets, strict=True)
    ]


def leaves_of(estimator: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """scikit-learn's node numbers of the leaves, in the order in which `tree_of` numbers them."""
    return np.flatnonzero(estimator.tree_.children_left == _NO_CHILD)


def leaf_values(estimator: Any) -> FloatArray:
    """`tree_.value` of the leaves: [L, targets, classes], classes 1 for a regressor."""
    values: FloatArray = estimator.tree_.value[leaves_of(estimator)].astype(np.float64)
    return values
