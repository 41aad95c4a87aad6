"""Sine and cosine written out: within an ulp of the C library's, and the same bits in every place of a batch."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparison import compare
from onnxruntime import InferenceSession
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, StandardScaler

import isoship
from isoship.sources import open_source

RNG = np.random.default_rng(0)
QUARTERS = np.arange(-4000, 4001) * np.pi / 4
ANGLES = np.concatenate([
    QUARTERS, np.nextafter(QUARTERS, np.inf), np.nextafter(QUARTERS, -np.inf), np.arange(-48, 49) * np.pi / 12,
    RNG.normal(0, 3, 2000), RNG.uniform(-1.6e6, 1.6e6, 4000), np.round(RNG.uniform(0, 1e6, 4000)) * np.pi / 2,
    2.0 ** np.arange(-1074, 20), [0.0, -0.0, 1.0, -1.0],
])  # fmt: skip


def answers(function: Any, values: np.ndarray) -> Any:
    source = open_source(FunctionTransformer(function).fit(values.reshape(-1, 1)), sample=values.reshape(-1, 1))
    session = InferenceSession(source.to_onnx().SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda values: session.run(None, {"X": values.reshape(-1, 1)})[0].ravel()


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_every_angle_is_within_an_ulp_whatever_stands_beside_it(name: str) -> None:
    """onnxruntime's own operator has Sin(pi) = -0.0 in a batch, and 1.2e-16 alone."""
    asked = answers(getattr(np, name), ANGLES)
    got = asked(ANGLES)
    want = np.array([getattr(math, name)(v) for v in ANGLES])
    assert (np.abs(got - want) <= np.spacing(np.abs(want))).all()
    assert np.array_equal(np.signbit(got), np.signbit(want))
    places = np.concatenate([np.arange(0, 8000, 97), np.arange(-40, 0)])
    for i in places.tolist():
        for others in ([], [0.3], [0.3, 1e9]):
            assert asked(np.array([*others, ANGLES[i]]))[-1] == got[i]
            assert asked(np.array([ANGLES[i], *others]))[0] == got[i]


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_far_angles_and_no_numbers(name: str) -> None:
    far = np.array([1.7e6, -5e6, 1e9, 1.7e9, 2.0**53, 1e22, 1e300, np.finfo(float).max])
    want = [getattr(math, name)(v) for v in far]
    asked = answers(getattr(np, name), far)
    np.testing.assert_allclose(asked(far), want, rtol=1e-13, atol=1e-15)
    assert np.isnan(asked(np.array([np.nan]))).all()


HOURS = RNG.integers(0, 24, 600)
MONTHS = RNG.integers(1, 13, 600)
X = pd.DataFrame({"hour": 2 * np.pi * HOURS / 24, "month": 2 * np.pi * MONTHS / 12, "x": RNG.normal(size=600)})
Y = (((HOURS >= 12) & (HOURS < 23)) ^ (MONTHS > 6)).astype(int)


def columns() -> Any:
    return make_column_transformer(
        (FunctionTransformer(np.sin), ["hour", "month"]),
        (FunctionTransformer(np.cos), ["hour", "month"]),
        remainder=StandardScaler(),
    )


def test_a_threshold_behind_a_sine_is_answered_in_every_batch() -> None:
    """Noon was answered as midnight once, beside any other hour."""
    model = make_pipeline(FunctionTransformer(np.sin), Binarizer(threshold=0.0), LogisticRegression())
    source = open_source(model.fit(X, Y), sample=X)
    compare(source, [{"hour": 2 * np.pi * h / 24, "month": np.pi, "x": 0.0} for h in range(24)], atol=0, rtol=1e-15)


def test_periodic_features_are_answered_in_every_form(tmp_path: Path) -> None:
    """Every hour of the day in one batch, in pairs and alone."""
    model = make_pipeline(columns(), HistGradientBoostingClassifier(max_iter=10)).fit(X, Y)
    isoship.export(model, sample=X, out=tmp_path / "b", name="hours", targets=["edge", "web"])
    hours = np.arange(24)
    day = pd.DataFrame({"hour": 2 * np.pi * hours / 24, "month": 2 * np.pi * (hours % 12 + 1) / 12, "x": 0.5})
    want = model.predict_proba(day)
    bundle = isoship.load(tmp_path / "b")
    rows = day.to_dict("records")
    for size in (24, 2, 1):
        parts = [bundle.predict(rows[i : i + size])["probabilities"] for i in range(0, 24, size)]
        np.testing.assert_allclose(np.concatenate(parts), want, rtol=0, atol=1e-12)
    program = json.loads((tmp_path / "b" / "web" / "program.json").read_bytes())
    assert {"Sin", "Cos"} <= {step["op"] for step in program["prefix"]}
    assert "Round" not in {step["op"] for step in program["prefix"]}  # not the form written for onnxruntime
    hour = program["form"][0]
    assert (hour["min"], hour["max"]) == (None, None)  # it changes its answer in every period, without an end
    assert -10 < hour["value"] < 20  # and not the largest double at which a sine crosses 0
