"""Answers that are exponentials: relative tolerances, and the exponential itself in doubles in the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import isoship
from isoship.bundle.tolerances import tolerances_for
from isoship.onnx.exponentials import exponential_outputs
from isoship.parity.verdict.compare import compare
from isoship.sources import open_source
from isoship.sources.contract import Answers

RNG = np.random.default_rng(0)
X = pd.DataFrame({"log_size": RNG.uniform(0, 14, 500), "age": RNG.normal(5, 2, 500)})
Y = np.exp(X.log_size + 0.1 * X.age + RNG.normal(0, 0.1, 500))


def log_target(func: Any = np.log1p, inverse: Any = np.expm1) -> Any:
    model = make_pipeline(StandardScaler(), Ridge())
    return TransformedTargetRegressor(model, func=func, inverse_func=inverse)


@pytest.mark.parametrize(
    ("model", "shifted"),
    [
        (log_target(), {"value": True}),
        (log_target(np.log, np.exp), {"value": False}),
        (log_target(np.sqrt, np.square), {}),
        (make_pipeline(StandardScaler(), PoissonRegressor()), {"value": False}),
        (HistGradientBoostingRegressor(loss="poisson", max_iter=5), {"value": False}),
        (LogisticRegression(), {}),
    ],
    ids=["expm1", "exp", "square", "poisson", "trees", "a share"],
)
def test_exponentials_are_told_from_the_graph(model: Any, shifted: dict[str, bool]) -> None:
    target = (Y > 100).astype(int) if isinstance(model, LogisticRegression) else Y
    graph = open_source(model.fit(X, target), sample=X).to_onnx()
    assert {name: found.shifted for name, found in exponential_outputs(graph).items()} == shifted


def test_a_small_answer_of_a_wide_target_is_held_to_its_own_size() -> None:
    """1e-5 of the largest answer let small ones be wrong by any factor."""
    source = open_source(log_target().fit(X, Y), sample=X)
    golden = {"value": [0.5, 3.0, 1.5e6]}
    tolerances = {
        name: each["float32"] for name, each in tolerances_for(source.outputs, golden, graph=source.to_onnx()).items()
    }
    want = np.array(golden["value"])
    for factor, agrees in ((1.001, False), (1 + 1e-6, True)):
        for i in range(3):
            got = want.copy()
            got[i] *= factor
            reference = Answers({"value": want}, np.full(3, np.inf))
            found = compare(
                reference, {"value": got.astype(np.float32)}, source.outputs, tolerances, kinds=["ordinary"] * 3,
                precision="float32",
            )  # fmt: skip
            assert found.agrees is agrees


def test_the_browser_computes_the_exponential_of_a_wide_target_in_doubles(tmp_path: Path) -> None:
    """It was refused, for a fault in the JavaScript that there was not."""
    model = log_target().fit(X, Y)
    made = isoship.export(model, sample=X, out=tmp_path / "b", name="wide", targets=["web"])
    program = json.loads((tmp_path / "b" / "web" / "program.json").read_bytes())
    assert "Exp" in {step["op"] for step in program["suffix"]}
    tolerance = made.manifest.tolerances["value"]["float32"]
    assert tolerance.rtol < 1e-3
    assert np.mean(np.abs(model.predict(X)) * 1e-2 < tolerance.atol) < 0.01
    (verdict,) = [v for v in made.report.verdicts if v.name == "web-node-wasm"]
    assert verdict.status == "agree"
    assert verdict.max_rel < 1e-4
