"""The row program as a runtime of the check: what it needs, what it answers, and that a wrong one is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

import isoship
from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.demand import demand_of
from isoship.parity.runners import open_runner
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship_edge.manifest import read_manifest, sealed

RNG = np.random.default_rng(8)
X = RNG.normal([0, 50, 3], [1, 12, 0.5], (300, 3))
X[RNG.random(X.shape) < 0.1] = np.nan


@pytest.fixture(scope="module")
def model() -> Any:
    return HistGradientBoostingRegressor(max_iter=5, random_state=0).fit(X, np.nan_to_num(X[:, 0]) * 2)


@pytest.fixture(scope="module")
def bundle(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rows") / "bundle"
    isoship.export(model, sample=X, out=place, targets=())
    return place


def shipped(folder: Path) -> Shipped:
    return Shipped(folder, read_manifest(folder), ())


def test_an_export_asks_it_and_a_check_demands_it(model: Any, bundle: Path) -> None:
    document = json.loads((bundle / "parity.json").read_bytes())
    assert [v["name"] for v in document["verdicts"]] == ["files", "onnxruntime", "rows-python"]
    assert "rows" in document["required"]
    demand = demand_of(shipped(bundle), None)
    assert "rows-python" in demand.runtimes
    assert "rows" in demand.required
    report = isoship.check(bundle, model, runtimes=["rows-python"])
    assert [v.status for v in report.verdicts] == ["agree", "agree"]


def test_answers_have_the_manifest_s_shapes_and_refusals_name_row_and_column(bundle: Path, model: Any) -> None:
    runner = open_runner("rows-python")
    runner.prepare(shipped(bundle))
    try:
        rows = [{"x0": 1.5, "x1": None, "x2": 3.0}, {"x0": None, "x1": 40.0, "x2": 2.5}]
        made = runner.infer(rows)["value"]
        expected = model.predict([[1.5, np.nan, 3.0], [np.nan, 40.0, 2.5]])
        assert (made.dtype, made.tolist()) == (np.float64, expected.tolist())
        with pytest.raises(InputError, match="x1") as refused:
            runner.infer([*rows, {"x0": 1.0, "x1": "no", "x2": 1.0}])
        assert (refused.value.row, refused.value.column) == (2, "x1")
    finally:
        runner.close()


def test_a_bundle_without_a_row_program_is_not_asked(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(bundle, folder)
    document = json.loads((folder / "manifest.json").read_bytes())
    for facts in (None, {"lacks": "the operator Scan (node 'x'): the row program does not have it"}):
        own = {"row_program": facts} if facts else {}
        (folder / "manifest.json").write_bytes(sealed({k: v for k, v in document.items() if k != "row_program"} | own))
        demand = demand_of(shipped(folder), None)
        assert "rows-python" not in demand.runtimes
        assert "rows" not in demand.required
        with pytest.raises(RunnerUnavailable, match=r"no row program: (exported before|the operator Scan)"):
            open_runner("rows-python").prepare(shipped(folder))


def test_a_damaged_file_is_named_and_answers_nothing(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(bundle, folder)
    content = bytearray((folder / "rows.bin").read_bytes())
    content[100] ^= 1
    (folder / "rows.bin").write_bytes(content)
    runner = open_runner("rows-python")
    try:
        with pytest.raises(RunnerCrashed, match=r"rows\.bin is damaged"):
            runner.prepare(shipped(folder))
    finally:
        runner.close()
    report = isoship.check(folder, runtimes=["rows-python"])
    files, rows = report.verdicts
    assert (files.status, rows.status) == ("disagree", "unavailable")
    assert "rows.bin was changed after the export" in files.message
