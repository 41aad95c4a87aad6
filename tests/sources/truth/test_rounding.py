"""Rows whose numbers are rounding error are known by the size of their terms; models that live there are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparison import compare, rows_of
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.svm import SVR, NuSVC

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin
from isoship.sources.sklearn.truth.rounding import lost

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 3)) * [1.0, 4.0, 0.2]
Y = np.digitize(X[:, 0] + 0.2 * X[:, 1], [-0.5, 0.5])
#: Epoch seconds, latitudes within metres, small integers.
REAL = np.column_stack([1.7e9 + RNG.integers(0, 2_000_000, 90), 59.91 + X[:, 0] * 2e-5, RNG.integers(0, 8, 90)])

K_MEANS = [KMeans(4, n_init=2, random_state=0), MiniBatchKMeans(4, random_state=0), BisectingKMeans(4, random_state=0)]


def refusal(model: Any, x: Any, outputs: Any = None) -> str:
    with pytest.raises(UnsupportedModelError) as caught:
        open_source(model, sample=x, outputs=outputs).to_onnx()
    return str(caught.value)


@pytest.mark.parametrize("model", K_MEANS, ids=lambda model: type(model).__name__)
def test_distances_of_rows_far_from_zero_are_refused_and_labels_are_not(model: Any) -> None:
    model.fit(REAL)
    assert "rounding error" in refusal(model, REAL, ["transformed"])
    source = open_source(model, sample=REAL)
    compare(source, rows_of(source, REAL))


@pytest.mark.parametrize("model", K_MEANS, ids=lambda model: type(model).__name__)
def test_distances_of_rows_around_zero_are_carried(model: Any) -> None:
    source = open_source(model.fit(X), sample=X, outputs=["transformed"])
    compare(source, rows_of(source, X))


def test_a_refused_transform_names_its_step_and_the_way_out() -> None:
    model = make_pipeline(KMeans(4, n_init=2, random_state=0), LogisticRegression(max_iter=500)).fit(REAL, Y)
    said = refusal(model, REAL)
    assert "pipeline.steps[0] -> KMeans(" in said
    assert "StandardScaler" in said
    scaled = make_pipeline(StandardScaler(), KMeans(4, n_init=2, random_state=0), LogisticRegression(max_iter=500))
    source = open_source(scaled.fit(REAL, Y), sample=REAL)
    compare(source, rows_of(source, REAL))


def test_only_rows_on_a_centre_lose_their_distance() -> None:
    model = KMeans(4, n_init=2, random_state=0).fit(X)
    centre = model.cluster_centers_[:1]
    found = lost(model, np.vstack([centre, centre + 1e-2, X]), frozenset({"label", "transformed"}))
    assert found is not None
    assert found.tolist() == [True] + [False] * (1 + len(X))
    assert not np.any(lost(model, centre, frozenset({"label"})))


def test_probabilities_of_centroids_far_from_zero_are_refused() -> None:
    assert "centroids are so far" in refusal(NearestCentroid().fit(REAL, Y), REAL)
    model = NearestCentroid().fit(X, Y)
    source = open_source(model, sample=X)
    compare(source, rows_of(source, X))
    found = lost(model, np.vstack([X, np.full((1, 3), 1e16)]), frozenset({"probabilities"}))
    assert found is not None
    assert found.tolist() == [False] * len(X) + [True]


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_densities_are_lost_where_the_differences_to_all_means_are_one(kind: str) -> None:
    model = GaussianMixture(3, covariance_type=kind, random_state=0).fit(X)
    found = lost(model, np.vstack([X, [[1e16, 0.0, 0.0], [1e154, 1e154, 1e154]]]), frozenset({"probabilities"}))
    assert found is not None
    assert not found[: len(X)].any()
    assert found[-1]
    assert margin(model, [[1e154, 1e154, 1e154]])[0] == 0.0


def test_sums_that_overflow_are_lost_and_their_neighbours_are_not() -> None:
    model = SVR(kernel="linear").fit(X, X[:, 0])
    found = lost(model, np.array([[1.7e308, 0.0, 0.0], [1e300, 0.0, 0.0], [1.0, 2.0, 3.0]]), frozenset({"value"}))
    assert found is not None
    assert found.tolist() == [True, False, False]


def test_coefficients_that_magnify_the_last_bit_are_refused() -> None:
    said = refusal(NuSVC().fit(np.column_stack([REAL, X]), Y), np.column_stack([REAL, X]))
    assert "coefficients are so large" in said


def test_a_power_of_a_narrow_column_far_from_zero_is_refused() -> None:
    assert "its column 1 is so narrow" in refusal(PowerTransformer().fit(REAL), REAL)
    model = PowerTransformer().fit(REAL[:, [0, 2]])
    source = open_source(model, sample=REAL[:, [0, 2]])
    compare(source, rows_of(source, REAL[:, [0, 2]]))


def test_rows_that_are_lost_have_no_value_margin() -> None:
    model = NearestCentroid().fit(X, Y)
    answers = open_source(model, sample=X).answers(
        [{"x0": 1e16, "x1": 0.0, "x2": 0.0}, {"x0": 1.0, "x1": 0.0, "x2": 0.0}]
    )
    assert answers.unsettled(1e-9).tolist() == [True, False]
    settled = open_source(LogisticRegression().fit(X, Y), sample=X).answers([{"x0": 1e16, "x1": 0.0, "x2": 0.0}])
    assert settled.unsettled(1e-9).tolist() == [False]
