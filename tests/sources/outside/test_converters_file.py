"""A file of converters is loaded before the model, and what the model names is found in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import isoship
from isoship.errors import InputError
from isoship.sources.sklearn.outside.converters import converters_from

CLASS = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Halved(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X) / 2
"""
CONVERTERS = """

def halved(g, step, columns):
    return g.op.Div(columns.matrix(), 2.0)


converters = {Halved: halved}
"""
NOTEBOOK = """
import joblib, pandas as pd, sys
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

X = pd.DataFrame({"x": [1.0, 2.0, 4.0, 8.0], "y": [0.5, 0.25, 3.0, 1.0]})
model = make_pipeline(Halved(), Ridge()).fit(X, X["x"])
joblib.dump(model, "model.joblib")
X.to_csv("rows.csv", index=False)
"""
EXPORT = "export model.joblib --sample rows.csv --targets none"


def python(folder: Path, *words: str, code: int = 0) -> str:
    ran = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def isoship_command(folder: Path, line: str, code: int = 0) -> str:
    return python(folder, "-m", "isoship", *line.split(), code=code)


def test_a_class_of_a_notebook_is_found_in_the_file(tmp_path: Path) -> None:
    """The class stood in `__main__` when the model was saved; its text is in FILE.py now. Exported and checked."""
    (tmp_path / "notebook.py").write_text(CLASS + NOTEBOOK)
    python(tmp_path, "notebook.py")
    (tmp_path / "steps.py").write_text(CLASS + CONVERTERS)
    assert "--converters FILE.py" in isoship_command(tmp_path, EXPORT, code=2)
    isoship_command(tmp_path, f"{EXPORT} --converters steps.py")
    check = "check bundle --runtimes onnxruntime"
    assert "evidence: source" in isoship_command(tmp_path, f"{check} --converters steps.py")
    assert "'Halved' was defined in the notebook" in isoship_command(tmp_path, check, code=2)


def test_a_class_of_the_file_itself_is_found(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(CLASS + CONVERTERS)
    (tmp_path / "train.py").write_text("from steps import Halved\n" + NOTEBOOK)
    python(tmp_path, "train.py")
    isoship_command(tmp_path, f"{EXPORT} --converters steps.py")
    isoship_command(tmp_path, f"{EXPORT} --converters steps.py --force")


def test_a_skops_file_may_hold_what_the_file_defines(tmp_path: Path) -> None:
    saved = NOTEBOOK.replace("joblib.dump", "skops.io.dump").replace("import joblib", "import skops.io")
    saved = saved.replace("model.joblib", "model.skops")
    (tmp_path / "steps.py").write_text(CLASS + CONVERTERS)
    (tmp_path / "train.py").write_text("from steps import Halved\n" + saved)
    python(tmp_path, "train.py")
    export = EXPORT.replace("model.joblib", "model.skops")
    assert "neither skops nor isoship trusts: steps.Halved" in isoship_command(tmp_path, export, code=2)
    isoship_command(tmp_path, f"{export} --converters steps.py")


def test_what_the_file_defines_leaves_main_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "halves_for_main.py"
    path.write_text(CLASS + CONVERTERS)
    main, given = sys.modules["__main__"], converters_from(path)
    try:
        main.Halved = "mine"
        with given.in_main():
            assert main.Halved is next(iter(given.by_class))
            assert callable(main.halved)
        assert main.Halved == "mine"
        assert not hasattr(main, "halved")
        assert converters_from(path).by_class.keys() == given.by_class.keys(), "loaded once"
    finally:
        del main.Halved


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("steps_without.py", CLASS, "says nothing of `converters`"),
        ("steps_failing.py", "import numpy\n\nnumpy.nothing\n", r"does not load \(line 3\): AttributeError"),
        ("steps_broken.py", "def convert(:\n", r"does not load \(line 1\): SyntaxError"),
        ("json.py", "converters = {}", "there is a module 'json' already"),
        ("onnxruntime.py", "converters = {}", "there is a module 'onnxruntime' already"),
        ("steps.txt", "converters = {}", "is no file of converters"),
        ("steps_list.py", "converters = []", "converters is a list"),
    ],
)
def test_a_file_that_is_none(name: str, text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=why):
        isoship.export("model.joblib", converters=tmp_path / name)
    with pytest.raises(InputError, match="there is no file of converters"):
        isoship.export("model.joblib", converters=tmp_path / "absent.py")
