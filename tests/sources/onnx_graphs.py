"""Small ONNX graphs, made node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ELEMENTS = {
    "float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16,
    "int64": TensorProto.INT64, "int32": TensorProto.INT32,
    "uint8": TensorProto.UINT8, "bool": TensorProto.BOOL, "string": TensorProto.STRING,
    "bfloat16": TensorProto.BFLOAT16,
}  # fmt: skip


def value(name: str, dtype: str = "float", shape: Sequence[Any] | None = ("N", 3)) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, ELEMENTS[dtype], shape)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: dict[str, Any] | None = None,
    *,
    opset: int = 17,
    ir: int = 8,
    others: dict[str, int] | None = None,
    functions: Sequence[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    """others: opsets of further domains."""
    held = [numpy_helper.from_array(np.asarray(array), name) for name, array in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), held)
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(*each) for each in (others or {}).items())]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir, functions=list(functions))


def linear(features: int = 3, answers: int = 2, *, seed: int = 0, **options: Any) -> onnx.ModelProto:
    """x [N, features] -> Gemm -> y [N, answers]."""
    rng = np.random.default_rng(seed)
    weights = {
        "w": rng.standard_normal((features, answers)).astype("f4"),
        "b": rng.standard_normal(answers).astype("f4"),
    }
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="gemm")]
    return model(nodes, [value("x", shape=("N", features))], [value("y", shape=("N", answers))], weights, **options)


def embedding(words: int = 11, *, dtype: str = "int64") -> onnx.ModelProto:
    """ids [N, T] -> Gather of `words` rows -> mean over T -> y [N, 4]."""
    table = np.random.default_rng(0).standard_normal((words, 4)).astype("f4")
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"], axis=0),
        helper.make_node("ReduceMean", ["rows"], ["y"], axes=[1], keepdims=0),
    ]
    return model(nodes, [value("ids", dtype, ("N", "T"))], [value("y", shape=("N", 4))], {"table": table})


def encoder(how: str = "Gather", rows: int = 6) -> onnx.ModelProto:
    """ids [N, T] -> Gather(words [11, 4]) + positions [rows, 4] up to T -> mean over T -> y [N, 4]."""
    rng = np.random.default_rng(0)
    weights = {
        "words": rng.standard_normal((11, 4)).astype("f4"),
        "positions": rng.standard_normal((rows, 4)).astype("f4"),
        "zero": np.array(0), "one": np.array(1), "first": np.array([0]),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Shape", ["ids"], ["shape"]),
        node("Gather", ["shape", "one"], ["T"], axis=0),
        node("Gather", ["words", "ids"], ["embedded"], axis=0),
    ]
    if how == "Gather":
        nodes += [
            node("Range", ["zero", "T", "one"], ["places"]), node("Gather", ["positions", "places"], ["p"], axis=0)
        ]  # fmt: skip
    else:
        nodes += [
            node("Unsqueeze", ["T", "first"], ["end"]),
            node("Slice", ["positions", "first", "end", "first"], ["p"]),
        ]
    nodes += [node("Add", ["embedded", "p"], ["sum"]), node("ReduceMean", ["sum"], ["y"], axes=[1], keepdims=0)]
    inputs, outputs = [value("ids", "int64", ("N", "T"))], [value("y", shape=("N", 4))]
    return model(nodes, inputs, outputs, weights)


def network(*, seed: int = 0) -> onnx.ModelProto:
    """image [batch, 1, 8, 8] -> Conv -> Relu -> MatMul -> logits [batch, 10], and their Softmax."""
    rng = np.random.default_rng(seed)
    weights = {
        "kernel": rng.standard_normal((4, 1, 3, 3)).astype("f4") / 3,
        "bias": rng.standard_normal(4).astype("f4"),
        "w": rng.standard_normal((4 * 36, 10)).astype("f4") / 12,
    }
    nodes = [
        helper.make_node("Conv", ["image", "kernel", "bias"], ["c"], name="conv"),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["logits"], name="head"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], name="softmax"),
    ]
    outputs = [value("logits", shape=("batch", 10)), value("probabilities", shape=("batch", 10))]
    return model(nodes, [value("image", shape=("batch", 1, 8, 8))], outputs, weights)
