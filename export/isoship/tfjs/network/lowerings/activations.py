"""Activations whose definition would cost digits or speed."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.lowerings.elementwise import FUNCTION, unary
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import ROUNDED, lowering


@lowering("Relu", emits=["Relu", "SelectV2", "Greater"])
def relu(e: Emission, node: Node) -> Tensor | Last:
    """Relu of TF.js for reals (webgl gives NaN for -inf: networks refuse it); integers by comparing."""
    if e.dtype(node.inputs[0]) in ("float", "double", "float16"):
        return unary(e, node, lambda x: e.op("Relu", x))
    zero = e.like(e.data(node.inputs[0]), 0)
    return unary(e, node, lambda x: e.select(e.op("Greater", x, zero, dtype="bool"), x, zero))


@lowering("LeakyRelu", emits=["LeakyRelu"])
def leaky_relu(e: Emission, node: Node) -> Tensor | Last:
    return unary(e, node, lambda x: e.op("LeakyRelu", x, alpha={"f": float(node.attrs["alpha"])}))


@lowering("PRelu", since=6, emits=["SelectV2", "Less", "Mul"])
def prelu(e: Emission, node: Node) -> Tensor:
    x, slope = e.data(node.inputs[0]), e.data(node.inputs[1])
    return e.select(e.op("Less", x, e.like(x, 0), dtype="bool"), e.op("Mul", slope, x), x)


@lowering("Elu", emits=["Elu", "Mul", "SelectV2", "Greater"], exactness=FUNCTION)
def elu(e: Emission, node: Node) -> Tensor | Last:
    alpha = float(node.attrs["alpha"])
    if alpha == 1.0:
        return unary(e, node, lambda x: e.op("Elu", x))

    def scaled(x: Tensor) -> Tensor:
        made = e.op("Elu", x)
        return e.select(e.op("Greater", x, e.like(x, 0), dtype="bool"), x, e.op("Mul", made, e.like(x, alpha)))

    return unary(e, node, scaled)


@lowering("Selu", emits=["Elu", "Mul", "SelectV2", "Greater"], exactness=FUNCTION)
def selu(e: Emission, node: Node) -> Tensor | Last:
    alpha, gamma = float(node.attrs["alpha"]), float(node.attrs["gamma"])

    def scaled(x: Tensor) -> Tensor:
        low = e.op("Mul", e.op("Elu", x), e.like(x, alpha))
        return e.op("Mul", e.select(e.op("Greater", x, e.like(x, 0), dtype="bool"), x, low), e.like(x, gamma))

    return unary(e, node, scaled)


@lowering("HardSigmoid", emits=["Mul", "AddV2", "Relu", "Minimum"], exactness=ROUNDED)
def hard_sigmoid(e: Emission, node: Node) -> Tensor | Last:
    alpha, beta = float(node.attrs["alpha"]), float(node.attrs["beta"])

    def made(x: Tensor) -> Tensor:
        line = e.op("AddV2", e.op("Mul", x, e.like(x, alpha)), e.like(x, beta))
        return e.op("Minimum", e.op("Relu", line), e.like(x, 1))

    return unary(e, node, made)


@lowering("Shrink", emits=["Less", "Greater", "SelectV2", "AddV2", "Sub"])
def shrink(e: Emission, node: Node) -> Tensor | Last:
    lambd, bias = float(node.attrs["lambd"]), float(node.attrs["bias"])

    def made(x: Tensor) -> Tensor:
        low = e.op("Less", x, e.like(x, -lambd), dtype="bool")
        high = e.op("Greater", x, e.like(x, lambd), dtype="bool")
        rest = e.select(high, e.op("Sub", x, e.like(x, bias)), e.like(x, 0))
        return e.select(low, e.op("AddV2", x, e.like(x, bias)), rest)

    return unary(e, node, made)


def log_of_one_and(e: Emission, t: Tensor) -> Tensor:
    """log(1 + t) for 0 <= t <= 1 by the series of 2 artanh(t / (2 + t)), to float32's last digits on every backend: a
    log of 1 + t loses those of a small t, and TF.js's own Log1p has none on wasm."""
    z = e.op("RealDiv", t, e.op("AddV2", t, e.like(t, 2)))
    square = e.op("Mul", z, z)
    total = e.like(t, 1 / 15)
    for odd in (13, 11, 9, 7, 5, 3, 1):
        total = e.op("AddV2", e.op("Mul", total, square), e.like(t, 1 / odd))
    return e.op("Mul", e.op("Mul", total, z), e.like(t, 2))


@lowering("Softplus", emits=["Relu", "Exp", "Neg", "Abs", "AddV2", "Mul", "RealDiv"], exactness=FUNCTION)
def softplus(e: Emission, node: Node) -> Tensor | Last:
    """max(x, 0) + log(1 + exp(-|x|)): TF.js's own loses digits on GPUs."""

    def made(x: Tensor) -> Tensor:
        tail = e.op("Exp", e.op("Neg", e.op("Abs", x)))
        return e.op("AddV2", e.op("Relu", x), log_of_one_and(e, tail))

    return unary(e, node, made)


@lowering("Mish", emits=["Exp", "Neg", "Abs", "AddV2", "Mul", "RealDiv", "SelectV2", "Greater"], exactness=FUNCTION)
def mish(e: Emission, node: Node) -> Tensor | Last:
    """x tanh(softplus(x)) by t = exp(-|x|) alone: (t t + 2 t) / (t t + 2 t + 2) below 0, (1 + 2 t) / (1 + 2 t + 2 t t)
    above, where neither overflows nor cancels."""

    def made(x: Tensor) -> Tensor:
        t = e.op("Exp", e.op("Neg", e.op("Abs", x)))
        square, two = e.op("Mul", t, t), e.like(x, 2)
        low = e.op("AddV2", square, e.op("Mul", t, two))
        high = e.op("AddV2", e.op("Mul", t, two), e.like(x, 1))
        above = e.op("Greater", x, e.like(x, 0), dtype="bool")
        part = e.select(above, high, low)
        rest = e.select(above, e.op("Mul", square, two), two)
        return e.op("Mul", x, e.op("RealDiv", part, e.op("AddV2", part, rest)))

    return unary(e, node, made)


@lowering("Gelu", since=20, emits=["Erf", "Tanh", "Mul", "AddV2"], exactness="erf is a polynomial, within 1.5e-7")
def gelu(e: Emission, node: Node) -> Tensor | Last:
    def exact(x: Tensor) -> Tensor:
        inner = e.op("Erf", e.op("Mul", x, e.like(x, float(np.sqrt(0.5)))))
        return e.op("Mul", e.op("Mul", x, e.like(x, 0.5)), e.op("AddV2", inner, e.like(x, 1)))

    def tanh(x: Tensor) -> Tensor:
        cube = e.op("Mul", e.op("Mul", x, x), x)
        line = e.op(
            "Mul", e.op("AddV2", x, e.op("Mul", cube, e.like(x, 0.044715))), e.like(x, float(np.sqrt(2 / np.pi)))
        )
        return e.op("Mul", e.op("Mul", x, e.like(x, 0.5)), e.op("AddV2", e.op("Tanh", line), e.like(x, 1)))

    return unary(e, node, tanh if node.attrs["approximate"] == "tanh" else exact)


@lowering("Softmax", "LogSoftmax", emits=["Softmax", "LogSoftmax"], exactness=FUNCTION)
def softmax(e: Emission, node: Node) -> Tensor:
    """Along one axis from version 13 on; before it, along all from that axis on."""
    x, rank = e.data(node.inputs[0]), e.rank(node.inputs[0])
    axis = int(node.attrs.get("axis", -1 if node.version >= 13 else 1)) % max(1, rank)
    if node.version < 13:
        shape = e.sizes(node.inputs[0])
        flat = e.reshape(x, [int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))])
        return e.reshape(e.op(node.op, flat), shape)
    if axis == rank - 1:
        return e.op(node.op, x)
    order = [i for i in range(rank) if i != axis] + [axis]
    return e.transpose(e.op(node.op, e.transpose(x, order)), [order.index(i) for i in range(rank)])


@lowering("Hardmax", emits=["ArgMax", "Equal"])
def hardmax(e: Emission, node: Node) -> Tensor:
    """1 at the first of the largest."""
    x, shape = e.data(node.inputs[0]), e.shape(node.inputs[0])
    axis = int(node.attrs.get("axis", -1 if node.version >= 13 else 1)) % len(shape)
    if node.version < 13:
        shape = e.sizes(node.inputs[0])
        flat = [int(np.prod([int(s) for s in shape[:axis]])), int(np.prod([int(s) for s in shape[axis:]]))]
        return e.reshape(_largest(e, e.reshape(x, flat), flat, 1), shape)
    e.size(node.inputs[0], axis)
    return _largest(e, x, shape, axis)


def _largest(e: Emission, x: Tensor, shape: object, axis: int) -> Tensor:
    sizes = list(shape)  # type: ignore[call-overload]
    best = e.op(
        "ArgMax", x, e.control(axis), dtype="int32", Tidx={"type": "DT_INT32"}, output_type={"type": "DT_INT32"}
    )
    kept = e.reshape(best, [1 if i == axis else size for i, size in enumerate(sizes)])
    places = np.arange(sizes[axis], dtype=np.int32).reshape([-1 if i == axis else 1 for i in range(len(sizes))])
    return e.cast(e.op("Equal", kept, e.const(places), dtype="bool"), "float32")
