"""docs/onnx.md: its programs run as they stand, and its tables say what the runtime does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from isoship_edge.manifest import ENDS, MISSING_STRING

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/onnx.md").read_text(encoding="utf-8")
INCLUDE = os.environ.get("ISOSHIP_ORT_INCLUDE")
FILES = ("train.py", "predict.py", "predict.cpp", "Program.cs", "Predict.java")


def program(name: str) -> str:
    """The code block that starts with a comment naming the file."""
    found = re.search(rf"```\w+\n(?:#|//) {re.escape(name)}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/onnx.md has no {name}"
    return found[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where train.py has run; it keeps its model for the comparison."""
    folder = tmp_path_factory.mktemp("onnx")
    keep = "import joblib\njoblib.dump(model, 'model.joblib')\n"
    (folder / "train.py").write_text(program("train.py") + keep, encoding="utf-8")
    (folder / "predict.py").write_text(program("predict.py"), encoding="utf-8")
    run = subprocess.run([sys.executable, "train.py"], cwd=folder, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(scope="module")
def printed(folder: Path) -> str:
    run = subprocess.run([sys.executable, "predict.py"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_python_prints_the_trained_models_answers(folder: Path, printed: str) -> None:
    model = joblib.load(folder / "model.joblib")
    x = pd.DataFrame(
        {"bill_length_mm": [39.1, np.nan], "body_mass_g": [3750.0, 5000.0], "sex": ["male", np.nan]}
    ).astype({"sex": "str"})
    lines = [line.split() for line in printed.splitlines()]
    assert [line[0] for line in lines] == model.predict(x).tolist()
    got = [[float(number) for number in line[1:]] for line in lines]
    np.testing.assert_allclose(got, model.predict_proba(x), rtol=0, atol=1e-14)  # 15 digits are printed


if INCLUDE:  # the wheel carries no headers: docs/onnx.md says so

    def test_cpp_prints_the_same_digits(folder: Path, printed: str) -> None:
        import onnxruntime

        library = next((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))
        shutil.copy(library, folder / "libonnxruntime.so")
        shutil.copy(library, folder / library.name.replace(library.name.split(".so.")[1], "1"))
        (folder / "predict.cpp").write_text(program("predict.cpp"), encoding="utf-8")
        flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-isystem", str(INCLUDE)]
        line = ["g++", *flags, "predict.cpp", "-o", "predict", "-L.", "-l:libonnxruntime.so", "-Wl,-rpath,$ORIGIN"]
        built = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=300)
        assert built.returncode == 0, built.stderr
        arguments = [str(folder / "predict"), "bundle/model.onnx"]
        ran = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout == printed


@pytest.mark.parametrize("name", FILES[1:])
def test_every_program_feeds_the_same_columns_and_the_same_missing_string(name: str) -> None:
    text = program(name)
    for column in ("bill_length_mm", "body_mass_g", "sex"):
        assert f'"{column}"' in text
    spelled = MISSING_STRING.encode().hex().upper() if name.endswith(".cpp") else "FDD0"
    assert spelled in text.replace("\\x", "").upper()


def test_page_names_every_member_of_the_contract() -> None:
    for member in ("missing", "infinity", "categories", *ENDS.values()):
        assert f"`{member}" in PAGE, member
