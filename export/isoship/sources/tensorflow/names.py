"""A graph in an order and under names that follow from what it computes.

tf2onnx numbers what it adds from a counter of the process and goes through sets, and Keras counts layers that no
configuration names: the same file twice would be two graphs with other digests. Nodes stand here in the order in which
the outputs need them, and are called by their place and operator: `encoder/dense/MatMul`, `encoder/dense/MatMul_1`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from isoship.tensors.graph import captured, subgraphs

if TYPE_CHECKING:
    import onnx


def rename(model: onnx.ModelProto, place: Callable[[str], str]) -> None:
    """In place. place: a node's name -> where it is in the source, such as `encoder/dense`; "" for nowhere.

    Inputs and outputs keep their names. Nodes that no output needs go.
    """
    graph = model.graph
    names = {value.name: value.name for value in (*graph.input, *graph.output)}
    _rename(graph, names, place, _Free({*names}))


class _Free:
    """Names that are not taken: the one asked for, or that with a number."""

    def __init__(self, taken: set[str]) -> None:
        self._taken, self._next = taken, dict[str, int]()

    def __call__(self, name: str) -> str:
        found, number = name, self._next.get(name, 0)
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._next[name] = number
        self._taken.add(found)
        return found


def _rename(graph: onnx.GraphProto, names: dict[str, str], place: Callable[[str], str], free: _Free) -> None:
    """names: of tensors, old -> new; those of this graph are added."""

    outputs = [value.name for value in graph.output]
    nodes = _in_order(graph.node, outputs)
    weights = {tensor.name: tensor for tensor in graph.initializer}
    kept: list[onnx.TensorProto] = []

    def weight(name: str, new: str) -> None:
        if name in weights and name not in names:
            names[name] = free(new)
            tensor = weights[name]
            tensor.name = names[name]
            kept.append(tensor)

    for node in nodes:
        where = place(node.name)
        node.name = free(f"{where}/{node.op_type}" if where else node.op_type)
        for i, name in enumerate(node.input):
            weight(name, f"{node.name}/{i}")
            node.input[i] = names.get(name, name)
        for i, inner in enumerate(subgraphs(node)):
            _with_copies_last(inner)
            for name in _used(inner):
                weight(name, f"{node.name}/held")
            inside = dict(names)
            for value in inner.input:
                inside[value.name] = free(f"{node.name}/in")
                value.name = inside[value.name]
            inner.name = f"graph_{i}"
            _rename(inner, inside, place, free)
            for value in inner.output:
                value.name = inside[value.name]
        for i, name in enumerate(node.output):
            if name and name not in names:
                names[name] = free(f"{node.name}:{i}")
            node.output[i] = names.get(name, name)
    for name in outputs:
        weight(name, "constant")
    for value in (*graph.input, *graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param.startswith("unk__"):  # numbered by tf2onnx, and of any size
                dim.ClearField("dim_param")
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)


def _with_copies_last(graph: onnx.GraphProto) -> None:
    """A body of a loop gives one tensor as a state and as an output: which of the two is the copy, a set decides there.

    Copies inside go, and where one tensor is several outputs, all but the first are copies of it.
    """
    import onnx

    needed, same = captured(graph) | {tensor.name for tensor in graph.initializer}, dict[str, str]()
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] not in needed:
            same[node.output[0]] = same.get(node.input[0], node.input[0])
    _read_instead(graph, same)
    kept = [node for node in graph.node if node.output[0] not in same]
    given: set[str] = set()
    for i, value in enumerate(graph.output):
        name = same.get(value.name, value.name)
        if name in given:
            copy = f"{name}/copy_{i}"
            kept.append(onnx.helper.make_node("Identity", [name], [copy], name=copy))
            name = copy
        given.add(name)
        value.name = name
    del graph.node[:]
    graph.node.extend(kept)


def _read_instead(graph: onnx.GraphProto, same: dict[str, str]) -> None:
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = same.get(name, name)
        for inner in subgraphs(node):
            _read_instead(inner, same)


def _in_order(nodes: Sequence[onnx.NodeProto], outputs: Sequence[str]) -> list[onnx.NodeProto]:
    """The nodes that the outputs need, each behind what it needs, in the order of inputs."""
    makers = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    order: list[int] = []
    begun: set[int] = set()
    stack: list[tuple[int, Iterator[str]]] = []

    def begin(name: str) -> None:
        i = makers.get(name)
        if i is not None and i not in begun:
            begun.add(i)
            inner = (each for graph in subgraphs(nodes[i]) for each in _used(graph))
            stack.append((i, iter([*nodes[i].input, *inner])))

    for output in outputs:
        begin(output)
        while stack:
            i, left = stack[-1]
            needed = next(left, None)
            if needed is None:
                stack.pop()
                order.append(i)
            else:
                begin(needed)
    return [nodes[i] for i in order]


def _used(graph: onnx.GraphProto) -> list[str]:
    """Names from outside that a graph uses, in the order in which its outputs need them."""
    outside = captured(graph)
    nodes = _in_order(graph.node, [value.name for value in graph.output])
    within = [name for node in nodes for name in (*node.input, *(n for g in subgraphs(node) for n in _used(g)))]
    used = [*within, *(value.name for value in graph.output)]
    return [name for name in dict.fromkeys(used) if name in outside]
