"""The web folder as an npm package: its name, what it exports, how large it may be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from node_script import WEB, run_node
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import isoship
from isoship import cli
from isoship.bundle.npm.package import WebPackage
from isoship.bundle.npm.size import NOTICED_MB, weighed
from isoship.errors import InputError
from isoship.tfjs.emitter import SHARD_BYTES

DRAW = np.random.default_rng(3)
X = DRAW.normal(size=(120, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")
ROWS = [{f"x{i}": float(value) for i, value in enumerate(row)} for row in X[:4]]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a forest, under a name of its own."""
    out = tmp_path_factory.mktemp("package") / "bundle"
    forest = RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, Y)
    isoship.export(forest, sample=X, out=out, name="churn", targets="web", npm_name="@acme/churn.model", web_max=5)
    return out / "web"


def test_the_package_has_its_name_and_the_readme_too(web: Path) -> None:
    package = json.loads((web / "package.json").read_bytes())
    assert (package["name"], package["private"]) == ("@acme/churn.model", True)
    readme = (web / "README.md").read_text(encoding="utf-8")
    assert '"@acme/churn.model/worker"' in readme
    assert "<name>" not in readme


def test_every_export_is_there_with_its_types(web: Path) -> None:
    exports = json.loads((web / "package.json").read_bytes())["exports"]
    assert {".", "./slim", "./worker", "./worker.js", "./model.json", "./manifest.json"} <= set(exports)
    for path, target in exports.items():
        targets = list(target.values()) if isinstance(target, dict) else [target]
        assert path == "./*" or all((web / each).is_file() for each in targets), path
        assert path.endswith((".json", "*")) or list(target) == ["types", "default"], path


def test_all_peers_are_optional_and_of_the_release_that_was_proven(web: Path) -> None:
    package = json.loads((web / "package.json").read_bytes())
    built = json.loads((WEB / "package.json").read_bytes())["devDependencies"]
    assert set(package["peerDependenciesMeta"]) == set(package["peerDependencies"])
    for name, version in package["peerDependencies"].items():
        assert package["peerDependenciesMeta"][name] == {"optional": True}
        assert version == f"^{built[name]}"


def asked(web: Path, folder: Path, text: str) -> Any:
    script = folder / "asked.mjs"
    script.write_text(f"const rows = {json.dumps(ROWS)};\nconst base = {web.as_uri()!r};\n{text}", encoding="utf-8")
    return run_node(script)


SLIM = """
const model = await import(`${base}/slim/index.js`);
const way = async (options) => {
  try {
    const made = await model.load(options);
    return [made.engine, made.backend, (await made.predict(rows)).map((row) => row.label), (await made.selftest()).ok];
  } catch (err) {
    return [err instanceof model.BackendError, err.name, err.message];
  }
};
"""


def test_slim_answers_without_any_tfjs(web: Path, tmp_path: Path) -> None:
    labels = [row["label"] for row in isoship.load(web.parent).predict_rows(ROWS)]
    text = SLIM + 'console.log(JSON.stringify([await way({}), await way({ engine: "tfjs" })]));'
    rows, tfjs = asked(web, tmp_path, text)
    assert rows == ["rows", "javascript", labels, True]
    assert tfjs[:2] == [True, "BackendError"]
    assert "npm install @tensorflow/tfjs-core @tensorflow/tfjs-converter @tensorflow/tfjs-backend-cpu" in tfjs[2]


def test_slim_answers_by_the_applications_tfjs_and_on_its_backend(web: Path, tmp_path: Path) -> None:
    modules = web.parent / "node_modules"
    modules.symlink_to(WEB / "node_modules")
    try:
        (tmp_path / "node_modules").symlink_to(WEB / "node_modules")
        labels = [row["label"] for row in isoship.load(web.parent).predict_rows(ROWS)]
        text = f"""{SLIM}
        console.warn = () => {{}};
        const tf = await import("@tensorflow/tfjs-core");
        const before = tf.engine().backendNames();
        const tfjs = await way({{ engine: "tfjs" }});
        console.log(JSON.stringify([before, tfjs, tf.getBackend(), await way({{ backend: "webgl" }})]));"""
        before, tfjs, current, absent = asked(web, tmp_path, text)
        assert before == []
        assert tfjs == ["tfjs", "cpu", labels, True]
        assert current == "cpu"
        assert absent[:2] == [True, "BackendError"]
    finally:
        modules.unlink()


def test_nothing_of_slim_refers_to_the_tfjs_of_the_bundle(web: Path) -> None:
    for path in (web / "slim").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""(?:from|import|URL)\s*\(?\s*["'][^"']*tfjs/""", text), path.name
    places = (web / "slim" / "places.js").read_text(encoding="utf-8")
    for target in re.findall(r'new URL\("([^"]+)", import\.meta\.url\)', places):
        assert (web / "slim" / target).is_file(), target


@pytest.mark.parametrize("name", ["model", "a", "@org/x", "@a-b/c.d_e", "-x", "1", "m" * 214])
def test_names_that_npm_takes(name: str) -> None:
    assert WebPackage(name).name == name


@pytest.mark.parametrize(
    "name",
    ["", "Model", ".x", "_x", "a b", "a/b", "@a", "@/a", "@A/b", "@a/b/c", "é", "a~b", "http", "node_modules",
     "m" * 215, "../x", "a\n", "@a/_b", "%41"],
)  # fmt: skip
def test_names_that_it_does_not(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="npm takes no package called"):
        isoship.export(LogisticRegression(), out=tmp_path / "bundle", targets="web", npm_name=name)
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_called_as_a_module_of_nodes_is_another_package(web: Path) -> None:
    manifest = isoship.bundle.bundle.Bundle.open(web.parent).manifest
    assert WebPackage().called(manifest) == "churn"
    assert WebPackage().called(manifest._replace(name="events")) == "events-model"


def test_a_model_above_web_max_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    forest = RandomForestClassifier(60, random_state=0).fit(X, DRAW.normal(size=120) > 0)
    with pytest.raises(
        InputError, match=r"the model has 0\.\d MB in web/ \(.*rows\.bin 0\.\d.*above the 0\.01 MB of --web"
    ):
        isoship.export(forest, sample=X, out=tmp_path / "bundle", name="large", targets="web", web_max=0.01)
    assert list(tmp_path.iterdir()) == []


def test_a_network_is_held_to_it_too(tmp_path: Path) -> None:
    import onnx

    weights = onnx.numpy_helper.from_array(DRAW.normal(size=(64, 64)).astype("float32"), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "wide",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 64])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 64])],
        [weights],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, tmp_path / "wide.onnx")
    with pytest.raises(InputError, match=r"the model has 0\.0 MB in web/ .*above the 0\.001 MB"):
        isoship.export(tmp_path / "wide.onnx", out=tmp_path / "bundle", targets="web", web_max=0.001)
    made = isoship.export(tmp_path / "wide.onnx", out=tmp_path / "bundle", targets="web", npm_name="@acme/wide")
    assert json.loads((made.path / "web" / "package.json").read_bytes())["name"] == "@acme/wide"
    assert "export type Model = TensorModel;" in (made.path / "web" / "index.d.ts").read_text(encoding="utf-8")


@pytest.mark.parametrize("most", [0.0, -1.0, float("nan")])
def test_a_limit_that_is_no_size_is_refused(most: float) -> None:
    with pytest.raises(InputError, match="a number of megabytes above 0"):
        WebPackage(most_mb=most)


def test_above_20_mb_it_says_what_is_large_and_what_to_do(tmp_path: Path) -> None:
    for name, size in (("group1-shard1of2.bin", 15e6), ("group1-shard2of2.bin", 4e6), ("rows.bin", 2e6)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(int(size))
    names = [path.name for path in tmp_path.iterdir()]
    said = weighed(tmp_path, names, None)
    assert said is not None
    assert said.startswith(
        "the model has 21.0 MB in web/ (the TF.js graph (model.json and its shards) 19.0, rows.bin 2.0)"
    )
    assert "--quantize float16" in said
    assert weighed(tmp_path, ["group1-shard1of2.bin"], None) is None
    assert NOTICED_MB == 20


def test_shards_are_those_of_tfjs() -> None:
    """The converter's own default, which browsers' caches take."""
    assert SHARD_BYTES == 4 * 1024 * 1024


def test_the_command_line_hands_both_on(tmp_path: Path) -> None:
    import joblib

    joblib.dump(LogisticRegression().fit(X, Y), tmp_path / "churn.joblib")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    common = ["export", str(tmp_path / "churn.joblib"), "--targets", "web", "-o", str(tmp_path / "bundle")]
    done = CliRunner().invoke(cli.main, [*common, "--npm-name", "@acme/churn", "--web-max", "1"])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "bundle" / "web" / "package.json").read_bytes())["name"] == "@acme/churn"
    done = CliRunner().invoke(cli.main, [*common, "--web-max", "0.0001"])
    assert done.exit_code == 2
    assert "above the 0.0001 MB of --web-max" in done.output
