"""What is in an ONNX graph: its inputs, and every node and tensor of it, those of subgraphs and functions included."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

#: ONNX's element types -> the signature's dtypes. What is missing here is refused by name.
DTYPES: dict[int, str] = {
    onnx.TensorProto.DOUBLE: "double", onnx.TensorProto.FLOAT: "float", onnx.TensorProto.FLOAT16: "float16",
    onnx.TensorProto.INT64: "int64", onnx.TensorProto.INT32: "int32", onnx.TensorProto.INT16: "int16",
    onnx.TensorProto.INT8: "int8", onnx.TensorProto.UINT64: "uint64", onnx.TensorProto.UINT32: "uint32",
    onnx.TensorProto.UINT16: "uint16", onnx.TensorProto.UINT8: "uint8", onnx.TensorProto.BOOL: "bool",
    onnx.TensorProto.STRING: "string",
}  # fmt: skip
#: The signature's dtypes -> numpy's.
NUMPY = {
    "double": "float64", "float": "float32", "string": "object",
    **{name: name for name in DTYPES.values() if name not in ("double", "float", "string")},
}  # fmt: skip


def inputs_of(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a caller gives: old files list their weights among them, too."""
    held = {tensor.name for tensor in model.graph.initializer}
    held |= {tensor.values.name for tensor in model.graph.sparse_initializer}
    return [value for value in model.graph.input if value.name not in held]


def graphs_of(model: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """The graph, and every graph inside a node of it or of a function."""
    yield from _below(model.graph)
    for function in model.functions:
        for node in function.node:
            yield from _inside(node)


def nodes_of(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Every node, those of subgraphs and functions included."""
    for graph in graphs_of(model):
        yield from graph.node
    for function in model.functions:
        yield from function.node


def tensors_of(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every tensor that the file holds: initializers, and what stands in attributes."""
    for graph in graphs_of(model):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in nodes_of(model):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for sparse in (*([attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else ()),
                           *attribute.sparse_tensors):  # fmt: skip
                yield from (sparse.values, sparse.indices)


def subgraphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """The graphs that a node's attributes hold."""
    return [
        *(attribute.g for attribute in node.attribute if attribute.HasField("g")),
        *(graph for attribute in node.attribute for graph in attribute.graphs),
    ]


def captured(graph: onnx.GraphProto) -> set[str]:
    """The names that a graph takes from the one around it."""
    own = {v.name for v in graph.input} | {t.name for t in graph.initializer}
    own |= {name for node in graph.node for name in node.output}
    used = {name for node in graph.node for name in node.input if name} | {v.name for v in graph.output}
    for node in graph.node:
        for inner in subgraphs(node):
            used |= captured(inner)
    return used - own


def attribute(node: onnx.NodeProto, name: str) -> onnx.AttributeProto | None:
    return next((one for one in node.attribute if one.name == name), None)


def node_title(node: onnx.NodeProto) -> str:
    """How messages name a node."""
    named = f"node {node.name!r}" if node.name else f"the node that makes {node.output[0]!r}"
    return f"{named} ({f'{node.domain}.' if node.domain else ''}{node.op_type})"


def _below(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        yield from _inside(node)


def _inside(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for graph in subgraphs(node):
        yield from _below(graph)
