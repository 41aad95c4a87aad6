"""Neighbours: metrics, weights, several targets, trees and brute force, and what hangs on brute force's rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn
from depth import check
from sklearn.datasets import load_diabetes, load_iris
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

X, SPECIES = load_iris(return_X_y=True)
X = X + np.random.default_rng(0).normal(0, 1e-3, X.shape)  # without equal distances
NAMES = np.array(["a", "b", "ç"])[SPECIES]
D, TARGET = load_diabetes(return_X_y=True)
D, TARGET = D[:100] * 20, TARGET[:100]
WIDE = np.hstack([D, D[:, ::-1] ** 2])  # more than 15 columns: brute force

METRICS = [
    {},
    {"p": 1},
    {"p": 3},
    {"metric": "chebyshev"},
    {"algorithm": "brute", "metric": "l2"},
    {"p": 2, "metric_params": {"w": np.array([1.0, 2.0, 0.5, 1.0])}},
]


def at_a_tie(model: Any) -> Any:
    """Equal distances, level votes, a score at its threshold."""

    def undecided(x: Any) -> Any:
        found = ~(margin(model, x) > 1e-9)
        if hasattr(model, "predict_proba") and not model.outputs_2d_:
            shares = np.sort(model.predict_proba(x), axis=1)
            found |= ~(shares[:, -1] - shares[:, -2] > 1e-9)
        if hasattr(model, "decision_function"):
            found |= np.abs(model.decision_function(x)) < 1e-9
        return found

    return undecided


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("options", METRICS, ids=str)
def test_metrics_and_weights(options: dict[str, Any], weights: str) -> None:
    """1e40 and not 1e150: with p=3 scikit-learn itself refuses rows whose weights are all 0."""
    if sklearn.__version__.startswith("1.8.") and (options.get("metric"), weights) == ("l2", "uniform"):
        pytest.skip("scikit-learn 1.8 itself answers no classes of text by brute force")
    model = KNeighborsClassifier(weights=weights, **options).fit(X, NAMES)
    check(model, X, undecided=at_a_tie(model), huge=1e40)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("y", [TARGET, np.column_stack([TARGET, TARGET[::-1]])], ids=["one", "two"])
def test_regression(weights: str, y: Any) -> None:
    model = KNeighborsRegressor(4, weights=weights).fit(D, y)
    check(model, D, undecided=at_a_tie(model))


@pytest.mark.parametrize("model", [KNeighborsClassifier(3), KNeighborsClassifier(3, metric="cosine")], ids=str)
def test_brute_force(model: Any) -> None:
    model.fit(WIDE, TARGET > 120)
    assert model._fit_method == "brute"
    check(model, WIDE, undecided=at_a_tie(model))


def test_several_targets() -> None:
    model = KNeighborsClassifier(3).fit(X, np.column_stack([NAMES, NAMES[::-1]]))
    check(model, X, undecided=at_a_tie(model))


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("options", [{}, {"p": 3}, {"algorithm": "brute", "metric": "manhattan"}], ids=str)
@pytest.mark.filterwarnings("ignore:One or more samples have no neighbors")
def test_radius(options: dict[str, Any], weights: str) -> None:
    regressor = RadiusNeighborsRegressor(3.0, weights=weights, **options).fit(D, TARGET)
    check(regressor, D, undecided=at_a_tie(regressor))
    if weights == "distance" or "algorithm" not in options:
        classifier = RadiusNeighborsClassifier(0.8, outlier_label="b", weights=weights, **options).fit(X, NAMES)
        check(classifier, X, undecided=at_a_tie(classifier))


@pytest.mark.parametrize("options", [{}, {"p": 1, "n_neighbors": 10}, {"contamination": 0.1}], ids=str)
def test_local_outlier_factor(options: dict[str, Any]) -> None:
    model = LocalOutlierFactor(novelty=True, **options).fit(X)
    source = check(model, X, undecided=at_a_tie(model))
    assert not any(column.missing or column.infinity for column in source.signature.columns)


@pytest.mark.parametrize(
    ("model", "x", "why"),
    [
        (KNeighborsClassifier(3, weights="distance"), WIDE, "divides by it"),
        (KNeighborsClassifier(3, weights="distance", metric="cosine"), D, "divides by it"),
        (KNeighborsClassifier(3, algorithm="brute"), 1e6 + D, "mostly rounding error"),
        (KNeighborsClassifier(3, weights=lambda d: 1 / (d + 1)), D, "weights is Python code"),
        (KNeighborsClassifier(3, metric=lambda a, b: abs(a - b).sum()), D, "metric is Python code"),
        (KNeighborsClassifier(3, metric="canberra"), D, "no metric 'canberra'"),
        (RadiusNeighborsClassifier(3.0), D[:, :2], "cannot refuse"),
    ],
    ids=lambda value: None,
)
def test_what_cannot_be_exact_is_refused(model: Any, x: Any, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        open_source(model.fit(x, TARGET > 120), sample=x).to_onnx()


def test_brute_force_away_from_rounding_is_not_refused() -> None:
    """The same distances, far from zero, through a tree."""
    model = KNeighborsClassifier(3, algorithm="ball_tree").fit(1e6 + D, TARGET > 120)
    check(model, 1e6 + D, undecided=at_a_tie(model), extreme=False)
