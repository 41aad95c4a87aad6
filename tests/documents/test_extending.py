"""The worked examples of docs/extending.md: each change, laid over a copy of the checkout, does there what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pages import pages
from patches import copied, files_in, lay_over
from prepared import Prepared

CHANGES = [block.text for block in pages()["docs/extending.md"].blocks if block.language == "diff"]
#: What each example begins with: rows to train on.
HEAD = """
import json, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, StandardScaler
import isoship

X = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)), columns=["a", "b", "c"])
y = (X.sum(axis=1) > 0).astype(int)
"""
BINARIZER = """
model = make_pipeline(Binarizer(threshold=0.1), LogisticRegression()).fit(X, y)
print(isoship.export(model, sample=X, out="bundle", name="one", targets=()).path)
"""
#: A step as somebody writes it, whose converter writes an operator that the browser lacks.
TOTAL = """
from sklearn.base import BaseEstimator, TransformerMixin

class Total(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return (X["a"] + X["b"] + X["c"]).to_numpy().reshape(-1, 1)

@isoship.converter(same_bits=True, jumps=False)
def total(g, step, columns):
    return g.op.Sum(columns["a"], columns["b"], columns["c"])

model = make_pipeline(Total(), StandardScaler(), LogisticRegression()).fit(X, y)
isoship.export(model, sample=X, out="bundle", name="one", targets=("web",), converters={Total: total})
runtimes = ("tfjs-stock-node-cpu", "web-node-cpu")
print(json.dumps(isoship.check("bundle", model=model, runtimes=runtimes).to_json()))
"""
#: A library as its user has it: `pip install stumps` in the document's world.
STUMPS = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

__version__ = "1.0"


class StumpsError(Exception):
    pass


class StumpRegressor(RegressorMixin, BaseEstimator):
    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y):
        X = validate_data(self, X)
        self.column_, self.threshold_ = self.column, float(np.median(X[:, self.column]))
        return self

    def predict(self, X):
        check_is_fitted(self)
        return (validate_data(self, X, reset=False)[:, self.column_] > self.threshold_).astype(float)
"""
STUMP = """
from stumps import StumpRegressor
for name, model in {"alone": StumpRegressor(1), "last": make_pipeline(StandardScaler(), StumpRegressor(1))}.items():
    isoship.export(model.fit(X, y), sample=X, out=name, name=name, targets=())
"""


def change_that_names(text: str) -> str:
    (found,) = [change for change in CHANGES if text in change]
    return found


def python(checkout: Path, *arguments: str, cwd: Path, fails: bool = False) -> str:
    """Python with the packages of a checkout; what it prints, and where it has to end with an error, on stderr."""
    paths = [str(checkout / room) for room in ("export", "edge", "lambda")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, str(cwd)]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=240
    )
    assert (done.returncode != 0) == fails, f"{done.stdout}\n{done.stderr}"
    return done.stderr if fails else done.stdout


def cases(checkout: Path, file: str, chosen: str) -> str:
    """Tests of a checkout, as a contributor runs them; the last line of what they print."""
    printed = python(
        checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", file, "-k", chosen, cwd=checkout
    )
    return printed.strip().splitlines()[-1]


def test_an_estimator_is_carried_again(tmp_path: Path) -> None:
    """Taken out of a copy it is refused; put in as the document has it, it ships."""
    checkout, change = copied(tmp_path / "checkout"), change_that_names('@carries("Binarizer"')
    lay_over(change, checkout, backwards=True)
    refused = python(checkout, "-c", HEAD + BINARIZER, cwd=tmp_path, fails=True)
    assert "Binarizer(threshold=0.1) cannot be carried exactly" in refused
    assert len(lay_over(change, checkout)) == 1
    python(checkout, "-c", HEAD + BINARIZER, cwd=tmp_path)
    assert json.loads((tmp_path / "bundle" / "parity.json").read_bytes())["ok"]


def test_an_operator_for_the_browser_touches_at_most_three_files(tmp_path: Path) -> None:
    """With them a home-made step that writes it ships, and answers in stock TF.js and in the page's own code as the
    model does."""
    checkout, change = copied(tmp_path / "checkout"), change_that_names("web/src/ops/")
    refused = python(checkout, "-c", HEAD + TOTAL, cwd=tmp_path, fails=True)
    assert "the operator Sum that its converter writes has no form in the browser" in refused

    touched = lay_over(change, checkout)
    assert len(touched) == len(set(touched)) <= 3
    subprocess.run(["node", "build.mjs", str(checkout / "export/isoship/_web")], cwd=checkout / "web", check=True)
    printed = cases(checkout, "tests/web/test_program_ops.py", "[Sum- or every_operator or exactly")
    assert printed.startswith("4 passed")
    checked = json.loads(python(checkout, "-c", HEAD + TOTAL, cwd=tmp_path))
    program = json.loads((tmp_path / "bundle" / "web" / "program.json").read_bytes())
    assert "Sum" in {step["op"] for step in program["prefix"]}
    assert checked["evidence"] == "source"
    asked = {v["name"]: (v["status"], v["rows"] > 500) for v in checked["verdicts"]}
    assert asked.pop("files") == ("agree", False)
    assert asked == dict.fromkeys(("tfjs-stock-node-cpu", "web-node-cpu"), ("agree", True))


def test_a_lowering_touches_two_files_and_agrees_in_stock_tfjs(tmp_path: Path) -> None:
    checkout = copied(tmp_path)
    assert len(lay_over(change_that_names("isoship/tfjs/lowerings/"), checkout)) == 2
    assert cases(checkout, "tests/tfjs/test_lowerings.py", "Sum and three or every_lowering").startswith("3 passed")


def test_a_runtime_is_asked_and_agrees(tmp_path: Path, prepared: Prepared, bundle: Path) -> None:
    checkout = copied(tmp_path / "checkout")
    lay_over(change_that_names("ReferenceRunner"), checkout)
    asked = ("--model", str(prepared.folder / "model.joblib"), "--runtimes", "onnx-reference", "--json")
    checked = json.loads(python(checkout, "-m", "isoship", "check", str(bundle), *asked, cwd=tmp_path))
    (verdict,) = [each for each in checked["verdicts"] if each["name"] == "onnx-reference"]
    assert (verdict["status"], checked["ok"]) == ("agree", True)
    assert verdict["rows"] > 1000


def test_a_library_is_exported_and_proven(tmp_path: Path) -> None:
    """Alone, and as a pipeline's last step."""
    checkout = copied(tmp_path / "checkout")
    lay_over(change_that_names("StumpsSource"), checkout)
    (tmp_path / "stumps.py").write_text(STUMPS, encoding="utf-8")
    python(checkout, "-c", HEAD + STUMP, cwd=tmp_path)
    for name, library in {"alone": "stumps", "last": "scikit-learn"}.items():
        assert json.loads((tmp_path / name / "parity.json").read_bytes())["ok"]
        assert json.loads((tmp_path / name / "manifest.json").read_bytes())["provenance"]["library"] == library


@pytest.mark.parametrize(
    ("change", "error"),
    [("--- pyproject.toml\n@@\n nothing of the kind\n+x\n", "holds 0 times"), ("--- pyproject.toml\n+x\n", "is there")],
)
def test_a_change_that_does_not_fit_is_told(change: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert list(files_in(change)) == ["pyproject.toml"]
    with pytest.raises(LookupError, match=error):
        lay_over(change, tmp_path)
