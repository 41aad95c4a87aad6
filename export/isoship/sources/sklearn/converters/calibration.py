"""CalibratedClassifierCV: each fold's classifier, its calibrators, and the mean of what they say.

    decision_function, else predict_proba -> sigmoid: 1 / (1 + exp(a score + b))
                                             isotonic: lines between thresholds
                                             temperature: log of probabilities -> Mul (beta) -> softmax
      -> share of the sum (three classes and more) -> Add fold by fold -> Div (folds) = probabilities

Isotonic calibration multiplies rounding in the classifier's score by the slope of its steepest line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.isotonic import write_isotonic
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row, take
from isoship.sources.sklearn.walk.inside import Member
from isoship.sources.sklearn.walk.members import answer, column, constant
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])
#: scikit-learn adds this before the logarithm of a probability (`sklearn.calibration._convert_to_logits`).
_EPS = 1e-12


def _folds(model: Any) -> Iterator[Member]:
    for i, calibrated in enumerate(getattr(model, "calibrated_classifiers_", ())):
        yield Member(f"calibrated_classifiers_[{i}].estimator", calibrated.estimator)


@carries("CalibratedClassifierCV", record=Record(same_bits=False, jumps=False, members=_folds))
def calibrated_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean over folds, label its argmax."""
    classes = len(model.classes_)
    total = ""
    for i, fold in enumerate(model.calibrated_classifiers_):
        with c.at(f"calibrated_classifiers_[{i}]"):
            probabilities = _fold(c, fold, frame)
        total = c.g.op("Add", total, probabilities) if total else probabilities
    folds = row(np.full(classes, float(len(model.calibrated_classifiers_))))
    mean = c.g.op("Div", total, folds)
    label = links.label(c.g, model.classes_, links.highest(c.g, mean))
    return {"predict": (label,), "predict_proba": (Block(mean, "double", classes),)}


def _fold(c: Carrier, fold: Any, frame: Frame) -> str:
    """One classifier's calibrated probabilities, double [N, C]."""
    scores, by_score = _scores(c, fold.estimator, frame)
    classes = len(fold.classes)
    if fold.method == "temperature":
        p = _temperature(c, fold, scores, by_score)
    else:
        columns = dict.fromkeys(range(classes), "")
        places = np.searchsorted(fold.classes, fold.estimator.classes_)
        # as many calibrators as scores: one for two classes, which scikit-learn gives to the second
        for k, (place, calibrator) in enumerate(zip(places, fold.calibrators, strict=False)):
            score = take(c.g, (scores,), [k])[0].name
            columns[place + (classes == 2)] = _calibrated(c, calibrator, score)
        if classes == 2:
            p = links.two_columns(c.g, columns[1]).name
        else:
            absent = constant(c, fold.estimator, (scores,), [0.0])
            p = join(c.g, [Block(columns[k] or absent, "double", 1) for k in range(classes)]).name
            p = links.normalised(c.g, p, classes).name
    above = c.g.op("Greater", p, np.float64(1))
    little = c.g.op("LessOrEqual", p, np.float64(1 + 1e-5))
    return c.g.op("Where", c.g.op("And", above, little), np.float64(1), p)


def _scores(c: Carrier, estimator: Any, frame: Frame) -> tuple[Block, bool]:
    """What the calibrators see, [N, 1] for two classes else [N, C], and whether it is the decision function."""
    by_score = hasattr(estimator, "decision_function")
    found = answer(c, estimator, frame, "decision_function", "predict_proba")
    if not by_score and found[0].width == 2:
        found = take(c.g, found, [1])
    return c.doubles((column(c, found),), estimator), by_score


def _calibrated(c: Carrier, calibrator: Any, score: str) -> str:
    """One calibrator's probability, [N, 1]."""
    if type(calibrator).__name__ == "IsotonicRegression":
        return write_isotonic(c, calibrator, score)
    line = c.g.op("Add", c.g.op("Mul", score, row([calibrator.a_])), row([calibrator.b_]))
    # not Sigmoid: onnxruntime's is 0 from -37 down, and shares of tiny probabilities decide the label
    return c.g.op("Div", np.float64(1), c.g.op("Add", np.float64(1), c.g.op("Exp", line)))


def _temperature(c: Carrier, fold: Any, scores: Block, by_score: bool) -> str:
    """softmax(beta * logits), double [N, C]."""
    beta = float(fold.calibrators[0].beta_)
    if scores.width == 1 and by_score:
        logits = c.g.op("Concat", c.g.op("Neg", scores.name), scores.name, axis=1)
    else:
        p = links.two_columns(c.g, scores.name).name if scores.width == 1 else scores.name
        logits = c.g.op("Log", c.g.op("Add", p, np.float64(_EPS)))
        if by_score:
            logits = c.g.op("Where", _all_probabilities(c, p), logits, p)
    width = max(scores.width or 0, 2)
    scaled = c.g.op("Mul", logits, row(np.full(width, beta)))
    return c.g.op("Softmax", scaled, axis=1)


def _all_probabilities(c: Carrier, scores: str) -> str:
    """Whether every row of the batch lies in [0, 1] and sums to 1: then scikit-learn takes scores for probabilities."""
    low = c.g.op("GreaterOrEqual", scores, np.float64(0))
    high = c.g.op("LessOrEqual", scores, np.float64(1))
    total = c.g.op("ReduceSum", scores, _LAST, keepdims=1)
    off = c.g.op("Abs", c.g.op("Sub", total, np.float64(1)))
    one = c.g.op("LessOrEqual", off, np.float64(1e-8 + 1e-5))
    each = c.g.cast(c.g.op("And", c.g.op("And", low, high), one), np.int64)
    return c.g.cast(c.g.op("ReduceMin", each, np.array([0, 1]), keepdims=1), np.bool_)
