"""Networks exported for the browser: every runtime of web/ agrees, and a fault in it is found before and after."""

import hashlib
import json
import shutil

import numpy as np
import onnx
import pytest
from networks import network, small_cnn
from onnx import TensorProto, helper

import isoship
from isoship.bundle import web_tensors
from isoship.errors import ParityError, UnsupportedModelError
from isoship.parity.check import check
from isoship_edge.manifest import Output, sealed
from isoship_edge.tensors.signature import Input

NODE = ("tfjs-stock-node-cpu", "tfjs-stock-node-wasm", "web-node-cpu", "web-node-wasm")
CHROMIUM = tuple(
    f"{form}-chromium-{backend}" for form in ("tfjs-stock", "web") for backend in ("cpu", "wasm", "webgl", "webgpu")
)


@pytest.fixture(scope="module")
def network_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "small.onnx"
    onnx.save(small_cnn().model, path)
    return path


@pytest.fixture(scope="module")
def exported(network_file):
    made = isoship.export(network_file, out=network_file.parent / "bundle", targets="web")
    assert [v.status for v in made.report.verdicts if v.name == "web-node-wasm"] == ["agree"]
    return made.path


@pytest.fixture
def bundle(exported, tmp_path):
    return shutil.copytree(exported, tmp_path / "bundle")


@pytest.mark.parametrize("runtimes", [NODE, CHROMIUM], ids=["node", "chromium"])
def test_every_runtime_of_web_agrees_and_refuses(exported, network_file, runtimes):
    report = check(exported, network_file, runtimes=runtimes)
    assert {v.name: v.status for v in report.verdicts} == dict.fromkeys(("files", *runtimes), "agree"), report.table()
    for verdict in report.verdicts[1:]:
        assert verdict.rows > 50
        assert verdict.target == ("tfjs-stock" if verdict.name.startswith("tfjs") else "web")
        # the runtime's own input contract; stock TF.js has none
        assert (verdict.refused > 5) == (verdict.target == "web")


def test_a_check_of_everything_demands_both_forms_of_web(exported):
    asked = isoship.parity.demand.demand_of(
        isoship.parity.runners.contract.Shipped(
            exported, isoship.bundle.bundle.Bundle.open(exported).manifest, ("web",)
        ),
        None,
    )
    assert {"web", "tfjs-stock"} <= set(asked.required)
    assert {*NODE, *CHROMIUM} <= set(asked.runtimes)
    assert not any(name.startswith("rows") for name in asked.runtimes)


def resealed(bundle, name, data):
    """The file in web/, and manifests and sums that speak of it: only its answers tell."""
    (bundle / "web" / name).write_bytes(data)
    document = json.loads((bundle / "manifest.json").read_bytes())
    document["files"][f"web/{name}"] = hashlib.sha256(data).hexdigest()
    for path in (bundle / "manifest.json", bundle / "web" / "manifest.json"):
        path.write_bytes(sealed(document))
    sums = bundle / "SHA256SUMS"
    if sums.is_file():
        sums.unlink()
        isoship.bundle.sums.write_sums(bundle)


def test_a_weight_that_was_changed_in_a_shard_is_found(bundle, network_file):
    shard = bundle / "web" / "group1-shard1of1.bin"
    weights = np.frombuffer(shard.read_bytes(), "<f4").copy()
    weights[np.nan_to_num(np.abs(weights)).argmax()] *= 1.01  # integers lie among them, of which some read as NaN
    untold = bundle.parent / "untold"
    shutil.copytree(bundle, untold)
    (untold / "web" / shard.name).write_bytes(weights.tobytes())
    report = check(untold, network_file, runtimes=["web-node-cpu"])
    assert [v.status for v in report.verdicts] == ["disagree", "unavailable"]
    assert f"web/{shard.name} was changed after the export" in report.verdicts[0].message

    resealed(bundle, shard.name, weights.tobytes())
    report = check(bundle, network_file, runtimes=["onnxruntime", "tfjs-stock-node-cpu", "web-node-cpu"])
    assert {v.name: v.status for v in report.verdicts} == {
        "files": "agree",
        "onnxruntime": "agree",
        "tfjs-stock-node-cpu": "disagree",
        "web-node-cpu": "disagree",
    }
    for verdict in report.verdicts[2:]:
        assert (
            "The fault lies in web/model.json and its weights, or in a kernel of TensorFlow.js" in verdict.cause.where
        )


def test_an_export_whose_graph_answers_otherwise_writes_nothing(network_file, tmp_path, monkeypatch):
    compile_network = web_tensors.compile_network

    def changed(model):
        network = compile_network(model)
        name, weight = next((n, w) for n, w in network.graph.weights.items() if w.dtype == np.float32 and w.ndim == 4)
        network.graph.weights[name] = (weight * np.float32(1.001)).astype(np.float32)
        return network

    monkeypatch.setattr(web_tensors, "compile_network", changed)
    with pytest.raises(ParityError, match="a shipped form disagrees with the model") as raised:
        isoship.export(network_file, out=tmp_path / "bundle", targets="web")
    assert {v.name: v.status for v in raised.value.report.verdicts}["web-node-wasm"] == "disagree"
    assert not list(tmp_path.iterdir())


def graph_of(node, dtype=TensorProto.FLOAT, made=TensorProto.FLOAT):
    info = helper.make_tensor_value_info
    graph = helper.make_graph([node], "g", [info("x", dtype, ["N", 4])], [info("y", made, ["N", 4])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def test_what_tensorflow_js_cannot_carry_is_named_before_anything_is_written(tmp_path):
    model = graph_of(
        helper.make_node("StringNormalizer", ["x"], ["y"], "normal"), TensorProto.STRING, TensorProto.STRING
    )
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 1
    with pytest.raises(
        UnsupportedModelError, match=r"'x', which holds strings, cannot be carried exactly: TensorFlow.js"
    ):
        isoship.export(model, out=tmp_path / "bundle", targets="web", name="texts")
    assert not list(tmp_path.iterdir())


def test_calls_of_numbers_that_tensorflow_js_has_not_are_left_out_and_counted(tmp_path):
    model = graph_of(helper.make_node("Identity", ["x"], ["y"], "passed"), TensorProto.INT64, TensorProto.INT64)
    wide = {"x": np.array([[2**40, -(2**40), 0, 1]])}
    small = {"x": np.array([[2**24, -(2**24), 0, 1]])}
    made = isoship.export(model, sample=[small, wide], out=tmp_path / "bundle", targets="web", name="passing")
    (verdict,) = [v for v in made.report.verdicts if v.name == "web-node-wasm"]
    assert verdict.status == "agree"
    assert verdict.environment["left out"].endswith(" of numbers that TensorFlow.js does not hold")
    asked = {v.name: v.rows for v in made.report.verdicts}
    assert 0 < asked["web-node-wasm"] < asked["onnxruntime"]


def test_a_network_ships_to_the_browser_when_it_is_asked_for_by_name(network_file, tmp_path):
    made = isoship.export(network_file, out=tmp_path / "bundle", targets=())
    assert made.targets == ()
    assert "web" not in isoship.exporting_tensors.TENSOR_TARGETS


@pytest.fixture(scope="module")
def doubles(tmp_path_factory):
    rng = np.random.default_rng(3)
    weights = {"a": rng.normal(0, 0.5, (4, 6)), "b": rng.normal(0, 0.5, (6, 3))}
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "b"], ["y"]),
    ]
    source = network(
        nodes, [Input("x", "double", ("N", 4))], [Output("y", "tensor", "double", ("N", 3))], weights, opset=21
    )
    path = tmp_path_factory.mktemp("doubles") / "doubles.onnx"
    onnx.save(source.model, path)
    return path


def test_a_network_of_doubles_is_held_to_what_float32_leaves_of_it(doubles, tmp_path):
    made = isoship.export(doubles, out=tmp_path / "bundle", targets="web")
    held = made.manifest.tolerances["y"]
    assert list(held) == ["double", "float32"]
    assert held["double"].atol == 1e-9
    assert 1e-7 < held["float32"].atol < 1e-2
    report = check(made.path, doubles, runtimes=["onnxruntime", "python", "web-node-cpu", "tfjs-stock-node-wasm"])
    assert report.ok, report.table()
    assert {v.name: v.precision for v in report.verdicts[1:]} == {
        "onnxruntime": "double",
        "python": "double",
        "web-node-cpu": "float32",
        "tfjs-stock-node-wasm": "float32",
    }
    assert 1e-9 < report.verdicts[3].max_abs <= report.verdicts[3].allowed
    assert {"normal", "uniform", "ends"} <= set(report.kinds), "calls of every size are asked, not tiny ones alone"


def test_a_tolerance_of_float32_that_was_widened_is_told(doubles, tmp_path):
    made = isoship.export(doubles, out=tmp_path / "bundle", targets="web")
    document = json.loads((made.path / "manifest.json").read_bytes())
    document["tolerances"]["y"]["float32"]["atol"] = 1.0
    for path in (made.path / "manifest.json", made.path / "web" / "manifest.json"):
        path.write_bytes(sealed(document))
    files = check(made.path, doubles, runtimes=["onnxruntime"]).verdicts[0]
    assert "manifest.json allows y an error of 1 + " in files.message
