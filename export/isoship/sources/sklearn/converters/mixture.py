"""Gaussian mixtures: a weighted log density for each component, its argmax, its share and its sum.

x -> MatMul (precisions_cholesky_) -> Sub (mean's own) -> squares summed -> Mul -0.5 -> Add constants = [N, K]
[N, K] -> ArgMax = label    -> log-sum-exp = score_samples [N]    -> Sub -> Exp = probabilities
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.arithmetic.sums import log_sum_exp, row_sums
from isoship.sources.sklearn.truth.rounding import EPS, TOLERANCE, shares_lost, square_noise
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])


def _margin(mixture: Any, x: Any) -> np.ndarray[Any, Any]:
    return np.where(_densities_lost(mixture, np.asarray(x, np.float64), None), 0.0, np.inf)


def _densities_lost(mixture: Any, x: np.ndarray[Any, Any], outputs: frozenset[str] | None) -> np.ndarray[Any, Any]:
    """See `Record.lost`: rows on which the shares, and with them the labels, are rounding error."""
    log_p, noise = _log_densities(mixture, x)
    largest = np.abs(log_p).max(axis=1)
    return np.asarray(shares_lost(log_p, noise) | ~(noise.max(axis=1) <= TOLERANCE * (1.0 + largest)))


def _log_densities(mixture: Any, x: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """-0.5 |(x - m) P|^2 and its rounding error, both [N, K]; what is constant in the row is left out."""
    means, chol = np.asarray(mixture.means_, np.float64), np.asarray(mixture.precisions_cholesky_, np.float64)
    kind, features = mixture.covariance_type, means.shape[1]
    log_p, noise = np.empty((len(x), len(means))), np.empty((len(x), len(means)))
    for k, mean in enumerate(means):
        if kind in ("full", "tied"):
            root = chol[k] if kind == "full" else chol
            turned = np.abs((x - mean) @ root)
            wrong = features * EPS * (np.abs(x) + np.abs(mean)) @ np.abs(root)
            squared, error = turned**2, 2.0 * turned * wrong + wrong**2
        else:
            precision = chol[k] ** 2
            squared = (x - mean) ** 2 * precision
            error = square_noise((x**2 + mean**2) * precision, features)
        log_p[:, k], noise[:, k] = -0.5 * squared.sum(axis=1), 0.5 * error.sum(axis=1)
    # the last bits of the sum itself, which the shares see as a difference
    return log_p, noise + 2.0 * EPS * np.abs(log_p)


@carries("GaussianMixture", record=Record(same_bits=False, jumps=False, margin=_margin, lost=_densities_lost))
def gaussian_mixture(c: Carrier, model: Any, frame: Frame) -> Parts:
    """log N(x | mean, covariance) + log weight, per component."""
    return _mixture(c, model, frame, [np.log(model.weights_)])


@carries("BayesianGaussianMixture", record=Record(same_bits=False, jumps=False, margin=_margin, lost=_densities_lost))
def bayesian_mixture(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The expected log density under the variational posterior, per component."""
    from scipy.special import digamma

    features = model.means_.shape[1]
    freedom = np.asarray(model.degrees_of_freedom_, np.float64)
    spread = digamma(0.5 * (freedom - np.arange(features)[:, None])).sum(axis=0) + features * math.log(2.0)
    weights = model.weight_concentration_
    if model.weight_concentration_prior_type == "dirichlet_process":
        a, b = weights
        left = np.cumsum(digamma(b) - digamma(a + b))[:-1]
        log_weights = digamma(a) - digamma(a + b) + np.concatenate([[0.0], left])
    else:
        log_weights = digamma(weights) - digamma(np.sum(weights))
    expected = 0.5 * (spread - features / model.mean_precision_)
    return _mixture(c, model, frame, [-0.5 * features * np.log(freedom), expected, log_weights])


def _mixture(c: Carrier, model: Any, frame: Frame, offsets: Sequence[np.ndarray[Any, Any]]) -> Parts:
    """offsets: what is added to the log density of each component, [K] each, one after the other."""
    g, count = c.g, len(model.means_)
    x = c.doubles(frame, model)
    flat = row(np.full(count, model.means_.shape[1] * math.log(2 * math.pi)))
    weighted = g.op("Mul", g.op("Add", _squared_norms(c, model, x), flat), row(np.full(count, -0.5)))
    for offset in (_log_determinants(model), *offsets):
        weighted = g.op("Add", weighted, row(np.broadcast_to(offset, (count,))))
    score = log_sum_exp(g, weighted)
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
            norms.append(row_sums(g, g.op("Mul", turned, turned), means.shape[1]))
        return g.op("Concat", *norms, axis=1) if len(norms) > 1 else norms[0]
    precisions = chol**2
    if kind == "diag":
        product = g.op("MatMul", x.name, np.ascontiguousarray((means * precisions).T))
        squares = g.op("MatMul", g.op("Mul", x.name, x.name), np.ascontiguousarray(precisions.T))
        own = np.sum(means**2 * precisions, axis=1)
    else:
        product = g.op("Mul", g.op("MatMul", x.name, np.ascontiguousarray(means.T)), row(precisions))
        lengths = g.op("ReduceSum", g.op("Mul", x.name, x.name), _LAST, keepdims=1)
        squares = g.op("Mul", lengths, row(precisions))
        own = np.sum(means**2, axis=1) * precisions
    twice = g.op("Mul", product, row(np.full(len(means), 2.0)))
    return g.op("Add", g.op("Sub", row(own), twice), squares)


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
