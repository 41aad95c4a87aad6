"""Computes once what a graph computes twice: nodes with the same operator, inputs and attributes become one.

An estimator made of others may ask a member twice, for labels and for probabilities: two forests would double the file.
"""

from __future__ import annotations

import onnx

from isoship.onnx.passes.bodies import read_in_bodies
from isoship.onnx.passes.nodes import replace_nodes

#: Two of these with the same inputs are not the same.
_RANDOM = frozenset(
    {"Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)


def apply(model: onnx.ModelProto) -> None:
    """A graph output that equals an earlier tensor becomes an Identity of it."""
    graph = model.graph
    nodes = list(graph.node)
    outputs = {each.name for each in graph.output}
    fixed = read_in_bodies(nodes)
    first: dict[tuple[object, ...], list[onnx.NodeProto]] = {}
    renamed: dict[str, str] = {}
    kept = []
    for node in nodes:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        key = (
            node.domain,
            node.op_type,
            tuple(node.input),
            tuple(bool(name) for name in node.output),
            tuple(sorted((each.name, each.type, each.i, len(each.ints)) for each in node.attribute)),
        )
        alike = first.setdefault(key, [])
        twin = next((each for each in alike if _attributes(each) == _attributes(node)), None) if alike else None
        if twin is None:
            alike.append(node)
        if twin is None or node.op_type in _RANDOM or fixed & set(node.output):
            kept.append(node)
            continue
        for mine, theirs in zip(node.output, twin.output, strict=True):
            renamed[mine] = theirs
            if mine in outputs:
                kept.append(onnx.helper.make_node("Identity", [theirs], [mine]))
    replace_nodes(graph, kept)


def _attributes(node: onnx.NodeProto) -> list[bytes]:
    """All that they say; megabytes for a forest, so that nodes are compared by what is cheap first."""
    return sorted(attribute.SerializeToString(deterministic=True) for attribute in node.attribute)
