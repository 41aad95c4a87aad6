"""Naive Bayes: a joint log likelihood of each class, its argmax, and its share.

jll [N, C] -> ArgMax = label
jll -> Sub (log of the sum of exp) -> Exp = probabilities
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.arithmetic.interpolation import write_columns
from isoship.sources.sklearn.converters.arithmetic.sums import log_sum_exp, row_sums
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.sklearn.walk.sees_raw_columns import sees_raw_columns

_LAST = np.array([1])


_THIRD = np.array([2])


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


@carries("CategoricalNB", record=Record(same_bits=False, jumps=True))
def categorical_nb(c: Carrier, model: Any, frame: Frame) -> Parts:
    """On input columns, whose range of codes is in the contract, or behind an OrdinalEncoder, whose categories are."""
    encoder = c.before()
    if not sees_raw_columns(c) and (type(encoder).__name__ != "OrdinalEncoder" or encoder.handle_unknown != "error"):
        raise c.unsupported(
            model,
            "it refuses codes that training did not have, which an input contract says of input columns alone",
            "Put it behind an OrdinalEncoder with handle_unknown='error' in one Pipeline, and train both together",
        )
    x = c.doubles(frame, model)
    tables = [np.ascontiguousarray(np.asarray(each, np.float64).T) for each in model.feature_log_prob_]
    # numbers beyond the contract, which a graph alone is not spared, give NaN and no place outside the table
    counts = row([table.shape[0] for table in tables])
    known = c.g.op("And", c.g.op("Greater", x.name, np.float64(-1)), c.g.op("Less", x.name, counts))
    codes = c.g.cast(c.g.op("Where", known, x.name, np.float64(0)), np.int64)
    each = c.g.op("Where", c.g.op("Unsqueeze", known, _THIRD), write_columns(c.g, tables, codes), np.float64(np.nan))
    total = c.g.op("CumSum", each, np.int64(1)) if len(tables) > 1 else each
    total = c.g.op("Gather", total, np.int64(-1), axis=1)
    return bayesian(c, model, c.g.op("Add", total, row(model.class_log_prior_)))


def bayesian(c: Carrier, model: Any, jll: str) -> Parts:
    """exp(jll - logsumexp): where jll is huge its last digit shows, and the probabilities do not add up to 1."""
    probabilities = c.g.op("Exp", c.g.op("Sub", jll, log_sum_exp(c.g, jll)))
    return by_likelihood(c, model, jll, probabilities)


def by_likelihood(c: Carrier, model: Any, jll: str, probabilities: str) -> Parts:
    return {
        "predict": (links.label(c.g, model.classes_, links.highest(c.g, jll)),),
        "predict_proba": (Block(probabilities, "double", len(model.classes_)),),
    }
