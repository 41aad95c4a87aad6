"""The row program of web/ as runtimes of the check: demanded where it lies there, asked by exports, found wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.mutants.sealing import seal
from sklearn.ensemble import HistGradientBoostingClassifier

import isoship
from isoship.bundle.sums import sha256
from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.demand import demand_of
from isoship.parity.runners import open_runner
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship_edge.manifest import read_manifest, sealed

RNG = np.random.default_rng(18)
X = RNG.normal([0, 50, 3], [1, 12, 0.5], (300, 3))
X[RNG.random(X.shape) < 0.1] = np.nan
BOTH = ["rows-node", "rows-chromium"]


@pytest.fixture(scope="module")
def model() -> Any:
    return HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(X, np.nan_to_num(X[:, 0]) > 0.2)


@pytest.fixture(scope="module")
def bundle(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rows") / "bundle"
    isoship.export(model, sample=X, out=place, targets=("web",))
    return place


def shipped(folder: Path) -> Shipped:
    return Shipped(folder, read_manifest(folder), ("web",))


def test_an_export_asks_it_and_a_check_demands_it(model: Any, bundle: Path) -> None:
    document = json.loads((bundle / "parity.json").read_bytes())
    assert [v["name"] for v in document["verdicts"]] == [
        "files",
        "onnxruntime",
        "rows-python",
        "rows-node",
        "web-node-wasm",
    ]
    demand = demand_of(shipped(bundle), None)
    assert {*BOTH, "tfjs-stock-node-cpu"} < set(demand.runtimes)
    assert {"rows", "rows-web", "web"} < set(demand.required)
    report = isoship.check(bundle, model, runtimes=BOTH)
    assert [v.status for v in report.verdicts] == ["agree"] * 3
    assert [v.precision for v in report.verdicts] == ["double"] * 3


def test_the_files_are_those_beside_the_model_and_in_the_manifest(bundle: Path) -> None:
    files = read_manifest(bundle).files
    for name in ("rows.json", "rows.bin"):
        assert files[f"web/{name}"] == files[name] == sha256(bundle / "web" / name)
        followed = f'get "{name}"() {{\n    return new URL("./{name}", import.meta.url);'
        assert followed in (bundle / "web" / "places.js").read_text("utf-8")


@pytest.mark.parametrize("name", BOTH)
def test_refusals_name_row_and_column(name: str, bundle: Path, model: Any) -> None:
    runner = open_runner(name)
    runner.prepare(shipped(bundle))
    try:
        rows = [{"x0": 1.5, "x1": None, "x2": 3.0}, {"x0": None, "x1": 40.0, "x2": 2.5}]
        made = runner.infer(rows)["probabilities"]
        expected = model.predict_proba([[1.5, np.nan, 3.0], [np.nan, 40.0, 2.5]])
        np.testing.assert_allclose(made, expected, rtol=1e-15, atol=0)
        with pytest.raises(InputError, match="x1") as refused:
            runner.infer([*rows, {"x0": 1.0, "x1": "no", "x2": 1.0}])
        assert (refused.value.row, refused.value.column) == (2, "x1")
        assert runner.stamp()["backend"] == "rows"
    finally:
        runner.close()


def test_what_breaks_has_refused_nothing(bundle: Path, tmp_path: Path) -> None:
    """Rows that must be refused are asked in one request, and an error of another class in it is no refusal."""
    folder = tmp_path / "bundle"
    shutil.copytree(bundle, folder)
    script = folder / "web" / "contract.js"
    broken = script.read_text("utf-8").replace("throw new InputError(", "throw new TypeError(")
    script.write_text(broken, encoding="utf-8")
    runner = open_runner("rows-node")
    runner.prepare(shipped(folder))
    try:
        with pytest.raises(RunnerCrashed, match="expected"):
            runner.refusals([[{"x0": 1.0, "x1": "no", "x2": 1.0}]])  # type: ignore[attr-defined]
    finally:
        runner.close()


def test_another_threshold_is_found(bundle: Path, model: Any, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(bundle, folder)
    document = json.loads((folder / "rows.json").read_bytes())
    (trees,) = (step for step in document["steps"] if step["op"] == "isoship.Trees")
    entry = document["constants"][trees["inputs"][2]]
    binary = bytearray((folder / "rows.bin").read_bytes())
    table = np.frombuffer(binary, "<f4" if entry["dtype"] == "float" else "<f8", entry["shape"][0], entry["offset"])
    table[0] += 0.5
    (folder / "rows.bin").write_bytes(binary)
    seal(folder)
    report = isoship.check(folder, model, runtimes=[*BOTH, "web-node-cpu"])
    agreed = {"files": "agree", "web-node-cpu": "agree"}
    assert {v.name: v.status for v in report.verdicts} == agreed | dict.fromkeys(BOTH, "disagree")


def test_a_web_folder_without_one_is_not_asked(bundle: Path, tmp_path: Path) -> None:
    """As bundles of older exports are."""
    folder = tmp_path / "bundle"
    shutil.copytree(bundle, folder)
    for name in ("rows.json", "rows.bin"):
        (folder / "web" / name).unlink()
    document = json.loads((folder / "manifest.json").read_bytes())
    document["files"] = {n: h for n, h in document["files"].items() if not n.startswith("web/rows")}
    (folder / "manifest.json").write_bytes(sealed(document))
    demand = demand_of(shipped(folder), None)
    assert not {*BOTH} & {*demand.runtimes}
    assert "rows-web" not in demand.required
    for name in BOTH:
        with pytest.raises(RunnerUnavailable, match=r"web/ holds no rows\.json: exported before there was one"):
            open_runner(name).prepare(shipped(folder))
