"""Discriminant analysis: linear scores, or a joint log likelihood of each class, and its share."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.arithmetic.sums import row_sums
from isoship.sources.sklearn.converters.linear_model import scores
from isoship.sources.sklearn.converters.naive_bayes import by_likelihood
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])


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


def _posterior(c: Carrier, model: Any, jll: str) -> Parts:
    centred = c.g.op("Sub", jll, c.g.op("ReduceMax", jll, _LAST, keepdims=1))
    total = c.g.op("Log", c.g.op("ReduceSum", c.g.op("Exp", centred), _LAST, keepdims=1))
    return by_likelihood(c, model, jll, c.g.op("Exp", c.g.op("Sub", centred, total)))
