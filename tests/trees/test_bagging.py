"""Bagging of trees: subsets of features, of classes, and the mean bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from on_thresholds import agree, rows_on_thresholds
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.tree import ExtraTreeClassifier

import isoship


@pytest.mark.parametrize("features", [1.0, 0.5])
@pytest.mark.parametrize("again", [True, False])
def test_a_classifier_is_bit_equal_on_subsets_of_features(features, again, sample, words):
    model = BaggingClassifier(n_estimators=8, max_features=features, bootstrap_features=again, random_state=0)
    model.fit(sample, words)
    assert agree(model, rows_on_thresholds(model, sample)) == 0


def test_trees_that_saw_fewer_classes_add_nothing_to_the_others(sample, three):
    """scikit-learn allows it in predict_proba; its own fit gives trees all classes, with weights of zero."""
    model = BaggingClassifier(n_estimators=8, random_state=0).fit(sample, three)
    known = three != 3
    model.estimators_[2] = ExtraTreeClassifier(random_state=0).fit(sample[known], np.where(three == 11, 2, 0)[known])
    assert agree(model, rows_on_thresholds(model, sample)) == 0


def test_a_regressor_is_bit_equal_and_missing_values_pass(gaps_in, value):
    model = BaggingRegressor(n_estimators=8, max_features=3, random_state=0).fit(gaps_in, value)
    assert agree(model, rows_on_thresholds(model, gaps_in)) == 0


def test_several_targets_are_columns(sample, value):
    model = BaggingRegressor(n_estimators=4, random_state=0).fit(sample, np.c_[value, -value])
    assert isoship.to_onnx(model).graph.output[0].type.tensor_type.shape.dim[1].dim_value == 2
    assert agree(model, rows_on_thresholds(model, sample)) == 0
