"""Converters of XGBoost estimators: features in float32, raw scores, the objective's link, the answers.

    frame -> features [N, F] float -> raw scores [N] or [N, K] float -> link -> answers, widened to double

scikit-learn's interface asks with `inplace_predict` and stops at the best round of early stopping; a native Booster is
asked with a DMatrix and all of its rounds (`isoship.sources.xgboost.native`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.xgboost import links
from isoship.sources.xgboost.features import write_features
from isoship.sources.xgboost.model import Model, model_of
from isoship.sources.xgboost.raw_scores import write_raw_scores
from isoship.sources.xgboost.tolerances import double_tolerances
from isoship.sources.xgboost.versions import too_old

#: XGBoost answers in float32, to the bit but for its links.
_XGBOOST = Record(same_bits=False, jumps=True, absent_is_missing=True, keeps_categories=True, float32=double_tolerances)


@carries(
    "XGBRanker",
    "XGBRegressor",
    "XGBRFRegressor",
    record=_XGBOOST,
)
def regressor(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """The objective's prediction."""
    model = _model(c, estimator)
    return {"predict": (_double(c, _prediction(c, estimator, frame, model), model),)}


@carries(
    "XGBClassifier",
    "XGBRFClassifier",
    record=_XGBOOST,
)
def classifier(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """Labels from the prediction as `XGBClassifier.predict` takes them: above 0.5, or the highest of the classes."""
    model = _model(c, estimator)
    g = c.g
    scores = _raw_scores(c, estimator, frame, model)
    predicted = links.LINKS[model.objective](g, scores)
    if estimator.objective == "multi:softmax":
        return {
            "predict": (Block(g.cast(predicted, np.int64), "int64", None),),
            "predict_proba": (_widened(c, links.softmax(g, scores), model.outputs),),
        }
    if model.outputs == 1:
        above = g.op("Greater", predicted, np.float32(0.5))
        return {
            "predict": (Block(g.cast(above, np.int64), "int64", None),),
            "predict_proba": (_widened(c, _two_columns(c, predicted), 2),),
        }
    probabilities = _widened(c, predicted, model.outputs)
    if estimator.n_classes_ == 2:  # several labels at once, as doubles
        above = g.op("Greater", predicted, np.float32(0.5))
        return {"predict": (_widened(c, above, model.outputs),), "predict_proba": (probabilities,)}
    number = g.op("ArgMax", predicted, axis=1, keepdims=0)
    return {"predict": (Block(number, "int64", None),), "predict_proba": (probabilities,)}


@carries(
    "XGBoostRegressor",
    record=_XGBOOST,
)
def native_regressor(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """A Booster's own prediction."""
    model = _model(c, estimator)
    return {"predict": (_double(c, _prediction(c, estimator, frame, model), model),)}


@carries(
    "XGBoostClassifier",
    record=_XGBOOST,
)
def native_classifier(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """`XGBoostClassifier` in `isoship.sources.xgboost.native` says what is a label, a probability and a score."""
    model = _model(c, estimator)
    g = c.g
    scores = _raw_scores(c, estimator, frame, model)
    parts: Parts = {"decision_function": (_widened(c, scores, None if model.outputs == 1 else model.outputs),)}
    predicted = links.LINKS[model.objective](g, scores)
    if model.objective in ("binary:hinge", "multi:softmax"):
        parts["predict"] = (Block(g.cast(predicted, np.int64), "int64", None),)
    elif model.objective == "multi:softprob":
        parts["predict"] = (Block(g.op("ArgMax", predicted, axis=1, keepdims=0), "int64", None),)
        parts["predict_proba"] = (_widened(c, predicted, model.outputs),)
    else:
        threshold = np.float32(0.5 if model.objective == "binary:logistic" else 0.0)
        parts["predict"] = (Block(g.cast(g.op("Greater", predicted, threshold), np.int64), "int64", None),)
        parts["predict_proba"] = (_widened(c, _two_columns(c, predicted), 2),)
    return parts


def _model(c: Carrier, estimator: Any) -> Model:
    """The booster's numbers, up to the round that predictions stop at.

    Raises:
        UnsupportedModelError: the objective is not known, there are no trees, or this XGBoost is too old.
    """
    old = too_old()
    if old:
        raise c.unsupported(estimator, *old)
    booster, rounds = estimator.get_booster(), 0
    if type(estimator).__module__.split(".")[0] == "xgboost":
        rounds = int(estimator._get_iteration_range(None)[1])
    model = model_of(booster, rounds)
    if model.objective not in links.LINKS:
        raise c.unsupported(
            estimator,
            f"how the objective {model.objective!r} turns raw scores into predictions is not known",
            f"Train with one of {', '.join(sorted(links.LINKS))}",
        )
    if model.coefficients is None and not model.trees:
        raise c.unsupported(estimator, "it has no trees", "Train it for one round or more")
    return model


def _raw_scores(c: Carrier, estimator: Any, frame: Frame, model: Model) -> str:
    x = write_features(c, estimator, frame, model, getattr(estimator, "missing", None))
    return write_raw_scores(c.g, x, model, inplace=type(estimator).__module__.split(".")[0] == "xgboost")


def _prediction(c: Carrier, estimator: Any, frame: Frame, model: Model) -> str:
    return links.LINKS[model.objective](c.g, _raw_scores(c, estimator, frame, model))


def _two_columns(c: Carrier, positive: str) -> str:
    """[1 - p, p] in float32, [N, 2], from p [N]."""
    second = c.g.op("Unsqueeze", positive, np.array([1]))
    return c.g.op("Concat", c.g.op("Sub", np.float32(1), second), second, axis=1)


def _double(c: Carrier, floats: str, model: Model) -> Block:
    """float32 answers as the doubles that they are, [N] where the model has one output or names one class."""
    one = model.outputs == 1 or links.LINKS[model.objective] is links.first_highest
    return _widened(c, floats, None if one else model.outputs)


def _widened(c: Carrier, tensor: str, width: int | None) -> Block:
    return Block(c.g.cast(tensor, np.float64), "double", width)
