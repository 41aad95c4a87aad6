"""Steps joined into TF.js's fused kernels: which are, and that answers stay what they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from tfjs_graphs import BACKENDS

from isoship.tfjs.network import compile_network

DRAW = np.random.default_rng(0)


def weights(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(DRAW.normal(size=shape).astype(np.float32), name)


def network(nodes: list[onnx.NodeProto], tensors: list[onnx.TensorProto], shape: list[Any], outputs: list[str]) -> Any:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    results = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(nodes, "fused", inputs, results, tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return onnx.shape_inference.infer_shapes(made)


def convolutions() -> Any:
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], group=4),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("Flatten", ["r2"], ["f"]),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["y"]),
    ]
    tensors = [weights("w1", 4, 3, 3, 3), weights("b1", 4), weights("w2", 4, 1, 3, 3), weights("b2", 4)]
    tensors += [weights("w3", 4 * 6 * 6, 5), weights("b3", 5)]
    return network(nodes, tensors, ["N", 3, 8, 8], ["y"])


def seen_between() -> Any:
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["g"]), helper.make_node("Relu", ["g"], ["y"])]
    return network(nodes, [weights("w", 3, 2), weights("b", 2)], ["N", 3], ["y", "g"])


def two_users() -> Any:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["a"]),
        helper.make_node("Mul", ["m", "a"], ["y"]),
    ]
    return network(nodes, [weights("w", 3, 2), weights("b", 2)], ["N", 3], ["y"])


def one_for_all() -> Any:
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"])]
    return network(nodes, [weights("w", 3, 2), weights("b", 1)], ["N", 3], ["y"])


CASES: dict[str, tuple[Callable[[], Any], dict[str, int]]] = {
    "convolutions": (convolutions, {"_FusedConv2D": 1, "FusedDepthwiseConv2dNative": 1, "_FusedMatMul": 1}),
    "a result that is fetched between": (seen_between, {"_FusedMatMul": 1, "Relu": 1}),
    "a product that two use": (two_users, {"MatMul": 1}),
    "one number for all channels": (one_for_all, {"MatMul": 1}),
}


@pytest.mark.parametrize("name", list(CASES))
def test_what_is_fused_answers_as_before(name: str, run: Callable[..., Any]) -> None:
    make, expected = CASES[name]
    model = make()
    made = compile_network(model)
    ops = Counter(node["op"] for node in made.graph.nodes)
    kinds = ("_FusedConv2D", "FusedDepthwiseConv2dNative", "_FusedMatMul", "MatMul", "Relu")
    assert {op: ops[op] for op in kinds if ops[op]} == expected
    (port,) = made.inputs
    sizes = [size if isinstance(size, int) else 3 for size in port.shape]
    x = DRAW.normal(size=sizes).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    answers = session.run([out.name for out in made.outputs], {"x": x})
    for backend in BACKENDS:
        found = run(made, {"x": x}, backend)
        for out, answer in zip(made.outputs, answers, strict=True):
            np.testing.assert_allclose(found[out.name], answer, rtol=2e-5, atol=2e-5, err_msg=backend)
