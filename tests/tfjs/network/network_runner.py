"""Networks asked of TF.js in Node, on cpu and on wasm, and of onnxruntime: what tests of lowerings hold them to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from benchmarks.onnx_suite.running import StockTFJS
from onnx import TensorProto, helper, numpy_helper

from isoship.tfjs.network import compile_network, write_network

Array = np.ndarray[Any, Any]


def one_node(
    op: str,
    inputs: Mapping[str, Any],
    outputs: int = 1,
    opset: int = 20,
    **attrs: Any,
) -> onnx.ModelProto:
    """A model of one node. inputs: a shape (names stand for any size) is a float input, an array a constant, None one
    that is absent."""
    given = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(x))
        for name, x in inputs.items()
        if isinstance(x, tuple)
    ]
    constants = [numpy_helper.from_array(x, name) for name, x in inputs.items() if isinstance(x, np.ndarray)]
    names = [name if x is not None else "" for name, x in inputs.items()]
    made = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, made, **attrs)
    infos = [onnx.ValueInfoProto(name=name) for name in made]
    graph = helper.make_graph([node], "one", given, infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    inferred = onnx.shape_inference.infer_shapes(model)
    del model.graph.output[:]
    for name in made:
        found = next((v for v in (*inferred.graph.output, *inferred.graph.value_info) if v.name == name), None)
        if found is None or not found.type.WhichOneof("value"):
            found = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        model.graph.output.append(found)
    return model


def asked(
    model: onnx.ModelProto, feeds: Mapping[str, Array], runtimes: Mapping[str, StockTFJS], folder: Path
) -> dict[str, Any]:
    """{backend: [arrays] or the error's text} for one call, "onnxruntime" among them."""
    network = compile_network(model)
    folder.mkdir(exist_ok=True, parents=True)
    write_network(folder, network)
    numpy = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
    given = {port.node: np.asarray(feeds[port.name], numpy[port.dtype]) for port in network.inputs}
    found: dict[str, Any] = {}
    for backend, runtime in runtimes.items():
        made = runtime.ask(folder, given, [port.node for port in network.outputs], asynchronous=network.asynchronous)
        found[backend] = made if isinstance(made, str) else [made[port.node] for port in network.outputs]
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found["onnxruntime"] = session.run(None, dict(feeds))
    return found


def agree(
    model: onnx.ModelProto,
    feeds: Mapping[str, Array],
    runtimes: Mapping[str, StockTFJS],
    folder: Path,
    *,
    rtol: float = 1e-4,
    atol: float = 1e-5,
) -> None:
    """Both backends answer as onnxruntime does: NaN at the same places; float32 sums run in another order."""
    found = asked(model, feeds, runtimes, folder)
    expected = found.pop("onnxruntime")
    for backend, made in found.items():
        assert not isinstance(made, str), f"{backend}: {made}"
        for x, y in zip(made, expected, strict=True):
            assert x.shape == y.shape, f"{backend}: {x.shape} for {y.shape}"
            np.testing.assert_allclose(x, y, rtol=rtol, atol=atol, err_msg=backend)
