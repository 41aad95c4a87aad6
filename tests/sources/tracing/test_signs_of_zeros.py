"""A zero keeps its sign where numbers are filled, written over or kept: a quotient by it is infinite either way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from comparison import run
from onnx import helper
from sklearn.preprocessing import FunctionTransformer

from isoship.onnx.graph import GraphBuilder
from isoship.sources import open_source
from isoship.sources.frames import rows_from_frame

TABLE = pd.DataFrame({"a": [1.0, 2.5, -3.0, 0.5] * 6, "b": [0.0, -0.0, np.nan, 4.0] * 6})


def written(X: pd.DataFrame) -> Any:
    X = X.to_numpy().copy()
    X[np.isnan(X)] = 2.0
    return X[:, :1] / X[:, 1:]


STEPS: dict[str, Callable[[Any], Any]] = {
    "filled": lambda X: (X["a"] / X["b"].fillna(3.0)).to_frame(),
    "kept": lambda X: (X["a"] / X["b"].where(X["b"] >= 0, 5.0)).to_frame(),
    "masked": lambda X: (X["a"] / X["b"].mask(X["b"] > 3, 5.0)).to_frame(),
    "chosen": lambda X: (X["a"] / np.where(np.isnan(X["b"]), 1.0, X["b"])).to_frame(),
    "chosen the other way about": lambda X: (X["a"] / np.where(X["b"] < 2, X["b"], 1.0)).to_frame(),
    "made a number": lambda X: X.to_numpy()[:, :1] / np.nan_to_num(X.to_numpy()[:, 1:], nan=7.0),
    "written over": written,
}


@pytest.mark.parametrize("name", STEPS)
def test_a_zero_keeps_its_sign(name: str) -> None:
    step = FunctionTransformer(STEPS[name]).fit(TABLE)
    source = open_source(step, sample=TABLE)
    got = run(source.to_onnx(), rows_from_frame(TABLE, ["a", "b"]), source)["transformed"]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(got, step.transform(TABLE))


def test_onnxruntime_still_loses_the_sign_where_the_condition_holds() -> None:
    """docs/upstream.md: the workaround goes when this fails."""
    g = GraphBuilder(["x"])
    g.op("Where", g.op("Equal", "x", np.float64(1)), np.float64(1), "x", out="kept")
    g.op("Where", g.op("Equal", "x", np.float64(0)), "x", np.float64(1), out="lost")
    info = helper.make_tensor_value_info
    model = g.model([info("x", 11, ["N", 1])], [info("kept", 11, ["N", 1]), info("lost", 11, ["N", 1])])
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    kept, lost = session.run(None, {"x": np.full((3, 1), -0.0)})
    assert np.signbit(kept).all()
    assert not np.signbit(lost).any()
