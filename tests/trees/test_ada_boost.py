"""AdaBoost: the votes and the weighted median of its trees."""

from __future__ import annotations

import numpy as np
import pytest
from on_thresholds import agree, rows_on_thresholds, run
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
from sklearn.tree import DecisionTreeClassifier

import isoship


@pytest.mark.parametrize("two", [True, False])
@pytest.mark.parametrize("depth", [1, 3])
def test_a_classifier_agrees(two, depth, sample, words):
    model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=depth), n_estimators=15, random_state=0)
    model.fit(sample, words == "no" if two else words)
    agree(model, rows_on_thresholds(model, sample))


@pytest.mark.parametrize("two", [True, False])
def test_raw_scores_are_the_decision_function_bit_for_bit(two, sample, three):
    model = AdaBoostClassifier(n_estimators=15, random_state=0).fit(sample, three > 0 if two else three)
    rows = rows_on_thresholds(model, sample)
    scores = run(isoship.to_onnx(model, outputs=["scores"]), rows)["scores"]
    np.testing.assert_array_equal(scores, model.decision_function(rows))


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
def test_a_regressor_is_bit_equal(loss, sample, value):
    model = AdaBoostRegressor(n_estimators=15, loss=loss, random_state=0).fit(sample, value)
    assert agree(model, rows_on_thresholds(model, sample)) == 0


def test_boosting_that_stopped_early_agrees(sample):
    """A perfect first tree ends the boosting: one estimator of the fifteen asked for."""
    model = AdaBoostClassifier(DecisionTreeClassifier(), n_estimators=15).fit(sample, sample[:, 0] > 0)
    assert len(model.estimators_) == 1
    agree(model, rows_on_thresholds(model, sample))
