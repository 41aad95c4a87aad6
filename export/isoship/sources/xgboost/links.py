"""From raw scores to answers, in float32, as XGBoost's objectives do it.

XGBoost takes `expf` of the C library; the exponential in double, rounded to float32, is the same float32 in all but a
few of ten thousand cases. onnxruntime's own float32 Sigmoid and Softmax are up to 2e-7 off.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isoship.onnx.graph import GraphBuilder

Link = Callable[[GraphBuilder, str], str]


def identity(g: GraphBuilder, raw: str) -> str:
    return raw


def exp(g: GraphBuilder, raw: str) -> str:
    return g.cast(g.op("Exp", g.cast(raw, np.float64)), np.float32)


def sigmoid(g: GraphBuilder, raw: str) -> str:
    """1 / (exp(min(-x, 88.7)) + 1), `common::Sigmoid` in XGBoost's `src/common/math.h`."""
    power = g.op("Min", g.op("Neg", raw), np.float32(88.7))
    return g.op("Div", np.float32(1), g.op("Add", exp(g, power), np.float32(1)))


def softmax(g: GraphBuilder, raw: str) -> str:
    """The highest raw score subtracted, exp, divided by a sum in double: `common::Softmax`, ibidem. [N, K]."""
    axes = np.array([1], np.int64)
    powers = exp(g, g.op("Sub", raw, g.op("ReduceMax", raw, axes, keepdims=1)))
    total = g.op("ReduceSum", g.cast(powers, np.float64), axes, keepdims=1)
    return g.op("Div", powers, g.cast(total, np.float32))


def hinge(g: GraphBuilder, raw: str) -> str:
    return g.cast(g.op("Greater", raw, np.float32(0)), np.float32)


def first_highest(g: GraphBuilder, raw: str) -> str:
    """The number of the class, float [N]."""
    return g.cast(g.op("ArgMax", raw, axis=1, keepdims=0), np.float32)


#: Objective -> its prediction from the raw scores. What is not here is not known.
LINKS: dict[str, Link] = {
    "binary:hinge": hinge,
    "binary:logistic": sigmoid,
    "binary:logitraw": identity,
    "count:poisson": exp,
    "multi:softmax": first_highest,
    "multi:softprob": softmax,
    "rank:map": identity,
    "rank:ndcg": identity,
    "rank:pairwise": identity,
    "reg:absoluteerror": identity,
    "reg:gamma": exp,
    "reg:linear": identity,
    "reg:logistic": sigmoid,
    "reg:pseudohubererror": identity,
    "reg:quantileerror": identity,
    "reg:squarederror": identity,
    "reg:squaredlogerror": identity,
    "reg:tweedie": exp,
    "survival:aft": exp,
    "survival:cox": exp,
}
#: Objectives whose prediction is the raw score itself, or a step of it.
EXACT = frozenset(name for name, link in LINKS.items() if link in (identity, hinge, first_highest))
