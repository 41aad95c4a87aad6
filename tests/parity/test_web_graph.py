"""A graph that computes nothing is no proof: a check does not count it, and demands stock TF.js for all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import Binarizer, FunctionTransformer

import isoship
from isoship.bundle.bundle import Bundle
from isoship.parity.demand import Demand, demand_of
from isoship.parity.runners.contract import Shipped
from isoship.parity.web_graph import state_of
from isoship.tfjs.starts import Starts

X = np.random.default_rng(0).normal(4200, 800, (80, 3))
Y = X @ [0.1, 2.0, -1.0] - 4000


def exported(model: Any, folder: Path) -> Shipped:
    isoship.export(model, sample=X, out=folder, name="graph", targets=("web",))
    opened = Bundle.open(folder)
    return Shipped(opened.path, opened.manifest, opened.targets)


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    return exported(LinearRegression().fit(X, Y), tmp_path_factory.mktemp("linear") / "bundle")


@pytest.fixture(scope="module")
def spared(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    return exported(Binarizer(threshold=4000.0).fit(X), tmp_path_factory.mktemp("spared") / "bundle")


@pytest.fixture(scope="module")
def handed_through(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    """A linear model's bundle whose every step runs in JavaScript, whole and sealed, as older releases wrote it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isoship.tfjs.partition.starts_of", lambda *_, **__: Starts(set()))
        return exported(LinearRegression().fit(X, Y), tmp_path_factory.mktemp("old") / "bundle")


def test_a_linear_model_is_computed_by_stock_tfjs_and_has_to_be(linear: Shipped) -> None:
    assert state_of(linear) == "computes"
    demand = demand_of(linear, None)
    assert {"tfjs-stock", "web", "rows-web"} <= {*demand.required}
    assert "tfjs-stock-node-wasm" in demand.runtimes
    report = isoship.check(linear.folder, LinearRegression().fit(X, Y), runtimes="tfjs-stock-node-wasm", sample=X)
    assert report.ok, report.table()
    assert report.verdicts[1].rows > 1000


def test_a_graph_that_hands_through_is_not_counted(handed_through: Shipped) -> None:
    assert state_of(handed_through) == "idle"
    runtimes = ("rows-node", "tfjs-stock-node-wasm", "web-node-wasm")
    report = isoship.check(handed_through.folder, LinearRegression().fit(X, Y), runtimes=runtimes)
    assert {v.name: v.status for v in report.verdicts} == {
        "files": "agree",
        "rows-node": "agree",
        "tfjs-stock-node-wasm": "idle",
        "web-node-wasm": "agree",  # the JavaScript around the graph, which answers
    }
    assert report.exit_code == 2
    assert report.unproven == ("tfjs-stock",)
    assert "web/model.json computes nothing of this model" in report.table()
    assert "computes nothing that a runtime could be checked by" in report.headline


def test_a_model_without_numbers_to_compute_is_checked_by_its_row_program(spared: Shipped) -> None:
    assert state_of(spared) == "spared"
    demand = demand_of(spared, None)
    assert {"rows-web", "web"} <= {*demand.required}
    assert "tfjs-stock" not in demand.required
    assert not any(name.startswith("tfjs-stock") for name in demand.runtimes)
    report = isoship.check(spared.folder, Binarizer(threshold=4000.0).fit(X), runtimes="rows-node,tfjs-stock-node-wasm")
    assert [v.status for v in report.verdicts] == ["agree", "agree", "idle"]
    assert "it chooses, compares or looks up" in report.table()


def body_mass(people: pd.DataFrame) -> pd.DataFrame:
    return (people["weight"] / people["height"] ** 2).to_frame()


def test_numbers_that_float32_does_not_hold_are_computed_in_doubles(tmp_path: Path) -> None:
    """Found when the export is verified: a height of 1e-20 is no fault of the model, which answers 7e41."""
    people = pd.DataFrame({"weight": X[:, 0] / 60, "height": X[:, 1] / 2000})
    model, said = FunctionTransformer(body_mass).fit(people), list[str]()
    isoship.export(model, sample=people, out=tmp_path / "bundle", targets=("web",), progress=said.append)
    assert [line for line in said if "writing web/ again, with every step in doubles" in line] != []
    opened = Bundle.open(tmp_path / "bundle")
    shipped = Shipped(opened.path, opened.manifest, opened.targets)
    assert state_of(shipped) == "spared"
    report = isoship.check(shipped.folder, model, runtimes="rows-node,web-node-cpu,tfjs-stock-node-wasm")
    assert [v.status for v in report.verdicts] == ["agree"] * 3 + ["idle"]
    assert "span more decades than float32 has" in report.table()


def test_without_stock_tfjs_the_check_is_not_whole(linear: Shipped, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it says with which line TF.js is installed."""
    whole = demand_of(linear, None)
    few = ("onnxruntime", "rows-python", "rows-node", "web-node-cpu", "tfjs-stock-node-cpu")
    demand = Demand(few, whole.required, whole.shipped, partial=False)
    monkeypatch.setattr("isoship.parity.runners.node.node_modules", lambda *_: None)
    monkeypatch.setattr("isoship.parity.check.demand_of", lambda *_: demand)
    report = isoship.check(linear.folder, LinearRegression().fit(X, Y))
    assert report.exit_code == 2
    assert report.unproven == ("tfjs-stock",)
    assert "stock TF.js is not here: npm install" in report.table()
