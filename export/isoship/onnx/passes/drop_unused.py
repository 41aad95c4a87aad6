"""Takes out nodes and initializers that no output needs."""

from __future__ import annotations

import onnx

from isoship.onnx.passes.bodies import read_in_bodies
from isoship.onnx.passes.nodes import replace_nodes


def apply(model: onnx.ModelProto) -> None:
    graph = model.graph
    needed = {each.name for each in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input) | read_in_bodies([node])
    replace_nodes(graph, reversed(kept))
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(constants)
    del graph.value_info[:]
