"""A disagreement is led back to the row, the columns and the place that cause it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from benchmarks.mutants.sealing import seal
from click.testing import CliRunner

import isoship
from isoship.cli import main
from isoship.demo import penguins, train
from isoship.parity.check import check
from isoship.parity.verdict.cause import json_of


@pytest.fixture(scope="module")
def model():
    columns, species = penguins()
    return train(columns, species)


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    columns, _ = penguins()
    folder = tmp_path_factory.mktemp("penguins") / "bundle"
    isoship.export(model, sample=columns, out=folder, name="penguins", targets=("web", "edge"), offline=True)
    return folder


@pytest.fixture
def bundle(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


def failed(bundle, model, runtime):
    seal(bundle)  # check runs no program of a bundle whose files are not those that were exported
    report = check(bundle, model=model, runtimes=[runtime])
    verdict = next(v for v in report.verdicts if v.name == runtime)
    assert verdict.status == "disagree"
    assert verdict.cause is not None
    text, page = report.table(), report.to_html()
    assert verdict.cause.where in " ".join(text.split("\n    "))
    assert "To see it" in page
    json.dumps(report.to_json(), allow_nan=False)
    return verdict.cause


def test_one_ulp_of_a_scaler_in_the_browsers_program_is_named_with_its_column_and_step(bundle, model):
    path = bundle / "web" / "program.json"
    program = json.loads(path.read_text(encoding="utf-8"))
    scale = [c for c in program["constants"].values() if c["shape"] == [1, 4]][-1]["data"]
    scale[1] = float(np.nextafter(scale[1], np.inf))
    path.write_text(json.dumps(program), encoding="utf-8")
    cause = failed(bundle, model, "web-node-wasm")
    assert cause.matters == ("bill_depth_mm",)
    assert "part at Div" in cause.where
    assert "JavaScript steps before the graph" in cause.where
    assert (cause.step.estimator, cause.step.op, cause.step.method) == ("StandardScaler()", "Div", "transform")
    assert cause.step.path.endswith("pipeline.steps[1]")
    assert 0 < abs(cause.step.expected - cause.step.got) < 1e-12
    done = subprocess.run(["bash", "-c", cause.reproduction], cwd=bundle, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)[0]["probabilities"]
    assert list(shown.values()) == pytest.approx(cause.got, abs=1e-9), "the lines to paste show the wrong answer"


def test_another_leaf_in_the_weights_parts_in_the_graph(bundle, model):
    path = next((bundle / "web").glob("group1-shard*.bin"))
    values = np.frombuffer(path.read_bytes(), np.float32).copy()
    leaves = np.flatnonzero((values > 1e-3) & (values < 1))
    values[leaves] = values[leaves[::-1]]
    path.write_bytes(values.tobytes())
    cause = failed(bundle, model, "web-node-cpu")
    assert "in the TF.js graph" in cause.where
    assert cause.batch == 1


def test_a_fault_of_a_runtime_alone_is_told_from_one_of_the_graph(bundle, model):
    for module, old, new in (
        ("encoding/decode", "out.append(MISSING_STRING)", "out.append('nan')"),
        ("inference/one_row", "texts.append(_MISSING)", "texts.append(b'nan')"),
    ):
        path = bundle / "edge" / "isoship_edge" / f"{module}.py"
        text = path.read_text(encoding="utf-8")
        planted = text.replace(old, new)
        assert planted != text
        path.write_text(planted, encoding="utf-8")
        for stale in (bundle / "edge").rglob(f"{path.stem}*.pyc"):
            stale.unlink()
    cause = failed(bundle, model, "edge")
    assert "The fault lies in edge/" in cause.where
    assert set(cause.matters) & {"island", "sex"}
    done = subprocess.run(["bash", "-c", cause.reproduction], cwd=bundle, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)
    if cause.output == "label":
        assert answered["label"] == cause.got
    else:
        assert answered["probabilities"] == dict(zip(("Adelie", "Chinstrap", "Gentoo"), cause.got, strict=True))


def test_what_goes_wrong_in_batches_alone_is_told_so(bundle, model, monkeypatch):
    from isoship.parity.runners.onnxruntime import OnnxRuntimeRunner

    infer = OnnxRuntimeRunner.infer

    def shuffled(self, rows):
        made = infer(self, rows)
        return {name: np.roll(values, 1, axis=0) for name, values in made.items()} if len(rows) >= 8 else made

    monkeypatch.setattr(OnnxRuntimeRunner, "infer", shuffled)
    cause = failed(bundle, model, "onnxruntime")
    assert cause.batch == 8
    assert "batch of 8" in cause.where
    assert cause.reproduction == "isoship check . --runtimes onnxruntime"
    program, *arguments = cause.reproduction.split()
    monkeypatch.chdir(bundle)
    assert CliRunner().invoke(main, arguments).exit_code == 1, "the line to paste shows the wrong answer"
    assert program == "isoship"


def test_rows_as_json_keep_what_json_has_no_words_for():
    row = {"a": float("inf"), "b": float("-inf"), "c": None, "d": "Ærø '\"\n", "e": True, "f": 0.1}
    text = json_of(row)
    assert "\n" not in text
    assert json.loads(text) == row
