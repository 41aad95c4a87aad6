"""Columns under a sine: asked at multiples of a quarter of pi, in the periods around 0."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from isoship.rows.structure import column_profiles
from isoship.rows.values import askable_boundaries
from isoship.sources import open_source


def profiled(*steps, scale=1.0):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 2 * np.pi, (400, 2)) * [scale, 1.0]
    model = make_pipeline(*steps, HistGradientBoostingClassifier(max_iter=5)).fit(x, np.sin(x[:, 0] / scale) > 0.3)
    source = open_source(model, sample=x)
    return model, column_profiles(source.to_onnx(), source.signature)["x0"]


def test_multiples_of_a_quarter_of_pi_are_asked_and_thresholds_in_the_first_periods_alone():
    _, profile = profiled(FunctionTransformer(np.sin))
    assert {k * np.pi / 4 for k in range(-7, 16)} <= set(askable_boundaries(profile).tolist())
    assert -3 * np.pi < profile.low < profile.high < 5 * np.pi
    assert len(profile.boundaries)
    assert np.abs(profile.boundaries).max() < 5 * np.pi


def test_angles_behind_a_scaler_are_carried_back_to_the_column():
    model, profile = profiled(StandardScaler(), FunctionTransformer(np.sin), scale=100.0)
    angles = (profile.angle_boundaries - model[0].mean_[0]) / model[0].scale_[0] / (np.pi / 4)
    np.testing.assert_allclose(angles, np.round(angles), atol=1e-12)
    assert len(profile.angle_boundaries) == 25


def test_columns_without_a_sine_have_no_turns():
    _, profile = profiled(StandardScaler())
    assert not len(profile.angle_boundaries)
