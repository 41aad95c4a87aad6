"""Frames whose columns are not called by text: exported, checked, and answered by `load` as the model answers them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import isoship

RNG = np.random.default_rng(11)
VALUES = RNG.normal(size=(60, 3))
LABELS = (VALUES[:, 0] > 0).astype(int)

COLUMNS: dict[str, Any] = {
    "numbers": range(3),
    "other numbers": [5, 7, 9],
    "dates": pd.date_range("2024-01-01", periods=3),
    "pairs": pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "x")]),
}


def xgboost_model() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=3)


@pytest.mark.parametrize("make", [LogisticRegression, xgboost_model])
@pytest.mark.parametrize("kind", COLUMNS)
def test_the_frame_that_trained_the_model_is_answered_as_by_the_model(tmp_path: Path, kind: str, make: Any) -> None:
    frame = pd.DataFrame(VALUES, columns=COLUMNS[kind])
    model = make().fit(frame, LABELS)
    isoship.export(model, sample=frame, out=tmp_path / "b", name="b", targets=())
    loaded = isoship.load(tmp_path / "b")
    expected = model.predict_proba(frame)
    for rows in (frame, frame.to_dict("records")):
        np.testing.assert_allclose(loaded.predict(rows)["probabilities"], expected, rtol=0, atol=1e-6)
    report = isoship.check(tmp_path / "b", model=model, sample=frame, runtimes=["onnxruntime"], rows=100)
    assert report.ok, report.table()


def test_a_column_that_the_model_dropped_in_training_may_be_there(tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES, columns=["a", "b", "key"])
    columns = make_column_transformer((StandardScaler(), ["a", "b"]), remainder="drop")
    model = make_pipeline(columns, LogisticRegression()).fit(frame, LABELS)
    isoship.export(model, sample=frame, out=tmp_path / "b", name="b", targets=())
    with pytest.warns(UserWarning, match='ignored: "key"'):
        made = isoship.load(tmp_path / "b").predict(frame)
    np.testing.assert_allclose(made["probabilities"], model.predict_proba(frame), rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", ["uint64", "UInt64"])
def test_integers_of_2_63_and_more_are_the_doubles_that_the_model_takes_them_for(tmp_path: Path, dtype: str) -> None:
    frame = pd.DataFrame({"a": VALUES[:, 0], "u": RNG.integers(2**62, 2**64 - 1, 60, dtype="uint64")})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, LABELS)
    made = isoship.export(model, sample=frame.astype({"u": dtype}), out=tmp_path / "b", name="b", targets=())
    assert any('column "u" holds integers of 2^63 and more' in note for note in made.notes)
    loaded = isoship.load(tmp_path / "b").predict(frame)
    np.testing.assert_allclose(loaded["probabilities"], model.predict_proba(frame), rtol=0, atol=1e-9)
