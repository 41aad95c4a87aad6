"""Lets a Reshape of a Reshape read what the first one read."""

from __future__ import annotations

import onnx
from onnx import numpy_helper


def apply(model: onnx.ModelProto) -> None:
    """A shape with a 0, which stands for a size of the Reshape before, is left alone."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    sources: dict[str, str] = {}
    for node in model.graph.node:
        if node.op_type != "Reshape" or node.domain:
            continue
        shape = constants.get(node.input[1])
        if shape is not None and node.input[0] in sources and numpy_helper.to_array(shape).all():
            node.input[0] = sources[node.input[0]]
        sources[node.output[0]] = node.input[0]
