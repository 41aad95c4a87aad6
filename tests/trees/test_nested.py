"""Trees inside pipelines and other estimators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from on_thresholds import TOLERANCE, run
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import isoship


def test_a_pipeline_on_columns_of_a_frame_is_bit_equal():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(size=300), "b": rng.integers(0, 5, 300), "s": rng.choice(["u", "ø"], 300)},
    )
    labels = np.where(frame["a"] * 2 + frame["b"] > 2, "yes", "no")
    model = make_pipeline(
        make_column_transformer(
            (StandardScaler(), ["a"]), (OneHotEncoder(sparse_output=False), ["s"]), ("passthrough", ["b"])
        ),
        RandomForestClassifier(10, random_state=0),
    ).fit(frame, labels)
    graph = isoship.to_onnx(model, sample=frame)
    got = run(graph, {name: frame[[name]].to_numpy(dtype=object if name == "s" else None) for name in frame})
    assert list(got) == ["label", "probabilities"]
    np.testing.assert_array_equal(got["label"], model.predict(frame))
    np.testing.assert_array_equal(got["probabilities"], model.predict_proba(frame))


FOREST = RandomForestClassifier(5, random_state=0)
BOOSTED = GradientBoostingClassifier(n_estimators=5, random_state=0)


@pytest.mark.parametrize(
    "model",
    [
        VotingClassifier([("a", FOREST), ("b", BOOSTED)], voting="soft", flatten_transform=False),
        StackingClassifier([("a", FOREST), ("b", HistGradientBoostingClassifier(max_iter=5))], cv=2),
        CalibratedClassifierCV(BOOSTED, cv=2),
        CalibratedClassifierCV(FOREST, cv=2),
        GridSearchCV(FOREST, {"max_depth": [2, 5]}, cv=2),
        VotingRegressor([("a", RandomForestRegressor(5, random_state=0)), ("b", Ridge())]),
        StackingRegressor([("a", RandomForestRegressor(5, random_state=0)), ("b", Ridge())], cv=2),
        GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, 5]}, cv=2),
    ],
    ids=lambda model: f"{type(model).__name__}",
)
def test_estimators_of_estimators_agree(model, sample, three):
    classes = np.searchsorted([-4, 3, 11], three)
    model.fit(sample[:, :4], classes)
    got = run(isoship.to_onnx(model), sample[:, :4])
    if "label" in got:
        np.testing.assert_array_equal(got["label"], model.predict(sample[:, :4]))
        expected, values = model.predict_proba(sample[:, :4]), got["probabilities"]
    else:
        expected, values = model.predict(sample[:, :4]), got["value"]
    np.testing.assert_allclose(values, expected, rtol=TOLERANCE, atol=TOLERANCE)
