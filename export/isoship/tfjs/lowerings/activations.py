"""Activations on float32."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.canonical import Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering

_SAME = {
    "Elu": "Elu",
    "Erf": "Erf",
    "Relu": "Relu",
    "Selu": "Selu",
    "Sigmoid": "Sigmoid",
    "Tanh": "Tanh",
}
#: The constants with which TF.js computes; other values have no operator.
_FIXED = {"Elu": {"alpha": 1.0}, "Selu": {"alpha": 1.6732631921768188, "gamma": 1.0507010221481323}}


@lowering(*_SAME)
def same(e: Emission, node: Node) -> Tensor:
    for name, value in _FIXED.get(node.op, {}).items():
        if abs(node.attrs[name] - value) > 1e-6:
            raise CannotLower(f"its {name} is {node.attrs[name]} and TF.js knows {value} alone")
    return e.op(_SAME[node.op], e.data(node.inputs[0]))


@lowering("LeakyRelu")
def leaky_relu(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    scaled = e.op("Mul", x, e.const(np.float32(node.attrs["alpha"])))
    return e.op("SelectV2", e.op("Less", x, e.const(np.float32(0)), dtype="bool"), scaled, x, dtype="float32")


@lowering("HardSigmoid")
def hard_sigmoid(e: Emission, node: Node) -> Tensor:
    x = e.op("Mul", e.data(node.inputs[0]), e.const(np.float32(node.attrs["alpha"])))
    x = e.op("AddV2", x, e.const(np.float32(node.attrs["beta"])))
    for worse, bound in (("Less", 0.0), ("Greater", 1.0)):
        limit = e.const(np.float32(bound))
        x = e.op("SelectV2", e.op(worse, x, limit, dtype="bool"), limit, x, dtype="float32")
    return x


@lowering("Softplus")
def softplus(e: Emission, node: Node) -> Tensor:
    """max(x, 0) + log(1 + exp(-|x|)): TF.js's own is 6e-2 off near -14 on webgl."""
    x = e.data(node.inputs[0])
    small = e.op("Log", e.op("AddV2", e.const(np.float32(1)), e.op("Exp", e.op("Neg", e.op("Abs", x)))))
    return e.op("AddV2", e.op("Relu", x), small)


@lowering("Softmax")
def softmax(e: Emission, node: Node) -> Tensor:
    _last_axis(e, node)
    return e.op("Softmax", e.data(node.inputs[0]))


@lowering("LogSoftmax")
def log_softmax(e: Emission, node: Node) -> Tensor:
    """Written out: wasm has no kernel of that name."""
    axis = _last_axis(e, node)
    x = e.data(node.inputs[0])
    centred = e.op("Sub", x, e.reduce("Max", x, [axis], keep=True))
    return e.op("Sub", centred, e.op("Log", e.reduce("Sum", e.op("Exp", centred), [axis], keep=True)))


def _last_axis(e: Emission, node: Node) -> int:
    last = len(e.shape(node.inputs[0])) - 1
    if int(node.attrs["axis"]) not in (-1, last):
        raise CannotLower(f"its axis is {node.attrs['axis']} and TF.js takes the last")
    return last
