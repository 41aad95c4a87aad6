"""Takes out Identity nodes, which converters leave where one hands a tensor to the next."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from isoship.onnx.passes.bodies import read_in_bodies
from isoship.onnx.passes.nodes import replace_nodes


def apply(model: onnx.ModelProto) -> None:
    """An Identity stays where it is all that stands between a graph input or a constant and a graph output."""
    graph = model.graph
    nodes = list(graph.node)
    producers = {name: node for node in nodes for name in node.output}
    outputs = {each.name for each in graph.output}
    fixed = read_in_bodies(nodes)
    kept = []
    for node in nodes:
        source, target = (node.input[0], node.output[0]) if node.op_type == "Identity" else ("", "")
        if not source or {source, target} & fixed:
            kept.append(node)
        elif target not in outputs:
            _rename_uses(nodes, target, source)
        elif source in producers and source not in outputs:
            _rename_uses(nodes, source, target)
            producer = producers[target] = producers[source]
            producer.output[list(producer.output).index(source)] = target
        else:
            kept.append(node)
    replace_nodes(graph, kept)


def _rename_uses(nodes: Sequence[onnx.NodeProto], old: str, new: str) -> None:
    for node in nodes:
        for i, name in enumerate(node.input):
            if name == old:
                node.input[i] = new
