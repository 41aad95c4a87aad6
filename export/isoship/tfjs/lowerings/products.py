"""Matrix products in float32. Whether one runs here or in doubles is the partition's choice (`magnitude.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.tfjs.canonical import Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering

_PLAIN: dict[str, Any] = {"transpose_a": {"b": False}, "transpose_b": {"b": False}}


@lowering("MatMul")
def matmul(e: Emission, node: Node) -> Tensor:
    ranks = [len(e.shape(name)) for name in node.inputs]
    a, b = (e.data(name) for name in node.inputs)
    if a.dtype != "float32":
        raise CannotLower("it multiplies integers")
    if ranks == [2, 2]:
        return e.op("MatMul", a, b, **_PLAIN)
    if min(ranks) < 2:
        raise CannotLower("one of its operands is a vector")
    return e.op("BatchMatMulV2", a, b, adj_x={"b": False}, adj_y={"b": False})


@lowering("Gemm")
def gemm(e: Emission, node: Node) -> Tensor:
    """alpha * a @ b + beta * c; constant factors move into constant operands, in double."""
    a = e.data(node.inputs[0])
    weights = e.graph.constant(node.inputs[1])
    alpha, beta = float(node.attrs["alpha"]), float(node.attrs["beta"])
    if weights is not None:
        b = e.const((alpha * weights.astype(np.float64)).astype(np.float32))
    else:
        b = e.data(node.inputs[1])
        if alpha != 1:
            b = e.op("Mul", b, e.const(np.float32(alpha)))
    flags: dict[str, Any] = {
        "transpose_a": {"b": bool(node.attrs["transA"])},
        "transpose_b": {"b": bool(node.attrs["transB"])},
    }
    product = e.op("MatMul", a, b, **flags)
    if len(node.inputs) < 3 or not node.inputs[2] or beta == 0:
        return product
    bias = e.graph.constant(node.inputs[2])
    if bias is not None:
        return e.op("AddV2", product, e.const((beta * bias.astype(np.float64)).astype(np.float32)))
    c = e.data(node.inputs[2])
    return e.op("AddV2", product, c if beta == 1 else e.op("Mul", c, e.const(np.float32(beta))))
