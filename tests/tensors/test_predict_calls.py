"""`isoship predict` and `isoship.load` of a bundle that came from an ONNX file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_graphs import linear

import isoship
from isoship.tensors.run import Runs

X = np.random.default_rng(0).standard_normal((5, 3)).astype("f4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predict")
    onnx.save(linear(), folder / "m.onnx")
    isoship.export(folder / "m.onnx", out=folder / "bundle", targets=())
    np.savez(folder / "calls.npz", x=X)
    np.savez(folder / "wrong.npz", x=X[:, :2])
    (folder / "calls.jsonl").write_text("\n".join(json.dumps({"inputs": {"x": row[None].tolist()}}) for row in X))
    (folder / "rows.csv").write_text("a,b\n1,2\n")
    return folder


def predict(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "isoship", "predict", "bundle", *arguments]
    return subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=120, check=False)


def test_arrays_in_arrays_out(folder: Path) -> None:
    ran = predict(folder, "calls.npz", "-o", "answers.npz")
    assert ran.returncode == 0, ran.stderr
    with np.load(folder / "answers.npz") as answers:
        np.testing.assert_array_equal(answers["y"], Runs(linear())({"x": X})["y"])


@pytest.mark.parametrize("arguments", [["calls.jsonl"], ["calls.jsonl", "-o", "answers.jsonl"], ["-"]])
def test_lines_in_lines_out(folder: Path, arguments: list[str]) -> None:
    ran = predict(folder, *arguments, stdin=(folder / "calls.jsonl").read_text() if arguments == ["-"] else "")
    assert ran.returncode == 0, ran.stderr
    text = (folder / "answers.jsonl").read_text() if "-o" in arguments else ran.stdout
    answered = [json.loads(line)["outputs"]["y"][0] for line in text.splitlines()]
    want = np.concatenate([Runs(linear())({"x": row[None]})["y"] for row in X])
    np.testing.assert_array_equal(np.array(answered, "f4"), want)


@pytest.mark.parametrize(("arguments", "said"), [
    (["calls.npz"], "give -o answers.npz"),
    (["wrong.npz", "-o", "answers2.npz"], "the model takes float [N, 3]"),
    (["rows.csv"], "this model takes tensors"),
    (["calls.jsonl", "-o", "answers.csv"], "lines of calls are answered as .jsonl"),
    (["absent.jsonl"], "No such file"),
])  # fmt: skip
def test_what_cannot_be_answered_is_said(folder: Path, arguments: list[str], said: str) -> None:
    ran = predict(folder, *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert not (folder / "answers2.npz").exists()


def test_load_answers_as_the_file_does(folder: Path) -> None:
    model = isoship.load(folder / "bundle")
    np.testing.assert_array_equal(model.predict({"x": X})["y"], Runs(linear())({"x": X})["y"])
    assert model.selftest().ok
