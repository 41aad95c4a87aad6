"""Puts a rewritten list of nodes into a graph; nodes that stay are not copied."""

from __future__ import annotations

from collections.abc import Iterable

import onnx


def replace_nodes(graph: onnx.GraphProto, nodes: Iterable[onnx.NodeProto]) -> None:
    """nodes: of the graph's own those that stay, in their order, and new ones between them.

    Nothing is copied but what is new. protobuf frees a graph as a whole: a list that is emptied and filled again holds
    every node twice from then on, and those of a forest of a million nodes take 60 MB.
    """
    wanted, present = list(nodes), list(graph.node)
    staying, known = {id(node) for node in wanted}, {id(node) for node in present}
    if [id(node) for node in wanted if id(node) in known] != [id(node) for node in present if id(node) in staying]:
        raise ValueError("a pass has changed the order of nodes that stay")
    for i in reversed(range(len(present))):
        if id(present[i]) not in staying:
            del graph.node[i]
    for i, node in enumerate(wanted):
        if id(node) not in known:
            graph.node.insert(i, node)
