"""CalibratedClassifierCV: every method, with and without an ensemble, over scores and over probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from edges import rows_at, tree_knots
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

X, SPECIES = load_iris(return_X_y=True)
X = X[:, 1:3]
TARGETS = {"two": SPECIES > 0, "three": np.array(["a", "b", "ç"])[SPECIES]}
METHODS = ("sigmoid", "isotonic", "temperature")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", METHODS)
def test_graph_agrees_over_scores(method, target) -> None:
    """Without an intercept a matrix product meets the calibrator's factor, which onnxruntime must not fuse."""
    member = make_pipeline(StandardScaler(), LogisticRegression(fit_intercept=False))
    check(CalibratedClassifierCV(member, method=method, cv=3).fit(X, TARGETS[target]), X)


@pytest.mark.parametrize(("method", "target"), [("sigmoid", "three"), ("isotonic", "three"), ("temperature", "two")])
def test_graph_agrees_over_trees_on_their_thresholds(method, target) -> None:
    forest = RandomForestClassifier(5, max_depth=3, random_state=0)
    model = CalibratedClassifierCV(forest, method=method, cv=3).fit(X, TARGETS[target])
    trees = [tree for fold in model.calibrated_classifiers_ for tree in fold.estimator.estimators_]
    check(model, X, fresh=rows_at(X, tree_knots(trees, X.shape[1]), 20), extreme=False)


@pytest.mark.parametrize(
    ("member", "method"),
    [(LinearSVC(), "isotonic"), (GaussianNB(), "temperature"), (FrozenEstimator(GaussianNB()), "sigmoid")],
    ids=str,
)
def test_graph_agrees_with_one_calibrator_for_all_folds(member, method) -> None:
    if isinstance(member, FrozenEstimator):
        member.estimator.fit(X, TARGETS["three"])
    check(CalibratedClassifierCV(member, method=method, ensemble=False, cv=3).fit(X, TARGETS["three"]), X)


def test_shares_of_tiny_probabilities_decide_as_in_the_model() -> None:
    """Far out every sigmoid is below 1e-16, where onnxruntime's own Sigmoid is 0."""
    model = CalibratedClassifierCV(LinearSVC(), cv=3).fit(X, TARGETS["three"])
    check(model, X, fresh=np.concatenate([X * k for k in (-20, -5, 5, 20, 60)]))
