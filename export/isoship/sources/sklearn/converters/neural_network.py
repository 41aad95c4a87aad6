"""Multi-layer perceptrons: MatMul, Add and activation, layer by layer, in double.

x -> (MatMul (coefs_[i]) -> Add (intercepts_[i]) -> Relu | Tanh | Sigmoid) ... -> Softmax | Sigmoid | Exp | nothing
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

_ACTIVATIONS = {
    "identity": None,
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "softmax": "Softmax",
    "exp": "Exp",
}


@carries("MLPRegressor", record=Record(same_bits=False, jumps=False))
def mlp_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The last layer as it is, or its exp for loss="poisson"."""
    return {"predict": (_layers(c, model, frame),)}


@carries("MLPClassifier", record=Record(same_bits=False, jumps=False))
def mlp_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Two classes: one sigmoid, compared with 0.5; more: softmax; several labels at once: a sigmoid each."""
    last = _layers(c, model, frame)
    if model.out_activation_ == "softmax":
        label = links.label(c.g, model.classes_, links.highest(c.g, last.name))
        return {"predict": (label,), "predict_proba": (last,)}
    if str(model._label_binarizer.y_type_).startswith("multilabel"):
        above = c.g.cast(c.g.op("Greater", last.name, np.float64(0.5)), np.int64)
        return {"predict": (Block(above, "int64", last.width),), "predict_proba": (last,)}
    label = links.label(c.g, model.classes_, links.above(c.g, last.name, 0.5))
    return {"predict": (label,), "predict_proba": (links.two_columns(c.g, last.name),)}


@carries("BernoulliRBM", record=Record(same_bits=False, jumps=False))
def bernoulli_rbm(c: Carrier, model: Any, frame: Frame) -> Parts:
    """expit(x @ components_.T + intercept_hidden_)."""
    x = c.doubles(frame, model)
    raw = c.g.op("MatMul", x.name, np.ascontiguousarray(np.asarray(model.components_, np.float64).T))
    name = c.g.op("Sigmoid", c.g.op("Add", raw, row(model.intercept_hidden_)))
    return {"transform": (Block(name, "double", len(model.components_)),)}


def _layers(c: Carrier, model: Any, frame: Frame) -> Block:
    x = c.doubles(frame, model)
    if model.coefs_[0].dtype != np.float64:
        raise c.unsupported(
            model,
            f"it was trained on {model.coefs_[0].dtype} and computes in that type",
            "Train it on float64 columns",
        )
    name, last = x.name, len(model.coefs_) - 1
    for i, (weights, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        name = c.g.op("Add", c.g.op("MatMul", name, np.ascontiguousarray(weights)), row(bias))
        operator = _ACTIVATIONS[model.out_activation_ if i == last else model.activation]
        if operator == "Softmax":
            name = c.g.op(operator, name, axis=1)
        elif operator:
            name = c.g.op(operator, name)
    return Block(name, "double", model.coefs_[-1].shape[1])
