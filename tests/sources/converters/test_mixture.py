"""Gaussian mixtures: every kind of covariance, both ways of weighting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from depth import check
from sklearn.datasets import load_iris
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

X = load_iris(return_X_y=True)[0]
COVARIANCES = ("full", "tied", "diag", "spherical")


def near_a_component(model: Any) -> Any:
    """Two components are level, up to the last bits of their log densities."""

    def undecided(x: Any) -> Any:
        with np.errstate(all="ignore"):
            weighted = model._estimate_weighted_log_prob(x)
        best = np.sort(weighted, axis=1)
        return ~(best[:, -1] - best[:, -2] > 1e-9 + 1e-13 * np.abs(weighted).max(axis=1))

    return undecided


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_gaussian_mixture(covariance: str) -> None:
    model = GaussianMixture(3, covariance_type=covariance, random_state=0).fit(X)
    check(model, X, undecided=near_a_component(model))


@pytest.mark.parametrize(
    ("covariance", "weights"), list(zip(COVARIANCES, ["dirichlet_process", "dirichlet_distribution"] * 2, strict=True))
)
def test_bayesian_mixture(covariance: str, weights: str) -> None:
    model = BayesianGaussianMixture(
        n_components=3, covariance_type=covariance, weight_concentration_prior_type=weights, random_state=0
    ).fit(X)
    check(model, X, undecided=near_a_component(model))


def test_one_component() -> None:
    check(GaussianMixture(random_state=0).fit(X), X)
