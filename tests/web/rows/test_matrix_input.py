"""`predictTensors({ X })`: whatever array a caller has, and whatever he does with it while the answer is on its way."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import isoship

SCRIPT = Path(__file__).parent / "matrix.mjs"
KINDS = ["own", "shared", "part", "float", "plain"]


def rows(count: int) -> Any:
    """Numbers that float32 holds, so that a Float32Array says the same."""
    return np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32).astype(np.float64)


@pytest.fixture(scope="module")
def model() -> Any:
    x = rows(200)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, x[:, 0] > x[:, 1])


@pytest.fixture(scope="module")
def web(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("matrix") / "bundle"
    isoship.export(model, sample=rows(200), out=out, name="matrix", targets=("web",))
    return out / "web"


def asked(web: Path, x: Any) -> dict[str, Any]:
    given = json.dumps({"x": [None if np.isnan(value) else value for value in x.ravel().tolist()]})
    given = given.replace("Infinity", "1e999")  # which JSON.parse reads as it
    done = subprocess.run(["node", SCRIPT, web], input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert list(found) == [f"{engine} {kind}" for engine in ("rows", "tfjs") for kind in KINDS]
    return found


@pytest.mark.parametrize("count", [1, 1000, 3000])
def test_the_answer_is_of_what_was_given(count: int, model: Any, web: Path) -> None:
    x = rows(count)
    expected = model.predict_proba(x)
    for kind, found in asked(web, x).items():
        made = np.reshape(found["made"]["probabilities"], expected.shape)
        np.testing.assert_allclose(
            made, expected, atol=1e-6 if kind.startswith("tfjs") else 1e-14, rtol=0, err_msg=kind
        )
        assert found["unchanged"], f"{kind}: the caller's array was written to"
        assert found["untouched"], f"{kind}: the answer lies in the caller's array"


def test_what_a_row_refuses_is_refused_by_its_column(web: Path) -> None:
    for bad in (np.nan, np.inf):
        x = rows(40)
        x[17, 2] = bad
        for kind, found in asked(web, x).items():
            assert found["error"] == {"name": "InputError", "row": 17, "column": "x2"}, kind


def test_an_output_that_is_the_input_is_a_copy(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    same = make_pipeline(FunctionTransformer(), FunctionTransformer()).fit(rows(20))
    isoship.export(same, sample=rows(20), out=out, name="same", targets=("web",))
    x = rows(50)
    for kind, found in asked(out / "web", x).items():
        assert found["made"]["transformed"] == x.ravel().tolist(), kind
        assert found["untouched"], kind
