"""The margin says from where on another label is a tie, and refusals and sparse answers have plain forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from isoship.sources import open_source

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = X[:, 0] + X[:, 1] > 0
ROWS = [{f"x{i}": float(v) for i, v in enumerate(row)} for row in X]


def margin(model):
    return open_source(model, sample=X).answers(ROWS).margin


def test_probabilities_give_the_gap_of_the_two_best() -> None:
    model = LogisticRegression().fit(X, Y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(margin(model), np.abs(p[:, 1] - p[:, 0]))
    forest = RandomForestClassifier(10, random_state=0).fit(X, np.arange(80) % 3)
    best = np.sort(forest.predict_proba(X), axis=1)
    np.testing.assert_allclose(margin(forest), best[:, -1] - best[:, -2])


def test_a_single_score_gives_its_distance_from_the_threshold() -> None:
    model = RidgeClassifier().fit(X, Y)
    np.testing.assert_allclose(margin(model), np.abs(model.decision_function(X)))
    outliers = IsolationForest(n_estimators=10, random_state=0).fit(X)
    np.testing.assert_allclose(margin(outliers), np.abs(outliers.decision_function(X)))
    fixed = FixedThresholdClassifier(LogisticRegression(), threshold=0.3).fit(X, Y)
    np.testing.assert_allclose(margin(fixed), np.abs(fixed.predict_proba(X)[:, 1] - 0.3))


def test_every_flip_of_a_single_tree_counts_and_regressors_have_no_label() -> None:
    assert np.isinf(margin(make_pipeline(StandardScaler(), DecisionTreeClassifier()).fit(X, Y))).all()
    assert np.isinf(margin(LinearRegression().fit(X, Y))).all()


def test_clusters_give_the_gap_of_the_two_nearest_centres() -> None:
    model = KMeans(3, random_state=0).fit(X)
    nearest = np.sort(model.transform(X), axis=1)
    np.testing.assert_allclose(margin(model), nearest[:, 1] - nearest[:, 0])


def test_sparse_answers_are_dense() -> None:
    frame = pd.DataFrame({"c": list("abca")})
    encoder = OneHotEncoder().fit(frame)
    found = open_source(encoder, sample=frame).answers([{"c": "b"}]).outputs["transformed"]
    np.testing.assert_array_equal(found, [[0.0, 1.0, 0.0]])
