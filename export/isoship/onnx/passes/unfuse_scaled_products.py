"""Keeps onnxruntime's MatMulScaleFusion away from products in double.

At its levels EXTENDED and ALL, onnxruntime moves a scalar constant that multiplies or divides an input or the result
of a MatMul into an attribute of FusedMatMul, which is float32: ones(4) @ ones(4) / 4 * 0.1 becomes 0.10000000149.
A negation between the two, and the constant negated, says the same to the last bit and stops the fusion:

    MatMul -> Mul(c)    becomes    MatMul -> Neg -> Mul(-c)
    Mul(c) -> MatMul    becomes    Mul(-c) -> Neg -> MatMul     (also through a Transpose)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from isoship.onnx.passes.nodes import replace_nodes
from isoship.onnx.passes.types import tensor_types


def apply(model: onnx.ModelProto) -> None:
    graph = model.graph
    nodes = list(graph.node)
    products = [node for node in nodes if node.op_type == "MatMul" and node.domain == ""]
    if not products:
        return
    types = tensor_types(model)
    scalars = _scalar_constants(graph)
    producers = {name: node for node in nodes for name in node.output}
    results = {node.output[0] for node in products}
    factors = {each.output[0] for node in products for name in node.input if (each := _behind(producers, name))}
    rewritten = []
    for node in nodes:
        rewritten.append(node)
        place = _place_of_scalar(node, scalars)
        if place is None or types.get(node.output[0], onnx.TensorProto.DOUBLE) != onnx.TensorProto.DOUBLE:
            continue
        output = node.output[0]
        if node.input[1 - place] in results:
            _negate_constant(graph, node, place, scalars)
            rewritten.insert(-1, helper.make_node("Neg", [node.input[1 - place]], [f"{output}_negated"]))
            node.input[1 - place] = f"{output}_negated"
        elif output in factors:
            _negate_constant(graph, node, place, scalars)
            node.output[0] = f"{output}_negated"
            rewritten.append(helper.make_node("Neg", [f"{output}_negated"], [output]))
    replace_nodes(graph, rewritten)


def _behind(producers: dict[str, onnx.NodeProto], name: str) -> onnx.NodeProto | None:
    """The node that computes a tensor, looking through transpositions: onnxruntime fuses those first."""
    node = producers.get(name)
    while node is not None and node.op_type == "Transpose":
        node = producers.get(node.input[0])
    return node


def _scalar_constants(graph: onnx.GraphProto) -> dict[str, np.ndarray[Any, Any]]:
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensors[node.output[0]] = node.attribute[0].t
    return {name: numpy_helper.to_array(each) for name, each in tensors.items() if np.prod(each.dims) == 1}


def _place_of_scalar(node: onnx.NodeProto, scalars: dict[str, np.ndarray[Any, Any]]) -> int | None:
    """Which input of a Mul or Div is a scalar constant factor or divisor."""
    if node.domain or node.op_type not in ("Mul", "Div"):
        return None
    return next((i for i in ((0, 1) if node.op_type == "Mul" else (1,)) if node.input[i] in scalars), None)


def _negate_constant(
    graph: onnx.GraphProto, node: onnx.NodeProto, place: int, scalars: dict[str, np.ndarray[Any, Any]]
) -> None:
    name = f"{node.output[0]}_factor"
    graph.initializer.append(numpy_helper.from_array(np.negative(scalars[node.input[place]]), name))
    node.input[place] = name
