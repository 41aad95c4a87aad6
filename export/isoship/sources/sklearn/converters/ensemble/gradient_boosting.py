"""GradientBoosting*: initial value, then learning rate times leaf value of one tree after the other, in float64.

    x -> trees (float32) -> leaf values [N, S x K] -> Reshape [N, S, K] -> CumSum, Gather -1 -> raw [N, K] -> link

`out[i, k] += scale * value` in sklearn/ensemble/_gradient_boosting.pyx, on top of the initial value: the products are
in the leaf table, and the initial value is added to the leaves of the first tree, which is the same sum to the bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from isoship.onnx.trees import write_leaf_values, write_sum
from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.tree import features, leaf_values, tree_of
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.registry import Record, carries, key_of


@carries("GradientBoostingRegressor", record=Record(same_bits=False, jumps=True))
def gradient_boosting_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The raw predictions."""
    return {"predict": (_raw(c, model, frame),)}


@carries("GradientBoostingClassifier", record=Record(same_bits=False, jumps=True))
def gradient_boosting_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Labels from the raw predictions, probabilities by expit or softmax of them."""
    g, raw = c.g, _raw(c, model, frame)
    if raw.width == 1:
        # predict says class 1 from a raw value of 0 on, HistGradientBoosting only above it
        reached = g.cast(g.op("GreaterOrEqual", raw.name, np.float64(0)), np.int64)
        number = g.op("Squeeze", reached, np.array([1]))
        doubled = g.op("Mul", np.float64(2), raw.name) if model.loss == "exponential" else raw.name
        probabilities = links.two_columns(g, links.expit(g, doubled))
    else:
        number = links.highest(g, raw.name)
        probabilities = Block(links.softmax(g, raw.name), "double", raw.width)
    return {
        "predict": (links.label(g, model.classes_, number),),
        "predict_proba": (probabilities,),
        "decision_function": (raw,),
    }


def _raw(c: Carrier, model: Any, frame: Frame) -> Block:
    """The raw predictions, double [N, K]."""
    g = c.g
    stages, targets = model.estimators_.shape
    trees = list(model.estimators_.ravel())
    tables = [model.learning_rate * leaf_values(tree)[:, 0, 0] for tree in trees]
    for target, initial in enumerate(_initial_values(c, model)):
        tables[target] = initial + tables[target]
    x, width = features(c, model, frame)
    routing = [replace(each, nan_true=np.zeros_like(each.nan_true)) for each in map(tree_of, trees)]  # NaN is refused
    values = write_leaf_values(g, x, routing, np.concatenate(tables), "float", given=width)
    shaped = g.op("Reshape", values, np.array([-1, stages, targets], np.int64), seed="stages")
    return Block(write_sum(g, shaped, stages), "double", targets)


def _initial_values(c: Carrier, model: Any) -> np.ndarray[Any, Any]:
    """What the model predicts before its first tree, [K].

    Raises:
        UnsupportedModelError: it depends on the row.
    """
    if key_of(model.init_) not in ("DummyClassifier", "DummyRegressor") and not isinstance(model.init_, str):
        raise c.unsupported(
            model, "the boosting starts from the predictions of another model", "Train with init=None or init='zero'"
        )
    initial: np.ndarray[Any, Any] = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))[0]
    return initial
