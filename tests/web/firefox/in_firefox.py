"""A bundle in Firefox: load, predict and selftest on cpu, wasm and the row program, its page, and the page offline.

Outside `make test`, since it needs Debian's firefox-esr: `make test-all GROUP=firefox`, whose script installs it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import isoship

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backends"))

from strokes import PICTURE, network

HERE = Path(__file__).parent
WEB = HERE.parents[2] / "web"
DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": DRAW.uniform(18, 80, 200), "city": DRAW.choice(["Oslo", "Rome"], 200)})
ROWS = FRAME.head(7).to_dict("records")
READY = "#main:not([hidden])"
KEPT = "#offline[data-kept=true]"
PAGE = """
const byId = (id) => document.getElementById(id);
byId("verify").click();
while (byId("verify-result").className === "") await new Promise(requestAnimationFrame);
return [byId("name").textContent, byId("answer").textContent, byId("verify-result").textContent];
"""


def in_firefox(folders: dict[str, Path], *steps: dict[str, Any]) -> list[Any]:
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    assert firefox is not None, "firefox-esr is not installed: apt-get install firefox-esr"
    job = {
        "folders": {name: str(path) for name, path in folders.items()},
        "steps": [{"visit": "/blank.html", **step} for step in steps],
    }
    done = subprocess.run(
        ["node", str(HERE / "firefox.mjs"), str(WEB / "package.json"), firefox],
        input=json.dumps(job), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *seen, last = json.loads(done.stdout)
    print(last["version"])
    assert isinstance(seen, list)
    return seen


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    encoded = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    model = make_pipeline(encoded, RandomForestClassifier(20, max_depth=5, random_state=0))
    model.fit(FRAME, np.where((FRAME.age > 40) ^ (FRAME.city == "Oslo"), "yes", "no"))
    folder = tmp_path_factory.mktemp("forest") / "bundle"
    return isoship.export(model, sample=FRAME, out=folder, name="forest", targets="web").path


@pytest.fixture(scope="module")
def strokes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strokes")
    onnx.save(network(), folder / "strokes.onnx")
    return isoship.export(str(folder / "strokes.onnx"), out=folder / "bundle", targets="web").path


@pytest.mark.parametrize("asked", [{}, {"engine": "tfjs", "backend": "cpu"}, {"engine": "tfjs", "backend": "wasm"}])
def test_a_forest_answers_as_in_python(forest: Path, asked: dict[str, str]) -> None:
    run = f"""
const {{ load }} = await import("/one/index.js");
const model = await load({json.dumps(asked)});
return [model.engine, model.backend, await model.predict({json.dumps(ROWS)}), await model.selftest()];
"""
    [seen] = in_firefox({"one": forest / "web"}, {"run": run})
    engine, backend, predictions, selftest = seen["result"]
    assert (engine, backend) == (asked.get("engine", "rows"), asked.get("backend", "javascript"))
    assert selftest["ok"], selftest["firstDifference"]
    for row, want in zip(predictions, isoship.load(forest).predict_rows(ROWS), strict=True):
        assert row["label"] == want["label"]
        for name, probability in want["probabilities"].items():
            assert abs(row["probabilities"][name] - probability) < 1e-6
    assert [line for line in seen["console"] if "error" in line.lower()] == []


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_a_network_answers_as_in_python(strokes: Path, backend: str) -> None:
    run = f"""
const {{ load }} = await import("/one/index.js");
const model = await load({{ backend: "{backend}" }});
const {{ logits }} = await model.predictTensors({{ picture: Float32Array.from({PICTURE.ravel().tolist()}) }});
return [model.backend, Array.from(logits.data), await model.selftest()];
"""
    [seen] = in_firefox({"one": strokes / "web"}, {"run": run})
    got, logits, selftest = seen["result"]
    assert got == backend
    assert selftest["ok"], selftest["firstDifference"]
    want = isoship.load(strokes).predict({"picture": PICTURE})["logits"].ravel()
    np.testing.assert_allclose(logits, want, rtol=1e-4, atol=1e-5)


def test_the_page_answers_verifies_and_stays_without_a_network(forest: Path, tmp_path: Path) -> None:
    page = {"visit": "/one/index.html", "run": PAGE}
    first, offline = in_firefox(
        {"one": forest / "web"},
        {**page, "wait": KEPT, "shot": str(tmp_path / "firefox.png")},
        {**page, "wait": READY, "offline": True},
    )
    name, answer, verified = first["result"]
    assert name == "forest"
    assert "yes" in answer
    assert verified.startswith("The same: ")
    assert offline["result"] == first["result"]
    assert first["console"] == []
