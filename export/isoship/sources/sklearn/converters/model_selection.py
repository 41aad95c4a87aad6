"""Thresholds of decision: FixedThresholdClassifier, TunedThresholdClassifierCV; searches are in compose."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.truth.answers import ask
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Frame, take
from isoship.sources.sklearn.walk.inside import the_one_in
from isoship.sources.sklearn.walk.members import column
from isoship.sources.sklearn.walk.registry import Record, carries


def _threshold_gap(classifier: Any, model: Any, frame: Any) -> np.ndarray[Any, Any]:
    """|score - threshold|, of the whole model's scores."""
    threshold = getattr(classifier, "best_threshold_", getattr(classifier, "threshold", 0.5))
    if hasattr(model, "predict_proba") and getattr(classifier, "response_method", "auto") != "decision_function":
        positive = ask(model, "predict_proba", frame)[:, 1]
        return np.asarray(np.abs(positive - (0.5 if threshold == "auto" else threshold)))
    scores = ask(model, "decision_function", frame)
    return np.asarray(np.abs(scores - (0.0 if threshold == "auto" else threshold)))


@carries(
    "FixedThresholdClassifier",
    "TunedThresholdClassifierCV",
    record=Record(same_bits=False, jumps=False, members=the_one_in("estimator_"), label_gap=_threshold_gap),
)
def with_threshold(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The positive class from its threshold on (>=), by probability or by score."""
    if getattr(model, "pos_label", None) is not None:
        raise c.unsupported(model, "pos_label is set", "Leave pos_label at None, which means the second class")
    with c.at("estimator_"):
        parts = dict(c.carry(model.estimator_, frame))
    method = model.response_method
    if method == "auto":
        method = "predict_proba" if hasattr(model.estimator_, "predict_proba") else "decision_function"
    if method not in parts:
        raise c.absent(model.estimator_, method, "Use another response_method")
    threshold = getattr(model, "best_threshold_", getattr(model, "threshold", "auto"))
    if threshold == "auto":
        threshold = 0.5 if method == "predict_proba" else 0.0
    score = take(c.g, parts[method], [1])[0] if method == "predict_proba" else column(c, parts[method])
    reached = c.g.cast(c.g.op("GreaterOrEqual", score.name, np.float64(threshold)), np.int64)
    number = c.g.op("Squeeze", reached, np.array([1]))
    return {**parts, "predict": (links.label(c.g, model.classes_, number),)}
