"""`--native never`: lambda/ and edge/ without ONNX Runtime, which the row program answers, proven as others are."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from palmerpenguins import load_penguins
from sklearn.compose import make_column_transformer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import isoship
from isoship.errors import InputError, UnsupportedModelError
from isoship.exporting import Exported
from isoship.parity.check import check


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    penguins = load_penguins()
    rows, species = penguins.drop(columns=["species", "year"]), penguins["species"]
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer(
        (numbers, rows.select_dtypes("number").columns),
        (OneHotEncoder(handle_unknown="ignore"), ["island", "sex"]),
    )
    model = make_pipeline(columns, LogisticRegression()).fit(rows, species)
    return isoship.export(
        model, sample=rows, out=tmp_path_factory.mktemp("never") / "bundle", targets=("lambda", "edge"), native="never",
        name="penguins", offline=True,
    )  # fmt: skip


def test_no_library_travels(bundle: Exported) -> None:
    assert not list(bundle.path.glob("*/lib"))
    assert not list(bundle.path.rglob("*onnxruntime*"))
    own = ("model.onnx", "manifest.json", "golden.json", "rows.json")
    model = sum((bundle.path / name).stat().st_size for name in own)
    assert (bundle.path / "lambda.zip").stat().st_size - model < 4.8e6


def test_every_runtime_agrees(bundle: Exported) -> None:
    report = check(bundle.path, runtimes=["rows-python", "edge", "lambda", "lambda-fastapi"], rows=400)
    assert [(v.name, v.status) for v in report.verdicts] == [
        (name, "agree") for name in ("files", "rows-python", "edge", "lambda", "lambda-fastapi")
    ]


def test_a_device_answers_files_and_says_once_with_what(bundle: Exported, tmp_path: Path) -> None:
    rows = pd.DataFrame(json.loads((bundle.path / "golden.json").read_text())["rows"]).map(
        lambda value: value if not isinstance(value, dict) else None
    )
    rows.to_csv(tmp_path / "rows.csv", index=False)
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    run = bundle.path / "edge" / "run"
    ran = subprocess.run(
        [run, "predict", tmp_path / "rows.csv"], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == len(rows) + 1
    assert ran.stderr.count("the row program answers") == 1
    tested = subprocess.run([run, "selftest", "--json"], env=environment, capture_output=True, text=True, check=False)
    verdict = json.loads(tested.stdout)
    assert (verdict["ok"], verdict["backend"], verdict["onnxruntime"]) == (True, "rows", None)


def test_who_wants_onnx_runtime_is_told_that_it_is_not_here(bundle: Exported) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "ISOSHIP_ENGINE": "onnxruntime"}
    ran = subprocess.run(
        [bundle.path / "edge" / "run", "selftest"], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "ONNX Runtime is not here" in ran.stderr


def test_a_model_without_a_row_program_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 2))
    model = GaussianProcessRegressor().fit(rows, rows[:, 0])
    with pytest.raises(UnsupportedModelError, match=r"the operator Scan[\s\S]*--native always"):
        isoship.export(model, sample=rows, out=tmp_path / "bundle", targets=("edge",), native="never", offline=True)
    assert list(tmp_path.iterdir()) == []


def test_networks_and_other_words_are_refused(tmp_path: Path) -> None:
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2, 2])] for name in ("x", "y")
    )  # fmt: skip
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", inputs, outputs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), tmp_path / "m.onnx")
    for native, said in (("never", "ONNX Runtime alone"), ("sometimes", "choose from always, never")):
        with pytest.raises(InputError, match=said):
            isoship.export(tmp_path / "m.onnx", out=tmp_path / "bundle", native=native, offline=True)
    assert not (tmp_path / "bundle").exists()
