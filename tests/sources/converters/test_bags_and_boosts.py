"""Bags and boosts of anything that is carried, trees too. Where members vote, a tie in one of them is a tie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from depth import check
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, BaggingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RANSACRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

X, SPECIES = load_iris(return_X_y=True)
TARGETS = {"two": SPECIES > 0, "three": np.array(["a", "b", "ç"])[SPECIES]}
VALUE = X @ [1.0, -2.0, 3.0, 0.5] + np.sin(9 * X[:, 0])


def a_vote_ties(model: Any) -> Callable[[Any], Any]:
    """Rows that some member puts within rounding of two classes."""
    return lambda x: margin(model, x) <= 1e-9


MEMBERS = {
    "logistic": LogisticRegression(max_iter=500),
    "svc": LinearSVC(),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "tree": DecisionTreeClassifier(max_depth=3, random_state=0),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("member", MEMBERS)
def test_bagging_classifier_agrees(member, target) -> None:
    model = BaggingClassifier(MEMBERS[member], 3, max_features=0.7, random_state=0).fit(X, TARGETS[target])
    check(
        model,
        X,
        undecided=a_vote_ties(model) if member == "svc" else None,
        extreme=member != "tree",
    )


def test_members_that_saw_fewer_classes_add_to_those_alone() -> None:
    rows = np.arange(0, 150, 10)
    # a member that takes no sample weights is given a sample, which may lack a class
    model = BaggingClassifier(LinearDiscriminantAnalysis(), 5, max_samples=5, random_state=0)
    model.fit(X[rows], TARGETS["three"][rows])
    assert {len(member.classes_) for member in model.estimators_} == {2, 3}
    check(model, X, without=("scores",))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("member", ["logistic", "svc", "tree"])
def test_ada_boost_classifier_agrees(member, target) -> None:
    model = AdaBoostClassifier(MEMBERS[member], n_estimators=3, random_state=0).fit(X, TARGETS[target])
    check(model, X, undecided=None if member == "tree" else a_vote_ties(model), extreme=member != "tree")


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("member", [LinearRegression(fit_intercept=False), DecisionTreeRegressor(max_depth=3)], ids=str)
def test_bagging_regressor_agrees(member, count) -> None:
    """One member without an intercept is a matrix product and a division, which onnxruntime must not fuse."""
    linear = isinstance(member, LinearRegression)
    check(BaggingRegressor(member, count, random_state=0).fit(X, VALUE), X, extreme=linear)


def test_bagging_regressor_of_two_targets_agrees() -> None:
    check(BaggingRegressor(Ridge(), 3, random_state=0).fit(X, np.column_stack([VALUE, VALUE**2])), X)


@pytest.mark.parametrize("member", [Ridge(), DecisionTreeRegressor(max_depth=3)], ids=str)
def test_ada_boost_regressor_agrees(member) -> None:
    model = AdaBoostRegressor(member, n_estimators=4, random_state=0).fit(X, VALUE)
    check(model, X, extreme=isinstance(member, Ridge))


def test_ransac_and_self_training_are_their_estimators() -> None:
    check(RANSACRegressor(random_state=0).fit(X, VALUE), X)
    some = SPECIES.copy()
    some[::3] = -1
    check(SelfTrainingClassifier(GaussianNB()).fit(X, some), X)


def test_a_refusal_names_the_member() -> None:
    mine = type("Mine", (LogisticRegression,), {})
    model = BaggingClassifier(mine(max_iter=500), 2, random_state=0).fit(X, SPECIES)
    with pytest.raises(UnsupportedModelError) as caught:
        open_source(model, sample=X)
    assert caught.value.step.startswith("baggingclassifier.estimators_[0] -> Mine(")
