"""The tensors that bodies of Loop, If and Scan read: a body may take any tensor of the graph around it by name."""

from __future__ import annotations

from collections.abc import Iterable

import onnx


def read_in_bodies(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Every name that a body of these nodes reads, at any depth. Such a tensor must keep its name."""
    names: set[str] = set()
    for node in nodes:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                names.update(each.name for each in attribute.g.output)
                names.update(name for inner in attribute.g.node for name in inner.input)
                names |= read_in_bodies(attribute.g.node)
    return names
