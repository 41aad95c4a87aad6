"""Small graphs written by hand, and how they are held to onnxruntime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from drawn_graphs import answers
from onnx import TensorProto, helper, numpy_helper

from isoship.errors import UnsupportedModelError
from isoship.tfjs.network import compile_network

FLOAT, INT64, UINT8, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.UINT8, TensorProto.BOOL
Run = Callable[..., Any]


def made(
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, list[Any]]],
    output: int,
    tensors: dict[str, Any] | None = None,
    opset: int = 20,
) -> onnx.ModelProto:
    """A model whose output is y."""
    given = [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()]
    constants = [numpy_helper.from_array(np.asarray(x), name) for name, x in (tensors or {}).items()]
    result = [helper.make_tensor_value_info("y", output, None)]
    graph = helper.make_graph(nodes, "reviewed", given, result, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def node(op: str, inputs: str, output: str, name: str = "", **attrs: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), output.split(), name, **attrs)


def agrees(run: Run, model: onnx.ModelProto, feeds: dict[str, Any]) -> None:
    for backend in ("cpu", "wasm"):
        np.testing.assert_array_equal(run(model, feeds, backend)["y"], answers(model, feeds)[0])
        assert run(model, feeds, backend)["y"].shape == answers(model, feeds)[0].shape


def refused(model: onnx.ModelProto, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        compile_network(model)


def branch(name: str, nodes: list[onnx.NodeProto], output: str, kind: int = FLOAT, **tensors: Any) -> onnx.GraphProto:
    constants = [numpy_helper.from_array(np.asarray(x), key) for key, x in tensors.items()]
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(output, kind, None)], constants)
