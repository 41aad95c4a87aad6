"""The largest size of a dimension, where a model looks something up by place: a text encoder's table of positions.

    ids [N, T] -> Gather(words, ids) + Gather(positions [512, 384], Range(T))      T to 512: there is no row 512

What the graph suggests is proven by asking: this size is answered, and the next one and others beyond are refused.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx

from isoship.tensors.calls import known_of, plain
from isoship.tensors.contract import Arrays
from isoship.tensors.graph import graphs_of, inputs_of
from isoship.tensors.ranges import axes_of, looked_up, uses_of
from isoship.tensors.run import Array
from isoship.tensors.sizes import MOST_ELEMENTS, Sizes, elements, names_in
from isoship.tensors.work import Work
from isoship_edge.manifest import Signature
from isoship_edge.tensors.signature import FLOATS, Input

#: No larger size is asked, and none whose call computes more: about 20 seconds.
_TOP, _MOST_WORK = 8192, 2e10
#: Tables that are tried, the smallest first.
_TABLES = 4
#: Operators that hand on a constant table in another form.
_SAME = {"Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"}


def with_largest(
    graph: onnx.ModelProto, signature: Signature, base: Sizes, answer: Callable[[Arrays], dict[str, Array]]
) -> Signature:
    """The signature with `Input.largest` of the dimensions that have an end.

    base: sizes that are answered. answer: the model's own, which refuses a call by InputError.
    """
    inputs = signature.inputs
    ids = [one for one in inputs if one.dtype not in (*FLOATS, "bool", "string")]
    own = set().union(*(uses_of(graph, one.name).lookups for one in ids)) if ids else set()
    tables = sorted(size for size in tables_of(graph) - own if size <= _TOP)[:_TABLES]
    known = {one.name: known_of(graph, one) for one in inputs}
    feeds = plain(answer, inputs, base, known) if tables else None
    if feeds is None:
        return signature
    work = Work(graph, inputs, feeds)

    def answered(sizes: Sizes) -> bool:
        return plain(answer, inputs, sizes, known) is not None

    def end(name: str, size: int) -> bool:
        farthest = base | {name: 2 * size}
        if size < base[name] or elements(inputs, farthest) > MOST_ELEMENTS or work.of(farthest) > _MOST_WORK:
            return False
        beyond = (size + 1, size + 2, size + 16, 2 * size)  # a size may be refused for not being even
        return not any(answered(base | {name: n}) for n in beyond) and answered(base | {name: size})

    largest = {name: next((size for size in tables if end(name, size)), 0) for name in names_in(inputs)}
    return signature._replace(inputs=tuple(_with(one, largest) for one in inputs))


def _with(one: Input, largest: dict[str, int]) -> Input:
    own = {name: largest[name] for name in one.shape if isinstance(name, str) and largest[name]}
    return one._replace(largest=own) if own else one


def tables_of(model: onnx.ModelProto) -> set[int]:
    """How many places the constants have that something is looked up in by a place that is computed."""
    shapes, found = axes_of(model), set[int]()
    takers = {value.name for value in inputs_of(model)}
    for graph in graphs_of(model):
        constant = {tensor.name for tensor in (*model.graph.initializer, *graph.initializer)} - takers
        for node in graph.node:
            inputs = [name for name in node.input if name]
            if node.op_type == "Constant":
                constant |= set(node.output)
                shapes |= {name: list(a.t.dims) for a in node.attribute if a.HasField("t") for name in node.output}
            elif inputs and constant.issuperset(inputs):
                constant |= set(node.output) if node.op_type in (*_SAME, "Slice") else set()
            elif inputs and node.op_type == "EmbedLayerNormalization":
                found |= {shapes[name][0] for name in node.input[3:4] if shapes.get(name)}
            elif inputs and inputs[0] in constant:
                found |= looked_up(node, shapes)
                found |= {n for n in shapes.get(inputs[0], []) if node.op_type == "Slice"}
    return {size for size in found if size > 1}


def said_of(signature: Signature) -> list[str]:
    """A note for each dimension that has an end."""
    ends = {name: size for one in signature.inputs for name, size in (one.largest or {}).items()}
    return [f"{name}: the model takes sizes up to {size}, and answers none beyond" for name, size in ends.items()]
