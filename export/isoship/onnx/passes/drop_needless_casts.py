"""Turns a Cast to the type that its input already has into an Identity."""

from __future__ import annotations

import onnx

from isoship.onnx.passes.types import tensor_types


def apply(model: onnx.ModelProto) -> None:
    types = tensor_types(model)
    for node in model.graph.node:
        if node.op_type == "Cast" and node.domain == "":
            to = next(attribute.i for attribute in node.attribute if attribute.name == "to")
            if types.get(node.input[0]) == to:
                node.op_type = "Identity"
                del node.attribute[:]
