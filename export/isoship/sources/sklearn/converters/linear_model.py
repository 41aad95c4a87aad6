"""Linear models: one matrix product and a link.

    x [N, F] -> MatMul (coef_.T) -> Add (intercept_) = scores -> Sigmoid or Softmax = probabilities
                                                      └ Greater 0 or ArgMax -> Gather (classes) = label

The intercept is written as a vector over the outputs: onnxruntime turns a scalar after a MatMul into float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.preprocessing.scalers import bounded
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.inside import the_one_in
from isoship.sources.sklearn.walk.registry import Record, carries


@carries(
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearRegression",
    "LinearSVR",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "PassiveAggressiveRegressor",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "SGDRegressor",
    "TheilSenRegressor",
    record=Record(same_bits=False, jumps=False),
)
def linear_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """x @ coef_.T + intercept_."""
    return {"predict": (scores(c, model, frame),)}


@carries("GammaRegressor", "PoissonRegressor", "TweedieRegressor", record=Record(same_bits=False, jumps=False))
def generalized_linear(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The inverse link of x @ coef_ + intercept_."""
    raw = scores(c, model, frame)
    link = type(model._base_loss.link).__name__
    operators = {"IdentityLink": "Identity", "LogLink": "Exp", "LogitLink": "Sigmoid"}
    if link not in operators:
        raise c.unsupported(model, f"its link {link} is not known", "Use a link that scikit-learn documents")
    return {"predict": (Block(c.g.op(operators[link], raw.name), "double", 1),)}


@carries(
    "RANSACRegressor", record=Record(same_bits=False, jumps=False, members=the_one_in("estimator_"), looks_itself=True)
)
def ransac(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The estimator fitted on the inliers."""
    with c.at("estimator_"):
        return c.carry(model.estimator_, frame)


@carries("LogisticRegression", "LogisticRegressionCV", record=Record(same_bits=False, jumps=False))
def logistic_regression(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Two classes: expit; more: softmax, or before scikit-learn 1.8 expit of each and their share."""
    raw = scores(c, model, frame)
    parts = _labelled(c, model, raw)
    multi_class = getattr(model, "multi_class", "auto")  # gone since scikit-learn 1.8
    if multi_class == "multinomial" and raw.width == 1:
        raise c.unsupported(
            model,
            "multi_class='multinomial' with two classes doubles the decision, a behaviour scikit-learn has dropped",
            "Leave multi_class at its default and train again",
        )
    one_vs_rest = multi_class == "ovr" or model.solver == "liblinear"
    parts["predict_proba"] = (_expit(c, raw) if raw.width == 1 or one_vs_rest else _softmax(c, raw),)
    return parts


@carries("SGDClassifier", record=Record(same_bits=False, jumps=False))
def sgd_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """A linear classifier with probabilities for loss="log_loss" and "modified_huber"."""
    raw = scores(c, model, frame)
    parts = _labelled(c, model, raw)
    if model.loss == "log_loss":
        parts["predict_proba"] = (_expit(c, raw),)
    elif model.loss == "modified_huber":
        clipped = bounded(c.g, raw.name, -1.0, 1.0)
        halves = np.full((1, raw.width or 1), 2.0)
        p = c.g.op("Div", c.g.op("Add", clipped, np.float64(1)), halves)
        binary = raw.width == 1
        parts["predict_proba"] = (
            links.two_columns(c.g, p) if binary else links.normalised(c.g, p, len(model.classes_)),
        )
    return parts


@carries(
    "LinearSVC",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
    record=Record(same_bits=False, jumps=False),
)
def linear_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Label by the sign of the one score, or the highest of several."""
    binarizer = getattr(model, "_label_binarizer", None)
    if binarizer is not None and str(binarizer.y_type_).startswith("multilabel"):
        raw = scores(c, model, frame)
        above = c.g.cast(c.g.op("Greater", raw.name, np.float64(0)), np.int64)
        return {"decision_function": (raw,), "predict": (Block(above, "int64", raw.width),)}
    return _labelled(c, model, scores(c, model, frame))


@carries("SGDOneClassSVM", record=Record(same_bits=False, jumps=False))
def sgd_one_class(c: Carrier, model: Any, frame: Frame) -> Parts:
    """x @ coef_.T - offset_; inliers are 1, outliers -1."""
    x = c.doubles(frame, model)
    product = c.g.op("MatMul", x.name, np.ascontiguousarray(np.atleast_2d(np.asarray(model.coef_, np.float64)).T))
    raw = c.g.op("Sub", product, row(model.offset_))
    inlier = c.g.op("GreaterOrEqual", raw, np.float64(0))
    number = c.g.op("Squeeze", c.g.cast(inlier, np.int64), np.array([1]))
    return {
        "decision_function": (Block(raw, "double", 1),),
        "score_samples": (Block(c.g.op("Add", raw, row(model.offset_)), "double", 1),),
        "predict": (links.label(c.g, [-1, 1], number),),
    }


def scores(c: Carrier, model: Any, frame: Frame) -> Block:
    """x @ coef_.T + intercept_, double [N, K]."""
    x = c.doubles(frame, model)
    coef = model.coef_.toarray() if hasattr(model.coef_, "toarray") else model.coef_
    coef = np.atleast_2d(np.asarray(coef, dtype=np.float64))
    product = c.g.op("MatMul", x.name, np.ascontiguousarray(coef.T))
    intercept = np.broadcast_to(row(model.intercept_), (1, coef.shape[0]))
    if not intercept.any():
        return Block(product, "double", coef.shape[0])
    return Block(c.g.op("Add", product, intercept), "double", coef.shape[0])


def _labelled(c: Carrier, model: Any, raw: Block) -> Parts:
    number = links.above(c.g, raw.name) if raw.width == 1 else links.highest(c.g, raw.name)
    return {"decision_function": (raw,), "predict": (links.label(c.g, model.classes_, number),)}


def _expit(c: Carrier, raw: Block) -> Block:
    if raw.width == 1:
        return links.two_columns(c.g, c.g.op("Sigmoid", raw.name))
    return links.normalised(c.g, links.expit(c.g, raw.name), raw.width or 0)


def _softmax(c: Carrier, raw: Block) -> Block:
    return Block(c.g.op("Softmax", raw.name, axis=1), "double", raw.width)
