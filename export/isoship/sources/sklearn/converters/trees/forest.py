"""DecisionTree*, ExtraTree*, RandomForest*, ExtraTrees*: the mean of the trees' leaf values.

    x -> trees (float32) -> leaf values, summed tree by tree [N, C] -> Div (T) -> probabilities
                                                                                       -> ArgMax -> Gather -> label

`sklearn/ensemble/_forest.py` adds the trees one after the other to zeros and divides once; so does the graph.
`tree_.value` is taken as it is: its rows sum to one only up to rounding, and scikit-learn does not renormalise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import write_total
from isoship.sources.sklearn.converters.trees.exact import leaf_values, tree_of
from isoship.sources.sklearn.converters.trees.features import features
from isoship.sources.sklearn.converters.trees.outputs import (
    Conversion,
    classes_per_output,
    classifier,
    label_values,
    raw_scores_wanted,
    regressor,
    several_outputs,
    write_classes,
)


def conversions() -> list[Conversion]:
    classifiers = (DecisionTreeClassifier, ExtraTreeClassifier, RandomForestClassifier, ExtraTreesClassifier)
    regressors = (DecisionTreeRegressor, ExtraTreeRegressor, RandomForestRegressor, ExtraTreesRegressor)
    return [
        *(classifier(each, convert_classifier) for each in classifiers),
        *(regressor(each, convert_regressor) for each in regressors),
    ]


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    g.op("Identity", _mean(g, operator), out=operator.outputs[0].full_name)


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    raw_scores_wanted(model, container)
    probabilities = _mean(g, operator)
    if not several_outputs(model):
        write_classes(g, model, container, probabilities, operator.outputs)
        return
    labels, column, most = [], 0, max(len(classes) for classes in model.classes_)
    for classes, output in zip(classes_per_output(model), operator.outputs[1:], strict=True):
        columns = np.arange(column, column + len(classes))
        mine = g.op("Gather", probabilities, columns, out=output.full_name, axis=1)
        number = g.op("ArgMax", mine, axis=1, keepdims=1)
        labels.append(g.op("Gather", g.const(label_values(classes), name="classes"), number, axis=0))
        column += most
    g.op("Concat", *labels, out=operator.outputs[0].full_name, axis=1)


def _mean(g: GraphBuilder, operator: Any) -> str:
    """The mean over trees of a leaf's values, [N, outputs x classes], outputs padded to the most classes of any."""
    model = operator.raw_operator
    trees = getattr(model, "estimators_", [model])
    x, width = features(g, operator)
    table = np.concatenate([leaf_values(tree).reshape(len(leaf_values(tree)), -1) for tree in trees])
    total = write_total(g, x, [tree_of(tree) for tree in trees], table, "float", given=width)
    return g.op("Div", total, np.float64(len(trees))) if len(trees) > 1 else total
