"""Constant nodes as initializers, which is where weights are looked for."""

from __future__ import annotations

import onnx


def as_initializers(model: onnx.ModelProto) -> None:
    """In place, of the graph's own nodes: bodies of loops and branches stay as they are."""
    graph = model.graph
    kept = []
    outputs = {one.name for one in graph.output}
    for node in graph.node:
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        if node.op_type != "Constant" or value is None or node.output[0] in outputs:
            kept.append(node)
            continue
        tensor = graph.initializer.add()
        tensor.CopyFrom(value)
        tensor.name = node.output[0]
    del graph.node[:]
    graph.node.extend(kept)
