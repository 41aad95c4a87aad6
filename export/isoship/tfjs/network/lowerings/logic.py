"""Comparisons and logic."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.lowerings.elementwise import binary, unary
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import CannotLower, lowering
from isoship.tfjs.network.unrolling import CHOICE

_COMPARE = {
    "Equal": "Equal",
    "Greater": "Greater",
    "GreaterOrEqual": "GreaterEqual",
    "Less": "Less",
    "LessOrEqual": "LessEqual",
}
_LOGIC = {"And": "LogicalAnd", "Or": "LogicalOr"}


@lowering(*_COMPARE, since=7, emits=sorted(_COMPARE.values()))
def compare(e: Emission, node: Node) -> Tensor | Last:
    if e.dtype(node.inputs[0]) == "bool":
        bits = [e.cast(e.data(name), "int32") for name in node.inputs]
        return e.op(_COMPARE[node.op], *bits, dtype="bool")
    a, b = node.inputs
    return binary(e, _COMPARE[node.op], a, b, dtype="bool")


@lowering(*_LOGIC, since=7, emits=sorted(_LOGIC.values()))
def logic(e: Emission, node: Node) -> Tensor:
    return e.op(_LOGIC[node.op], *(e.data(name) for name in node.inputs), dtype="bool")


@lowering("Xor", since=7, emits=[])
def xor(e: Emission, node: Node) -> Tensor:
    a, b = (e.cast(e.data(name), "int32") for name in node.inputs)
    return e.op("NotEqual", a, b, dtype="bool")


@lowering("Not", emits=["LogicalNot"])
def negate(e: Emission, node: Node) -> Tensor:
    return e.op("LogicalNot", e.data(node.inputs[0]), dtype="bool")


@lowering("IsNaN", emits=["IsNan"], backends=("cpu", "wasm"))
def is_nan(e: Emission, node: Node) -> Tensor | Last:
    """What asks for NaN hangs on where it comes from: webgl divides 0 by 0 to 1, webgpu has a Softmax without it."""
    return unary(e, node, lambda x: e.op("IsNan", x, dtype="bool"))


@lowering("IsInf", emits=["Equal", "IsInf"])
def is_inf(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    positive, negative = node.attrs["detect_positive"], node.attrs["detect_negative"]
    if positive and negative:
        return e.op("IsInf", x, dtype="bool")
    return e.op("Equal", x, e.const(np.float32(np.inf if positive else -np.inf)), dtype="bool")


@lowering("Where", emits=["SelectV2"])
def where(e: Emission, node: Node) -> Tensor:
    if node.name.endswith(CHOICE):
        shapes = [e.shape(name) for name in node.inputs[1:]]
        if shapes[0] != shapes[1] or None in shapes[0]:
            raise CannotLower(f"its branches give other shapes, {list(shapes[0])} and {list(shapes[1])}, as an If may")
        condition = e.reshape(e.data(node.inputs[0]), [])  # of one element, which may have an axis
        return e.select(condition, *(e.data(name) for name in node.inputs[1:]))
    return e.select(*(e.data(name) for name in node.inputs))
