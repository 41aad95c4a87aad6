"""The browser target's folder, and its index.js in Node on the real files."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from program_runner import reference
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

import isoship
from isoship.bundle.npm.package import npm_version
from isoship.bundle.web import write_web
from isoship.errors import BundleError, UnsupportedModelError


@pytest.fixture(scope="module")
def forest() -> Any:
    x, y = load_iris(return_X_y=True)
    return isoship.to_onnx(RandomForestClassifier(10, random_state=0).fit(x, y), sample=x)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    columns = [{"name": f"x{i}", "dtype": "double", "missing": False, "infinity": False} for i in range(4)]
    classes = [0, 1, 2]
    tolerance = {"float32": {"atol": 1e-6, "rtol": 0.0, "reason": "float32"}}
    manifest = {
        "format": 1,
        "name": "iris",
        "version": "1.2.3",
        "digest": "sha256:0",
        "signature": {"layout": "matrix", "columns": columns},
        "outputs": [
            {"name": "label", "kind": "label", "dtype": "int64", "shape": ["N"], "classes": classes},
            {"name": "probabilities", "kind": "probabilities", "dtype": "double", "shape": ["N", 3],
             "classes": classes},
        ],
        "tolerances": {"label": tolerance, "probabilities": tolerance},
        "encoder": None,
        "provenance": {},
        "files": {},
    }  # fmt: skip
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "golden.json").write_text("{}")
    return folder


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    runtime = tmp_path / "runtime"
    (runtime / "tfjs").mkdir(parents=True)
    for name in ("index.js", "index.d.ts", "worker.js", "tfjs/core.js"):
        (runtime / name).write_text("//")
    (runtime / "README.md").write_text("await model.predict([ROW]);\n")
    return runtime


def test_the_folder_is_an_npm_package_with_the_bundles_own_bytes(forest: Any, bundle: Path, stand_in: Path) -> None:
    written = write_web(bundle / "web", bundle, forest, runtime=stand_in)
    web = bundle / "web"
    for name in ("manifest.json", "golden.json"):
        assert (
            hashlib.sha256((web / name).read_bytes()).digest() == hashlib.sha256((bundle / name).read_bytes()).digest()
        )
    package = json.loads((web / "package.json").read_bytes())
    assert (package["name"], package["version"], package["type"]) == ("iris", "1.2.3", "module")
    for target in package["exports"]["."].values():
        assert (web / target).is_file()
    assert set(written.files) <= {path.name for path in web.iterdir()}


@pytest.mark.parametrize("columns", [2, 30])
def test_the_readme_shows_a_row_of_the_model(forest: Any, bundle: Path, stand_in: Path, columns: int) -> None:
    form = [{"column": f'é"{i}', "value": [0.5, "a`b", None, False][i % 4]} for i in range(columns)]
    write_web(bundle / "web", bundle, forest, form=form, runtime=stand_in)
    shown = re.sub(r",\s*}", "}", (bundle / "web" / "README.md").read_text(encoding="utf-8"))
    (row,) = re.findall(r"^await model\.predict\(\[(.*)\]\);\n$", shown, re.DOTALL)
    assert json.loads(row) == {field["column"]: field["value"] for field in form}


def test_a_runtime_that_is_not_built_is_named_with_the_way_to_build_it(
    forest: Any, bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=r"npm ci --prefix web && node web/build\.mjs"):
        write_web(bundle / "web", bundle, forest, runtime=tmp_path / "nothing")
    assert not (bundle / "web").exists()


def test_a_model_that_cannot_go_to_the_browser_leaves_no_folder(bundle: Path, stand_in: Path) -> None:
    from onnx import TensorProto, helper

    from isoship.onnx.graph import GraphBuilder

    g = GraphBuilder()
    g.op("Det", "X", out="transformed")
    model = g.model(
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [2, 2])],
        [helper.make_tensor_value_info("transformed", TensorProto.FLOAT, [])],
    )
    with pytest.raises(UnsupportedModelError):
        write_web(bundle / "web", bundle, model, runtime=stand_in)
    assert not (bundle / "web").exists()


@pytest.mark.parametrize(
    ("version", "npm"),
    [("1.2.3", "1.2.3"), ("1.0.0-rc.1", "1.0.0-rc.1"), ("2024.01", "0.0.0-v2024-01"), ("v7 final", "0.0.0-vv7-final")],
)
def test_versions_that_npm_does_not_take_become_prereleases(version: str, npm: str) -> None:
    assert npm_version(version) == npm


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_the_shipped_index_js_answers_as_onnxruntime(forest: Any, bundle: Path, backend: str) -> None:
    write_web(bundle / "web", bundle, forest)
    x = load_iris(return_X_y=True)[0][::10]
    script = """
      import { load } from "./index.js";
      let text = "";
      for await (const part of process.stdin) text += part;
      const model = await load({ backend: process.argv[1] });
      process.stdout.write(JSON.stringify(await model.predict(JSON.parse(text))));
      process.exit(0);
    """
    rows = [{f"x{i}": value for i, value in enumerate(row)} for row in x.tolist()]
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, backend],
        input=json.dumps(rows),
        cwd=bundle / "web",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)
    expected = reference(forest, {"X": x})
    assert [row["label"] for row in answered] == expected["label"].tolist()
    probabilities = [[row["probabilities"][str(c)] for c in range(3)] for row in answered]
    np.testing.assert_allclose(probabilities, expected["probabilities"], rtol=0, atol=1e-6)
