"""GradientBoosting*: initial value, then learning rate times leaf value of one tree after the other, in float64.

    x -> trees (float32) -> leaf values [N, S x K] -> Reshape [N, S, K] -> CumSum, Gather -1 -> raw [N, K] -> link

`out[i, k] += scale * value` in sklearn/ensemble/_gradient_boosting.pyx, on top of the initial value: the products are
in the leaf table, and the initial value is added to the leaves of the first tree, which is the same sum to the bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import write_leaf_values, write_sum
from isoship.sources.sklearn.converters.trees.exact import leaf_values, tree_of
from isoship.sources.sklearn.converters.trees.features import features
from isoship.sources.sklearn.converters.trees.outputs import (
    Conversion,
    classifier,
    raw_scores_wanted,
    regressor,
    write_expit,
    write_label,
    write_softmax,
    write_two_columns,
)


def conversions() -> list[Conversion]:
    return [
        classifier(GradientBoostingClassifier, convert_classifier),
        regressor(GradientBoostingRegressor, convert_regressor),
    ]


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    g.op("Identity", _raw(g, operator), out=operator.outputs[0].full_name)


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    label, probabilities = (output.full_name for output in operator.outputs)
    raw = _raw(g, operator)
    if model.n_trees_per_iteration_ == 1:
        # predict says class 1 from a raw value of 0 on, HistGradientBoosting only above it
        number = g.cast(g.op("GreaterOrEqual", g.op("Squeeze", raw, np.array([1])), np.float64(0)), np.int64)
    else:
        number = g.op("ArgMax", raw, axis=1, keepdims=0)
    write_label(g, model, container, number, label)
    if raw_scores_wanted(model, container):
        g.op("Identity", raw, out=probabilities)
    elif model.n_trees_per_iteration_ == 1:
        doubled = g.op("Mul", np.float64(2), raw) if model.loss == "exponential" else raw
        write_two_columns(g, write_expit(g, doubled), out=probabilities)
    else:
        g.op("Identity", write_softmax(g, raw), out=probabilities)


def _raw(g: GraphBuilder, operator: Any) -> str:
    """The raw predictions, [N, K]."""
    model = operator.raw_operator
    stages, targets = model.estimators_.shape
    trees = list(model.estimators_.ravel())
    tables = [model.learning_rate * leaf_values(tree)[:, 0, 0] for tree in trees]
    for target, initial in enumerate(_initial_values(model)):
        tables[target] = initial + tables[target]
    x, width = features(g, operator)
    routing = [replace(each, nan_true=np.zeros_like(each.nan_true)) for each in map(tree_of, trees)]  # NaN is refused
    values = write_leaf_values(g, x, routing, np.concatenate(tables), "float", given=width)
    shaped = g.op("Reshape", values, np.array([-1, stages, targets], np.int64), seed="stages")
    return write_sum(g, shaped, stages)


def _initial_values(model: Any) -> np.ndarray[Any, Any]:
    """What the model predicts before its first tree, [K].

    Raises:
        UnsupportedModelError: it depends on the row.
    """
    if not isinstance(model.init_, (DummyClassifier, DummyRegressor)) and not isinstance(model.init_, str):
        raise UnsupportedModelError(
            f"{type(model).__name__}(init={type(model.init_).__name__}(...))",
            "the boosting starts from the predictions of another model",
            "Train with init=None or init='zero'",
        )
    initial: np.ndarray[Any, Any] = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))[0]
    return initial
