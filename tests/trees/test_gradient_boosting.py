"""GradientBoosting: sums equal scikit-learn's bit for bit; only the link functions come from another libm."""

from __future__ import annotations

import numpy as np
import pytest
from on_thresholds import agree, rows_on_thresholds, run
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LinearRegression

import isoship
from isoship.errors import UnsupportedModelError


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
@pytest.mark.parametrize("init", [None, "zero"])
def test_a_regressor_is_bit_equal_for_every_loss(loss, init, sample, value):
    model = GradientBoostingRegressor(loss=loss, init=init, n_estimators=15, random_state=0).fit(sample, value)
    assert agree(model, rows_on_thresholds(model, sample)) == 0


@pytest.mark.parametrize("loss", ["log_loss", "exponential"])
@pytest.mark.parametrize("init", [None, "zero"])
def test_two_classes_agree_for_every_loss(loss, init, sample, words):
    model = GradientBoostingClassifier(loss=loss, init=init, n_estimators=15, random_state=0)
    model.fit(sample, words == "no")
    agree(model, rows_on_thresholds(model, sample))


@pytest.mark.parametrize("init", [None, "zero"])
def test_three_classes_agree(init, sample, words):
    model = GradientBoostingClassifier(init=init, n_estimators=15, random_state=0).fit(sample, words)
    agree(model, rows_on_thresholds(model, sample))


@pytest.mark.parametrize("classes", [2, 3])
def test_raw_scores_are_the_decision_function_bit_for_bit(classes, sample, three):
    labels = three if classes == 3 else three > 0
    model = GradientBoostingClassifier(n_estimators=15, random_state=0).fit(sample, labels)
    rows = rows_on_thresholds(model, sample)
    scores = run(isoship.to_onnx(model, outputs=["scores"]), rows)["scores"]
    np.testing.assert_array_equal(scores, model.decision_function(rows))


def test_a_raw_value_of_exactly_zero_is_the_second_class():
    """predict takes `raw >= 0`: with no information and balanced classes every raw value is 0."""
    model = GradientBoostingClassifier(n_estimators=1, init="zero").fit(np.zeros((10, 1)), [0, 1] * 5)
    rows = np.zeros((3, 1))
    assert (model.decision_function(rows) == 0).all()
    assert run(isoship.to_onnx(model), rows)["label"].tolist() == [1, 1, 1]


def test_an_initial_model_is_refused(sample, value):
    model = GradientBoostingRegressor(init=LinearRegression(), n_estimators=2).fit(sample, value)
    with pytest.raises(UnsupportedModelError, match=r"init=LinearRegression.*init='zero'"):
        isoship.to_onnx(model)
