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

from typing import Any

import numpy as np

from isoship.sources.sklearn import links
from isoship.sources.sklearn.carrier import Carrier, Parts
from isoship.sources.sklearn.frame import Block, row, take

_BINARY = ("Logloss", "CrossEntropy", "Focal")
_EACH = ("MultiLogloss", "MultiCrossEntropy")


def classified(c: Carrier, model: Any, raw: Block, loss: str) -> Parts:
    """Labels and probabilities of a classifier. raw: [N] or [N, D].

    Raises:
        UnsupportedModelError: a loss whose link is not known.
    """
    g = c.g
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
        probabilities = Block(name, "double", raw.width)
    else:
        raise c.unsupported(
            model,
            f"isoship does not know what its loss function {loss or '(unknown)'} makes of raw values",
            "Train with one of CatBoost's own loss functions",
        )
    return {"predict": (links.label(g, model.classes_, number),), "predict_proba": (probabilities,)}


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
    return 0.0 if threshold == 0.5 else float(np.log(threshold / (1.0 - threshold)))
