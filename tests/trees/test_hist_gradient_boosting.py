"""HistGradientBoosting: double comparisons, missing values, categories, every loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from on_thresholds import TOLERANCE, agree, rows_on_thresholds, run
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

import isoship


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "gamma", "poisson", "quantile"])
def test_a_regressor_agrees_for_every_loss(loss, sample, value):
    quantile = 0.3 if loss == "quantile" else None
    model = HistGradientBoostingRegressor(loss=loss, quantile=quantile, max_iter=8)
    gap = agree(model.fit(sample, np.abs(value) + 0.1), rows_on_thresholds(model, sample))
    assert gap == 0 or loss in ("gamma", "poisson")


@pytest.mark.parametrize("two", [True, False])
def test_a_classifier_agrees_with_missing_and_infinite_values(two, gaps_in, words):
    model = HistGradientBoostingClassifier(max_iter=8).fit(gaps_in, words == "no" if two else words)
    rows = rows_on_thresholds(model, gaps_in)
    rng = np.random.default_rng(5)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    rows[rng.random(rows.shape) < 0.05] = np.inf
    rows[rng.random(rows.shape) < 0.05] = -np.inf
    rows[rng.random(rows.shape) < 0.05] = 1e300
    agree(model, rows)


def test_splits_between_neighbouring_doubles_hold():
    """Positions within metres, in degrees: float32 comparisons would merge them."""
    rng = np.random.default_rng(2)
    degrees = 59.91 + rng.normal(size=(500, 2)) * 2e-5
    model = HistGradientBoostingClassifier(max_iter=8).fit(degrees, degrees[:, 0] > 59.91)
    assert len(np.unique(degrees.astype(np.float32))) < len(np.unique(degrees)) / 4
    agree(model, rows_on_thresholds(model, degrees))


@pytest.mark.parametrize("classes", [2, 3])
def test_raw_scores_are_the_decision_function_bit_for_bit(classes, sample, three):
    model = HistGradientBoostingClassifier(max_iter=8).fit(sample, three if classes == 3 else three > 0)
    rows = rows_on_thresholds(model, sample)
    scores = run(isoship.to_onnx(model, outputs=["scores"]), rows)["scores"]
    np.testing.assert_array_equal(scores, model.decision_function(rows))


def test_a_raw_value_of_exactly_zero_is_the_first_class():
    """predict takes `raw > 0` here, GradientBoosting `raw >= 0`."""
    model = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=50).fit(np.zeros((40, 1)), [0, 1] * 20)
    rows = np.zeros((3, 1))
    assert (model.decision_function(rows) == 0).all()
    assert run(isoship.to_onnx(model), rows)["label"].tolist() == [0, 0, 0]


@pytest.fixture(scope="module")
def categorical():
    """Categories that are no whole numbers, small codes, and 200 categories, beside a plain number; some missing."""
    rng = np.random.default_rng(4)
    n = 900
    rows = np.c_[rng.integers(0, 40, n) * 1.5 - 3, rng.normal(size=n), rng.integers(0, 3, n), rng.integers(0, 200, n)]
    target = np.isin(rows[:, 0] // 1.5 % 7, [1, 3]) * 2.0 + rows[:, 1] + (rows[:, 2] == 1) + np.sin(rows[:, 3] * 7)
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return rows, target


def test_categorical_splits_agree_with_unseen_and_missing_categories(categorical):
    rows, target = categorical
    model = HistGradientBoostingRegressor(max_iter=20, categorical_features=[0, 2, 3]).fit(rows, target)
    splits = [predictor.nodes["is_categorical"].sum() for stage in model._predictors for predictor in stage]
    assert sum(splits) > 50
    asked = rows_on_thresholds_of_numbers(model, rows)
    assert agree(model, asked) == 0


def test_categorical_splits_of_a_classifier_agree(categorical):
    rows, target = categorical
    model = HistGradientBoostingClassifier(max_iter=20, categorical_features=[0, 2, 3]).fit(rows, target > 1)
    agree(model, rows_on_thresholds_of_numbers(model, rows))


def rows_on_thresholds_of_numbers(model, rows):
    """Known, missing and unseen categories (between, above and below the known ones) beside the plain number."""
    rng = np.random.default_rng(6)
    asked = rows[rng.integers(len(rows), size=1000)]
    asked[rng.random(asked.shape) < 0.1] = np.nan
    asked[::3, 0] += 0.25
    asked[::5, 2] = 99
    asked[::7, 3] = -1
    asked[::11, 3] = 0.5
    return asked


def test_columns_of_a_frame_may_be_text_integers_and_numbers(categorical):
    rows, target = categorical
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {
            "city": pd.Categorical(rng.choice(["Oslo", "Tromsø", "東京"], len(rows))),
            "age": rows[:, 1],
            "rooms": rng.integers(0, 9, len(rows)),
        }
    )
    model = HistGradientBoostingClassifier(max_iter=20).fit(frame, target + (frame["city"] == "東京") > 1)
    graph = isoship.to_onnx(model, sample=frame)
    asked = frame.iloc[:200].astype({"city": object})
    asked.iloc[:20, 0] = "Lima"
    asked.iloc[20:40, 0] = None
    city = asked[["city"]].to_numpy(dtype=object).copy()
    city[20:40] = "\ufdd0"
    got = run(graph, {"city": city, "age": asked[["age"]].to_numpy(), "rooms": asked[["rooms"]].to_numpy()})
    np.testing.assert_array_equal(got["label"], model.predict(asked))
    np.testing.assert_allclose(got["probabilities"], model.predict_proba(asked), rtol=TOLERANCE, atol=TOLERANCE)
