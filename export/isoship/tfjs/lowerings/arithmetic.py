"""Element-wise arithmetic. Operands broadcast in TF.js as in ONNX."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.canonical import Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering

_BINARY = {"Add": "AddV2", "Sub": "Sub", "Mul": "Mul"}
_UNARY = {
    "Abs": "Abs",
    "Ceil": "Ceil",
    "Cos": "Cos",
    "Exp": "Exp",
    "Floor": "Floor",
    "Log": "Log",
    "Neg": "Neg",
    "Reciprocal": "Reciprocal",
    "Round": "Round",
    "Sin": "Sin",
    "Sqrt": "Sqrt",
}
_EXTREME = {"Max": "Maximum", "Min": "Minimum"}


@lowering(*_BINARY)
def binary(e: Emission, node: Node) -> Tensor:
    a, b = (e.data(name) for name in node.inputs)
    return e.op(_BINARY[node.op], a, b)


@lowering("Div")
def divide(e: Emission, node: Node) -> Tensor:
    """Reals only: TF.js divides integers downward, ONNX toward zero."""
    a, b = (e.data(name) for name in node.inputs)
    if a.dtype != "float32":
        raise CannotLower("it divides integers")
    return e.op("RealDiv", a, b)


@lowering("Pow")
def power(e: Emission, node: Node) -> Tensor:
    a, b = (e.data(name) for name in node.inputs)
    if a.dtype != "float32":
        raise CannotLower("its base is an integer")
    return e.op("Pow", a, e.cast(b, "float32"))


@lowering(*_UNARY)
def unary(e: Emission, node: Node) -> Tensor:
    return e.op(_UNARY[node.op], e.data(node.inputs[0]))


@lowering("Sign")
def sign(e: Emission, node: Node) -> Tensor:
    """By comparing: TF.js's Sign is 0 of NaN, and on wasm of what is near to 0, too."""
    x = e.data(node.inputs[0])
    zero, one, less = (e.const(np.asarray(value), x.dtype) for value in (0, 1, -1))
    below = e.op("SelectV2", e.op("Less", x, zero, dtype="bool"), less, x, dtype=x.dtype)
    return e.op("SelectV2", e.op("Greater", x, zero, dtype="bool"), one, below, dtype=x.dtype)


@lowering("Identity")
def identity(e: Emission, node: Node) -> Tensor:
    tensor = e.raw(node.inputs[0])
    bound = e.interval(node.inputs[0])
    if tensor.dtype == "int32" and bound is not None:
        e.bounds[node.outputs[0]] = bound
    return e.op("Identity", tensor)


@lowering(*_EXTREME)
def extreme(e: Emission, node: Node) -> Tensor:
    """NaN wins, as in ONNX; wasm's own maximum drops one of two."""
    result = e.data(node.inputs[0])
    for name in node.inputs[1:]:
        other = e.data(name)
        picked = e.op(_EXTREME[node.op], result, other)
        if result.dtype == "float32":
            missing = e.op("LogicalOr", _is_nan(e, result), _is_nan(e, other))
            picked = e.op("SelectV2", missing, e.op("AddV2", result, other), picked, dtype="float32")
        result = picked
    return result


@lowering("Clip")
def clip(e: Emission, node: Node) -> Tensor:
    """Two selections: NaN compares false and stays, which ClipByValue on wasm does not do."""
    x = e.data(node.inputs[0])
    for name, worse in zip(node.inputs[1:], ("Less", "Greater"), strict=False):
        if name:
            bound = e.data(name)
            outside = e.op(worse, x, bound, dtype="bool")
            x = e.op("SelectV2", outside, bound, x, dtype=x.dtype)
    return x


@lowering("Softsign")
def softsign(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    return e.op("RealDiv", x, e.op("AddV2", e.const(np.float32(1)), e.op("Abs", x)))


def _is_nan(e: Emission, x: Tensor) -> Tensor:
    return e.op("IsNan", x, dtype="bool")
