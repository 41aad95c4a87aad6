"""Naive Bayes and discriminant analysis: a joint log likelihood, its argmax, and its share.

jll [N, C] -> ArgMax = label
jll -> Sub (log of the sum of exp) -> Exp = probabilities
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.arithmetic.sums import log_sum_exp, row_sums
from isoship.sources.sklearn.converters.linear_model import scores
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])


@carries("GaussianNB", record=Record(same_bits=False, jumps=False))
def gaussian_nb(c: Carrier, model: Any, frame: Frame) -> Parts:
    """log prior + (-0.5 sum log 2 pi var - 0.5 sum (x - theta)^2 / var), per class, added in scikit-learn's order."""
    x = c.doubles(frame, model)
    classes, features = np.shape(model.theta_)
    wide = c.g.op("Unsqueeze", x.name, _LAST)  # [N, 1, F] against [1, C, F]
    difference = c.g.op("Sub", wide, np.asarray(model.theta_)[None])
    terms = c.g.op("Div", c.g.op("Mul", difference, difference), np.asarray(model.var_)[None])
    total = c.g.op("Squeeze", row_sums(c.g, terms, features, axis=2), np.array([2]))
    half = c.g.op("Mul", total, row(np.full(classes, 0.5)))
    own = [-0.5 * np.sum(np.log(2.0 * np.pi * var)) for var in model.var_]
    jll = c.g.op("Add", c.g.op("Sub", row(own), half), row(np.log(model.class_prior_)))
    return bayesian(c, model, jll)


@carries("MultinomialNB", "ComplementNB", record=Record(same_bits=False, jumps=False))
def discrete_nb(c: Carrier, model: Any, frame: Frame) -> Parts:
    """x @ feature_log_prob_.T, with the class prior where the family has one."""
    x = c.doubles(frame, model)
    weights = np.ascontiguousarray(np.asarray(model.feature_log_prob_, np.float64).T)
    jll = c.g.op("MatMul", x.name, weights)
    if type(model).__name__ == "MultinomialNB" or len(model.classes_) == 1:
        jll = c.g.op("Add", jll, row(model.class_log_prior_))
    return bayesian(c, model, jll)


@carries("BernoulliNB", record=Record(same_bits=False, jumps=lambda model: model.binarize is not None))
def bernoulli_nb(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Binarised x @ (log p - log(1 - p)).T + class prior + sum log(1 - p)."""
    x = c.doubles(frame, model)
    name = x.name
    if model.binarize is not None:
        name = c.g.cast(c.g.op("Greater", name, np.float64(model.binarize)), np.float64)
    absent = np.log(1 - np.exp(model.feature_log_prob_))
    product = c.g.op("MatMul", name, np.ascontiguousarray((model.feature_log_prob_ - absent).T))
    return bayesian(c, model, c.g.op("Add", product, row(model.class_log_prior_ + absent.sum(axis=1))))


@carries("LinearDiscriminantAnalysis", record=Record(same_bits=False, jumps=False, dense=True))
def linear_discriminant(c: Carrier, model: Any, frame: Frame) -> Parts:
    """A linear classifier with expit or softmax, and a projection."""
    raw = scores(c, model, frame)
    binary = raw.width == 1
    number = links.above(c.g, raw.name) if binary else links.highest(c.g, raw.name)
    if binary:
        probabilities = links.two_columns(c.g, c.g.op("Sigmoid", raw.name))
    else:
        probabilities = Block(c.g.op("Softmax", raw.name, axis=1), "double", raw.width)
    parts: Parts = {
        "decision_function": (raw,),
        "predict": (links.label(c.g, model.classes_, number),),
        "predict_proba": (probabilities,),
    }
    if hasattr(model, "scalings_"):
        x = c.doubles(frame, model)
        name = c.g.op("Sub", x.name, row(model.xbar_)) if model.solver == "svd" else x.name
        kept = np.ascontiguousarray(np.asarray(model.scalings_, np.float64)[:, : model._max_components])
        parts["transform"] = (Block(c.g.op("MatMul", name, kept), "double", kept.shape[1]),)
    return parts


@carries("QuadraticDiscriminantAnalysis", record=Record(same_bits=False, jumps=False))
def quadratic_discriminant(c: Carrier, model: Any, frame: Frame) -> Parts:
    """-0.5 (|(x - mean) R S^-1/2|^2 + sum log S) + log prior, per class."""
    x = c.doubles(frame, model)
    norms = []
    for mean, rotation, scaling in zip(model.means_, model.rotations_, model.scalings_, strict=True):
        centred = c.g.op("Sub", x.name, row(mean))
        turned = c.g.op("MatMul", centred, np.ascontiguousarray(rotation * scaling ** (-0.5)))
        norms.append(row_sums(c.g, c.g.op("Mul", turned, turned), np.shape(rotation)[1]))
    norm = c.g.op("Concat", *norms, axis=1) if len(norms) > 1 else norms[0]
    spread = row([np.sum(np.log(scaling)) for scaling in model.scalings_])
    half = c.g.op("Mul", c.g.op("Add", norm, spread), row(np.full(len(norms), -0.5)))
    raw = c.g.op("Add", half, row(np.log(model.priors_)))
    parts = _posterior(c, model, raw)
    if len(norms) == 2:
        first, second = (c.g.op("Gather", raw, np.array([i]), axis=1) for i in (0, 1))
        parts["decision_function"] = (Block(c.g.op("Sub", second, first), "double", 1),)
    else:
        parts["decision_function"] = (Block(raw, "double", len(norms)),)
    return parts


def bayesian(c: Carrier, model: Any, jll: str) -> Parts:
    """exp(jll - logsumexp): where jll is huge its last digit shows, and the probabilities do not add up to 1."""
    probabilities = c.g.op("Exp", c.g.op("Sub", jll, log_sum_exp(c.g, jll)))
    return _classes(c, model, jll, probabilities)


def _posterior(c: Carrier, model: Any, jll: str) -> Parts:
    centred = c.g.op("Sub", jll, c.g.op("ReduceMax", jll, _LAST, keepdims=1))
    total = c.g.op("Log", c.g.op("ReduceSum", c.g.op("Exp", centred), _LAST, keepdims=1))
    return _classes(c, model, jll, c.g.op("Exp", c.g.op("Sub", centred, total)))


def _classes(c: Carrier, model: Any, jll: str, probabilities: str) -> Parts:
    return {
        "predict": (links.label(c.g, model.classes_, links.highest(c.g, jll)),),
        "predict_proba": (Block(probabilities, "double", len(model.classes_)),),
    }
