"""Small networks as sources of tensors: graphs with seeded weights, whose truth is onnxruntime without optimization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from isoship.tensors.contract import Arrays
from isoship_edge.manifest import Output, Signature
from isoship_edge.tensors.signature import Input

FLOAT = TensorProto.FLOAT


def session(model: onnx.ModelProto, *, optimized: bool = False) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


@dataclass
class Network:
    """A `TensorSource` on a graph that was written here."""

    model: onnx.ModelProto
    signature: Signature
    outputs: tuple[Output, ...]
    samples: Sequence[Arrays] = ()
    library: str = "onnx"
    library_version: str = onnx.__version__
    estimator: str = "ONNX file"
    notes: tuple[str, ...] = ()
    places: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _session(self) -> Any:
        return session(self.model)

    def answers(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        names = [one.name for one in self.outputs]
        return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))

    def to_onnx(self) -> onnx.ModelProto:
        return self.model

    def close(self) -> None:
        """Nothing runs elsewhere."""


def network(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[Input],
    outputs: Sequence[Output],
    weights: dict[str, np.ndarray[Any, Any]],
    *,
    samples: Sequence[Arrays] = (),
    opset: int = 17,
) -> Network:
    for index, node in enumerate(nodes):
        node.name = node.name or f"{node.op_type.lower()}_{index}"
    types = {"float": FLOAT, "double": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}
    graph = helper.make_graph(
        list(nodes),
        "network",
        [helper.make_tensor_value_info(one.name, types[one.dtype], list(one.shape)) for one in inputs],
        [helper.make_tensor_value_info(one.name, types[one.dtype], list(one.shape)) for one in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    domains = {"": opset} | {node.domain: 3 for node in nodes if node.domain}
    opsets = [helper.make_opsetid(domain, version) for domain, version in domains.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    return Network(model, Signature("tensors", (), tuple(inputs)), tuple(outputs), samples)


def passing(dtype: str, shape: tuple[str | int, ...]) -> Network:
    """y = x: what reaches the model stands in its answer."""
    return network(
        [helper.make_node("Identity", ["x"], ["y"])],
        [Input("x", dtype, shape)],
        [Output("y", "tensor", dtype, shape)],
        {},
    )


def small_cnn(samples: Sequence[Arrays] = (), *, channels: int = 16, opset: int = 17) -> Network:
    """Two convolutions, a pool and a linear head over [N, 3, 16, 16]; weights of seed 0."""
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray[Any, Any]:
        return (rng.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5).astype(np.float32)

    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1] * 4),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[1] * 4),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["logits"], transB=1),
    ]
    weights = {
        "w1": drawn(channels, 3, 3, 3),
        "b1": drawn(channels, 100).mean(axis=1),
        "w2": drawn(channels, channels, 3, 3),
        "b2": drawn(channels, 100).mean(axis=1),
        "w3": drawn(10, channels * 64),
        "b3": drawn(10, 100).mean(axis=1),
    }
    return network(
        nodes,
        [Input("x", "float", ("N", 3, 16, 16))],
        [Output("logits", "tensor", "float", ("N", 10))],
        weights,
        samples=samples,
        opset=opset,
    )
