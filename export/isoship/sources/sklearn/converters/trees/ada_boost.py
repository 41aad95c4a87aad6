"""AdaBoost* over trees: each leaf carries its tree's weighted vote, or its value for the weighted median.

    classifier: x -> trees (float32) -> votes, summed tree by tree [N, C] -> Div (sum of weights) -> softmax
    regressor:  x -> trees (float32) -> values [N, T] -> TopK (ascending) -> CumSum of their weights
                  -> first position that reaches half of the last -> the value there

A vote is the estimator's weight for the class it predicts and -weight / (C - 1) for the others
(sklearn/ensemble/_weight_boosting.py, `decision_function`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
from sklearn.tree import BaseDecisionTree

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import Tree, write_leaf_values, write_total
from isoship.sources.sklearn.converters.trees.exact import leaf_values, tree_of
from isoship.sources.sklearn.converters.trees.features import features
from isoship.sources.sklearn.converters.trees.outputs import (
    Conversion,
    classifier,
    raw_scores_wanted,
    regressor,
    write_label,
    write_softmax,
)


def conversions() -> list[Conversion]:
    return [classifier(AdaBoostClassifier, convert_classifier), regressor(AdaBoostRegressor, convert_regressor)]


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    label, probabilities = (output.full_name for output in operator.outputs)
    if len(model.classes_) == 1:
        raise UnsupportedModelError(
            "AdaBoostClassifier", "it has seen a single class and boosts nothing", "Train it on two classes or more"
        )
    x, width = features(g, operator)
    votes = np.concatenate(_votes(model))
    total = write_total(g, x, _trees(model), votes, "float", given=width)
    decision = g.op("Div", total, np.float64(model.estimator_weights_.sum()), seed="decision")
    two_classes = len(model.classes_) == 2
    if two_classes:
        first = g.op("Gather", decision, np.array([0]), axis=1)
        second = g.op("Gather", decision, np.array([1]), axis=1)
        decision = g.op("Sub", second, first, seed="decision")
        number = g.cast(g.op("Greater", g.op("Squeeze", decision, np.array([1])), np.float64(0)), np.int64)
    else:
        number = g.op("ArgMax", decision, axis=1, keepdims=0)
    write_label(g, model, container, number, label)
    if raw_scores_wanted(model, container):
        g.op("Identity", decision, out=probabilities)
        return
    if two_classes:
        halves = g.op("Concat", g.op("Neg", decision), decision, axis=1)
        scaled = g.op("Div", halves, np.float64(2))
    else:
        scaled = g.op("Div", decision, np.float64(len(model.classes_) - 1))
    g.op("Identity", write_softmax(g, scaled), out=probabilities)


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    count = len(model.estimators_)
    x, width = features(g, operator)
    trees = _trees(model)
    table = np.concatenate([leaf_values(tree)[:, 0, 0] for tree in model.estimators_])
    values = write_leaf_values(g, x, trees, table, "float", given=width)
    ascending, order = g.ops(
        "TopK", values, np.array([count], np.int64), outs=[g.name("ascending"), g.name("order")], largest=0, axis=1
    )
    weights = g.op("Gather", model.estimator_weights_[:count].astype(np.float64), order, axis=0)
    running = g.op("CumSum", weights, np.int64(1))
    half = g.op("Mul", np.float64(0.5), g.op("Gather", running, np.array([count - 1], np.int64), axis=1))
    reached = g.cast(g.op("GreaterOrEqual", running, half), np.int64)
    median = g.op("ArgMax", reached, axis=1, keepdims=1)
    g.op("GatherElements", ascending, median, out=operator.outputs[0].full_name, axis=1)


def _votes(model: Any) -> list[np.ndarray[Any, Any]]:
    """For each tree what each of its leaves adds to the score of each class, [L, C]."""
    votes = []
    for tree, weight in zip(model.estimators_, model.estimator_weights_, strict=False):
        if not isinstance(tree, BaseDecisionTree):
            _refuse(model, tree)
        predicted = tree.classes_[leaf_values(tree)[:, 0, :].argmax(axis=1)]
        won = predicted[:, np.newaxis] == model.classes_[np.newaxis, :]
        votes.append(np.where(won, weight, -1 / (len(model.classes_) - 1) * weight))
    return votes


def _trees(model: Any) -> list[Tree]:
    for tree in model.estimators_:
        if not isinstance(tree, BaseDecisionTree):
            _refuse(model, tree)
    return [tree_of(tree) for tree in model.estimators_]


def _refuse(model: Any, estimator: Any) -> None:
    raise UnsupportedModelError(
        f"{type(model).__name__}(estimator={type(estimator).__name__}(...))",
        "only boosted trees are carried",
        "Boost a DecisionTree or ExtraTree",
    )
