"""Gaussian mixtures: a weighted log density for each component, its argmax, its share and its sum.

x -> MatMul (precisions_cholesky_) -> Sub (mean's own) -> squares summed -> Mul -0.5 -> Add constants = [N, K]
[N, K] -> ArgMax = label    -> log-sum-exp = score_samples [N]    -> Sub -> Exp = probabilities
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isoship.sources.sklearn import links
from isoship.sources.sklearn.carrier import Carrier, Parts, carries
from isoship.sources.sklearn.frame import Block, Frame, row

_LAST = np.array([1])


@carries("GaussianMixture")
def gaussian_mixture(c: Carrier, model: Any, frame: Frame) -> Parts:
    """log N(x | mean, covariance) + log weight, per component."""
    return _mixture(c, model, frame, np.log(model.weights_))


@carries("BayesianGaussianMixture")
def bayesian_mixture(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The expected log density under the variational posterior, per component."""
    from scipy.special import digamma

    features = model.means_.shape[1]
    freedom = np.asarray(model.degrees_of_freedom_, np.float64)
    spread = digamma(0.5 * (freedom - np.arange(features)[:, None])).sum(axis=0) + features * math.log(2.0)
    offset = 0.5 * (spread - features / model.mean_precision_) - 0.5 * features * np.log(freedom)
    weights = model.weight_concentration_
    if model.weight_concentration_prior_type == "dirichlet_process":
        a, b = weights
        left = np.cumsum(digamma(b) - digamma(a + b))[:-1]
        log_weights = digamma(a) - digamma(a + b) + np.concatenate([[0.0], left])
    else:
        log_weights = digamma(weights) - digamma(np.sum(weights))
    return _mixture(c, model, frame, offset + log_weights)


def _mixture(c: Carrier, model: Any, frame: Frame, offset: np.ndarray[Any, Any]) -> Parts:
    g, count = c.g, len(model.means_)
    x = c.doubles(frame, model)
    features = model.means_.shape[1]
    constant = offset + _log_determinants(model) - 0.5 * features * math.log(2 * math.pi)
    half = g.op("Mul", _squared_norms(c, model, x), row(np.full(count, -0.5)))
    weighted = g.op("Add", half, row(constant))
    # the largest is taken off before exp; where every component is infinitely far, nothing is
    top = g.op("ReduceMax", weighted, _LAST, keepdims=1)
    top = g.op("Where", g.op("IsInf", top), np.float64(0), top)
    total = g.op("ReduceSum", g.op("Exp", g.op("Sub", weighted, top)), _LAST, keepdims=1)
    score = g.op("Add", g.op("Log", total), top)
    share = g.op("Exp", g.op("Sub", weighted, score))
    return {
        "predict": (links.label(g, np.arange(count), links.highest(g, weighted)),),
        "predict_proba": (Block(share, "double", count),),
        "score_samples": (Block(score, "double", 1),),
    }


def _squared_norms(c: Carrier, model: Any, x: Block) -> str:
    """|(x - mean) precision_cholesky|^2, double [N, K], in the terms in which scikit-learn sums it."""
    g = c.g
    means, chol = np.asarray(model.means_, np.float64), np.asarray(model.precisions_cholesky_, np.float64)
    kind = model.covariance_type
    if kind in ("full", "tied"):
        norms = []
        for k, mean in enumerate(means):
            root = np.ascontiguousarray(chol[k] if kind == "full" else chol)
            turned = g.op("Sub", g.op("MatMul", x.name, root), row(mean @ root))
            norms.append(g.op("ReduceSum", g.op("Mul", turned, turned), _LAST, keepdims=1))
        return g.op("Concat", *norms, axis=1) if len(norms) > 1 else norms[0]
    precisions = chol**2 if kind == "diag" else np.repeat((chol**2)[:, None], means.shape[1], axis=1)
    product = g.op("MatMul", x.name, np.ascontiguousarray(-2.0 * (means * precisions).T))
    squares = g.op("MatMul", g.op("Mul", x.name, x.name), np.ascontiguousarray(precisions.T))
    return g.op("Add", g.op("Add", product, row((means**2 * precisions).sum(axis=1))), squares)


def _log_determinants(model: Any) -> np.ndarray[Any, Any]:
    """log |precision_cholesky| of each component, [K] or one for all."""
    chol = np.asarray(model.precisions_cholesky_, np.float64)
    kind, features = model.covariance_type, model.means_.shape[1]
    if kind == "spherical":
        return np.asarray(features * np.log(chol))
    if kind == "full":
        chol = np.diagonal(chol, axis1=1, axis2=2)
    elif kind == "tied":
        chol = np.diagonal(chol)
    return np.asarray(np.log(chol).sum(axis=-1))
