"""IsolationForest: label, scores and score_samples."""

from __future__ import annotations

import numpy as np
import pytest
from on_thresholds import agree, rows_on_thresholds, run
from sklearn.ensemble import IsolationForest

import isoship


@pytest.mark.parametrize("options", [{}, {"max_features": 3}, {"contamination": 0.2}, {"max_samples": 40}])
def test_labels_and_scores_agree(options, sample):
    model = IsolationForest(n_estimators=25, random_state=0, **options).fit(sample)
    rows = rows_on_thresholds(model, sample)
    assert len(np.unique(model.predict(rows))) == 2
    agree(model, rows, outputs=["score_samples"])


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # scikit-learn's own, for 1e300
def test_missing_and_infinite_values_are_answered_as_scikit_learn_does(gaps_in):
    model = IsolationForest(n_estimators=25, random_state=0).fit(gaps_in)
    rows = rows_on_thresholds(model, gaps_in)
    rows[::9, 0], rows[1::9, 1], rows[2::9, 2] = np.inf, -np.inf, 1e300
    agree(model, rows)


def test_a_forest_of_a_single_row_scores_minus_one():
    model = IsolationForest(n_estimators=3, random_state=0).fit(np.zeros((1, 2)))
    got = run(isoship.to_onnx(model, outputs=["score_samples"]), np.ones((2, 2)))
    np.testing.assert_array_equal(got["score_samples"], model.score_samples(np.ones((2, 2))))
