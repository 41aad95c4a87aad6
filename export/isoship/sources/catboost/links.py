"""From CatBoost's raw values to what `predict` and `predict_proba` return.

| model | predict | predict_proba |
|---|---|---|
| Logloss, CrossEntropy, Focal | the second class where raw > logit(threshold) | 1 - p and p = 1 / (1 + e^-raw) |
| MultiClass | the first class with the highest raw value | softmax |
| MultiClassOneVsAll | the same | 1 / (1 + e^-raw) each |
| MultiLogloss, MultiCrossEntropy | 1 where raw > logit(threshold), for each label | 1 / (1 + e^-raw) each |
| regressors, by prediction type | raw; e^raw (Poisson, Tweedie); mean and e^(2 raw) (RMSEWithUncertainty) | |
| rankers, `CatBoost` itself | raw | |
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, row, take

_BINARY = ("Logloss", "CrossEntropy", "Focal")
_EACH = ("MultiLogloss", "MultiCrossEntropy")


def classified(c: Carrier, model: Any, raw: Block, loss: str) -> Parts:
    """Labels and probabilities of a classifier. raw: [N] or [N, D].

    Raises:
        UnsupportedModelError: a loss whose link is not known.
    """
    g = c.g
    classes = np.asarray(model.classes_)
    if raw.width is None and loss in _EACH:
        raise c.unsupported(
            model,
            f"{loss} of a single label answers two probabilities and names one class",
            "Train it with loss_function='Logloss', which computes the same",
        )
    if raw.width is None and loss in _BINARY:
        column = g.op("Unsqueeze", raw.name, np.array([1]))
        number = links.above(g, column, _cut(model))
        probabilities = links.two_columns(g, links.expit(g, column))
    elif raw.width is not None and loss in _EACH:
        reached = g.cast(g.op("Greater", raw.name, np.float64(_cut(model))), np.int64)
        p = Block(links.expit(g, raw.name), "double", raw.width)
        return {"predict": (Block(reached, "int64", raw.width),), "predict_proba": (p,)}
    elif raw.width is not None and loss in ("MultiClass", "MultiClassOneVsAll"):
        number = links.highest(g, raw.name)
        name = links.expit(g, raw.name) if loss.endswith("All") else g.op("Softmax", raw.name, axis=1)
        present = classes_of(model, raw.width)
        if len(classes) > raw.width:
            name = _among(c, name, raw.width, present, len(classes))
        probabilities = Block(name, "double", len(classes))
        classes = classes[present]
    else:
        raise c.unsupported(
            model,
            f"isoship does not know what its loss function {loss or '(unknown)'} makes of raw values",
            "Train with one of CatBoost's own loss functions",
        )
    return {"predict": (links.label(g, classes, number),), "predict_proba": (probabilities,)}


def classes_of(model: Any, dimensions: int) -> list[int]:
    """The place of each raw dimension among the classes: a model told of more classes than its rows held has fewer."""
    count = len(model.classes_)
    if count == dimensions:
        return list(range(count))
    told = json.loads(model.get_metadata()["class_params"])
    return [int(place) for place in told["class_to_label"]]


def _among(c: Carrier, present: str, width: int, places: list[int], count: int) -> str:
    """Probabilities of all classes, 0 for those that training never held: [N, count] from [N, width]."""
    zero = c.g.op("Mul", c.g.op("Gather", present, np.array([0]), axis=1), row([0.0]))
    order = [places.index(i) if i in places else width for i in range(count)]
    return c.g.op("Gather", c.g.op("Concat", present, zero, axis=1), np.array(order), axis=1)


def regressed(c: Carrier, model: Any, raw: Block) -> Parts:
    """What `CatBoostRegressor.predict` returns by default.

    Raises:
        UnsupportedModelError: a type of prediction that is not known.
    """
    kind = model._get_default_prediction_type()
    if kind == "Exponent":
        raw = Block(c.g.op("Exp", raw.name), "double", raw.width)
    elif kind == "RMSEWithUncertainty":
        mean, deviation = take(c.g, (raw,), [0])[0].name, take(c.g, (raw,), [1])[0].name
        variance = c.g.op("Exp", c.g.op("Mul", deviation, row([2.0])))
        raw = Block(c.g.op("Concat", mean, variance, axis=1), "double", 2)
    elif kind != "RawFormulaVal":
        raise c.unsupported(model, f"its predictions are of type {kind}", "Train with another loss function")
    return {"predict": (raw,)}


def _cut(model: Any) -> float:
    """The raw value above which the second class is predicted."""
    threshold = float(model.get_probability_threshold())
    if threshold in (0.0, 1.0):
        return -np.inf if threshold == 0.0 else np.inf
    return 0.0 if threshold == 0.5 else float(np.log(threshold / (1.0 - threshold)))
