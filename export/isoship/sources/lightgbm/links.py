"""Objectives as LightGBM writes them into a model, and what each does to raw scores (`ConvertOutput`).

| objective | raw -> answer |
|---|---|
| regression, regression_l1, fair, quantile, mape | raw; with reg_sqrt sign(raw) * raw * raw |
| huber, lambdarank, rank_xendcg, custom, none | raw |
| poisson, gamma, tweedie | exp(raw) |
| binary, multiclassova, cross_entropy | 1 / (1 + exp(-sigmoid * raw)) |
| cross_entropy_lambda | log1p(exp(raw)) |
| multiclass | softmax |
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isoship.onnx.graph import GraphBuilder

_SQUARED = ("regression", "regression_l1", "huber", "fair", "quantile", "mape")
_RAW = ("lambdarank", "rank_xendcg", "custom", "none", "")
_EXP = ("poisson", "gamma", "tweedie")
_EXPIT = ("binary", "multiclassova", "cross_entropy")
_KNOWN = (*_SQUARED, *_RAW, *_EXP, *_EXPIT, "cross_entropy_lambda", "multiclass")


@dataclass(frozen=True)
class Objective:
    """sigmoid: what binary and multiclassova multiply by. sqrt: the model was trained on roots."""

    name: str
    sigmoid: float = 1.0
    sqrt: bool = False

    @property
    def classifies(self) -> bool:
        return self.name in ("binary", "multiclass", "multiclassova")


def read_objective(text: str) -> Objective:
    """The objective of a model's text, such as `binary sigmoid:1`.

    Raises:
        ValueError: LightGBM has no such objective.
    """
    name, *words = text.split(" ")
    options = dict(word.partition(":")[::2] for word in words if word)
    if name not in _KNOWN:
        raise ValueError(f"its objective is {text!r}")
    sigmoid = float(options.get("sigmoid", "1")) if name in ("binary", "multiclassova") else 1.0
    if not (math.isfinite(sigmoid) and sigmoid > 0):
        raise ValueError(f"its objective is {text!r}")
    return Objective(name, sigmoid, "sqrt" in options)


def write_link(g: GraphBuilder, raw: str, objective: Objective) -> str:
    """Adds the answers from raw scores, double [N, K] both."""
    if objective.name in _SQUARED:
        return g.op("Mul", g.op("Abs", raw), raw) if objective.sqrt else raw
    if objective.name in _EXP:
        return g.op("Exp", raw)
    if objective.name in _EXPIT:
        scaled = g.op("Neg", raw) if objective.sigmoid == 1 else g.op("Mul", raw, np.float64(-objective.sigmoid))
        return g.op("Div", np.float64(1), g.op("Add", np.float64(1), g.op("Exp", scaled)))
    if objective.name == "multiclass":
        return g.op("Softmax", raw, axis=1)
    return _log1p(g, g.op("Exp", raw)) if objective.name == "cross_entropy_lambda" else raw


def _log1p(g: GraphBuilder, e: str) -> str:
    """log(1 + e), also where e is tiny: log(u) * e / (u - 1) with u = 1 + e, and e itself where u is 1."""
    u = g.op("Add", np.float64(1), e)
    less = g.op("Sub", u, np.float64(1))
    none = g.op("Equal", less, np.float64(0))
    by = g.op("Div", e, g.op("Where", none, np.float64(1), less))
    exact = g.op("Where", none, e, g.op("Mul", g.op("Log", u), by))
    return g.op("Where", g.op("IsInf", e), e, exact)
