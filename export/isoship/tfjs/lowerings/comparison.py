"""Comparisons and logic: bool results. Never on strings: wasm compares their bytes' addresses."""

from __future__ import annotations

from isoship.tfjs.canonical import Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering

_COMPARE = {
    "Equal": "Equal",
    "Greater": "Greater",
    "GreaterOrEqual": "GreaterEqual",
    "Less": "Less",
    "LessOrEqual": "LessEqual",
}
_LOGIC = {"And": "LogicalAnd", "Or": "LogicalOr"}


@lowering(*_COMPARE)
def compare(e: Emission, node: Node) -> Tensor:
    a, b = (e.data(name) for name in node.inputs)
    if a.dtype == "bool":
        a, b = e.cast(a, "int32"), e.cast(b, "int32")
    return e.op(_COMPARE[node.op], a, b, dtype="bool")


@lowering(*_LOGIC)
def logic(e: Emission, node: Node) -> Tensor:
    a, b = (e.data(name) for name in node.inputs)
    return e.op(_LOGIC[node.op], a, b)


@lowering("Xor")
def exclusive_or(e: Emission, node: Node) -> Tensor:
    a, b = (e.cast(e.data(name), "int32") for name in node.inputs)
    return e.op("NotEqual", a, b, dtype="bool")


@lowering("Not")
def negation(e: Emission, node: Node) -> Tensor:
    return e.op("LogicalNot", e.data(node.inputs[0]))


@lowering("IsNaN")
def is_nan(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    if x.dtype != "float32":
        raise CannotLower("its input is no real number")
    return e.op("IsNan", x, dtype="bool")


@lowering("Where")
def where(e: Emission, node: Node) -> Tensor:
    condition, a, b = (e.data(name) for name in node.inputs)
    return e.op("SelectV2", condition, a, b, dtype=a.dtype)
