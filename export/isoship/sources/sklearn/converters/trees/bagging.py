"""Bagging* over trees: a forest whose trees may see some of the features and some of the classes.

    x -> trees (float32, features renumbered) -> leaf values, summed tree by tree [N, C] -> Div (T)

`sklearn/ensemble/_bagging.py` encodes the classes as 0..C-1 before it trains; a tree that saw fewer of them adds
nothing to the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.tree import BaseDecisionTree

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import write_total
from isoship.sources.sklearn.converters.trees.exact import leaf_values, tree_of
from isoship.sources.sklearn.converters.trees.features import columns_of, features
from isoship.sources.sklearn.converters.trees.outputs import (
    Conversion,
    classifier,
    raw_scores_wanted,
    regressor,
    write_classes,
)


def conversions() -> list[Conversion]:
    return [classifier(BaggingClassifier, convert_classifier), regressor(BaggingRegressor, convert_regressor)]


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    _check(model)
    raw_scores_wanted(model, container)
    tables = []
    for tree in model.estimators_:
        values = leaf_values(tree)[:, 0, :]
        table = np.zeros((len(values), len(model.classes_)))
        columns = np.arange(len(model.classes_)) if len(tree.classes_) == len(model.classes_) else tree.classes_
        table[:, np.asarray(columns, np.int64)] = values
        tables.append(table)
    write_classes(g, model, container, _mean(g, operator, tables), operator.outputs)


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    _check(operator.raw_operator)
    tables = [leaf_values(tree)[:, :, 0] for tree in operator.raw_operator.estimators_]
    g.op("Identity", _mean(g, operator, tables), out=operator.outputs[0].full_name)


def _mean(g: GraphBuilder, operator: Any, tables: list[np.ndarray[Any, Any]]) -> str:
    model = operator.raw_operator
    trees = [
        tree_of(tree, columns_of(subset, model.n_features_in_))
        for tree, subset in zip(model.estimators_, model.estimators_features_, strict=True)
    ]
    x, width = features(g, operator)
    total = write_total(g, x, trees, np.concatenate(tables), "float", given=width)
    return g.op("Div", total, np.float64(model.n_estimators))


def _check(model: Any) -> None:
    for estimator in model.estimators_:
        if not isinstance(estimator, BaseDecisionTree):
            raise UnsupportedModelError(
                f"{type(model).__name__}(estimator={type(estimator).__name__}(...))",
                "only bags of trees are carried",
                "Bag a DecisionTree or ExtraTree, or export the estimator by itself",
            )
