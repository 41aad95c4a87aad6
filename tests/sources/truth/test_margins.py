"""Margins of estimators whose answers turn on pairs, centres and neighbours."""

from __future__ import annotations

from functools import partial

import numpy as np
from sklearn.cluster import Birch
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from isoship.sources.sklearn.truth.margins import has_margin, margin, margin_of_parts, numbers_jump

LINE = np.arange(8.0).reshape(-1, 1)


def test_neighbours_at_equal_distances_have_no_margin() -> None:
    model = KNeighborsRegressor(1).fit(LINE, LINE[:, 0])
    assert margin(model, [[2.5], [2.6]]).tolist()[0] == 0.0
    assert margin(model, [[2.6]])[0] > 0.1


def test_a_training_row_on_the_radius_has_no_margin() -> None:
    model = RadiusNeighborsRegressor(1.0).fit(LINE, LINE[:, 0])
    assert margin(model, [[3.0]])[0] == 0.0
    assert margin(model, [[3.3]])[0] > 0.1


def test_donors_at_equal_distances_have_no_margin_where_a_value_is_missing() -> None:
    model = KNNImputer(n_neighbors=1).fit(np.hstack([LINE, LINE**2]))
    found = margin(model, [[2.5, np.nan], [2.9, np.nan], [2.5, 1.0]])
    assert found[0] == 0.0
    assert found[1] > 1e-6
    assert found[2] == np.inf


def test_points_with_one_label_do_not_count() -> None:
    model = Birch(n_clusters=2, threshold=0.1).fit(np.array([[0.0], [1.0], [10.0]]))
    assert margin(model, [[0.5]])[0] > 0.1


def test_two_classes_of_a_vote() -> None:
    model = SVC(kernel="linear").fit(LINE, LINE[:, 0] > 3.5)
    np.testing.assert_allclose(margin(model, [[3.5], [4.5]]), [0.0, 1.0], atol=1e-2)


def test_steps_of_a_pipeline_count_on_what_they_are_given() -> None:
    rows = np.hstack([LINE, LINE**2])
    model = make_pipeline(KNNImputer(n_neighbors=1), StandardScaler(), KNeighborsRegressor(1)).fit(rows, LINE[:, 0])
    found = margin_of_parts(model, np.array([[2.5, np.nan], [3.1, 9.0]]), has_margin)
    assert found is not None
    assert found[0] == 0.0
    assert found[1] > 1e-6


def test_other_estimators_have_none() -> None:
    assert margin_of_parts(LogisticRegression().fit(LINE, LINE[:, 0] > 3), LINE, has_margin) is None


def test_a_vote_is_as_near_to_a_change_as_its_least_certain_member() -> None:
    y = LINE[:, 0] > 3.4
    members = [("a", LogisticRegression()), ("b", LogisticRegression(C=0.1)), ("t", DecisionTreeClassifier())]
    model = VotingClassifier(members).fit(LINE, y)
    scores = np.abs([member.decision_function(LINE) for member in model.estimators_[:2]])
    np.testing.assert_array_equal(margin(model, LINE), scores.min(axis=0))
    assert margin(VotingClassifier(members, voting="soft").fit(LINE, y), LINE) is None
    assert margin(VotingClassifier(members[2:]).fit(LINE, y), LINE) is None


def test_neighbours_inside_votes_and_stacks_count() -> None:
    y = LINE[:, 0] > 3.4
    for outer in (VotingClassifier, partial(StackingClassifier, cv=2)):
        model = outer([("a", KNeighborsClassifier(1)), ("b", LogisticRegression())]).fit(LINE, y)
        found = margin_of_parts(model, np.array([[2.5], [2.6]]), numbers_jump)
        assert found is not None, outer
        assert found[0] == 0.0
        assert found[1] > 0.1


def test_links_of_a_chain_jump_where_the_label_in_front_does() -> None:
    targets = np.column_stack([LINE[:, 0] > 3.4, LINE[:, 0] % 2 > 0]).astype(int)
    model = ClassifierChain(LogisticRegression()).fit(LINE, targets)
    first = model.estimators_[0]
    edge = -float(first.intercept_[0]) / float(first.coef_[0, 0])
    found = margin(model, np.array([[edge], [edge + 1.0]]))
    assert found is not None
    assert found[0] < 1e-9
    assert found[1] > 0.1
