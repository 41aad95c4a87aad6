"""Turns a lookup of class numbers in 0, 1, ... C - 1 into an Identity: the number is the label."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper


def apply(model: onnx.ModelProto) -> None:
    """Only for the result of an ArgMax or ArgMin, which is never below 0."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    places = {node.output[0] for node in model.graph.node if node.op_type in ("ArgMax", "ArgMin")}
    for node in model.graph.node:
        if node.op_type == "Gather" and not node.domain and node.input[1] in places and _plain(node, constants):
            number = node.input[1]
            node.op_type = "Identity"
            del node.attribute[:]
            del node.input[:]
            node.input.append(number)


def _plain(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> bool:
    table = constants.get(node.input[0])
    if table is None or table.data_type != onnx.TensorProto.INT64 or len(table.dims) != 1:
        return False
    return np.array_equal(numpy_helper.to_array(table), np.arange(table.dims[0]))
