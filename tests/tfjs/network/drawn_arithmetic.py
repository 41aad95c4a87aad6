"""Steps of a random network that compute: what they take, its attributes, and how many results they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from drawn_moves import shape_of

if TYPE_CHECKING:
    from drawn_graphs import Drawn

UNARY = ["Abs", "Neg", "Relu", "LeakyRelu", "Floor", "Ceil", "Round", "Sign", "Identity", "HardSigmoid", "Celu"]
SMOOTH = ["Sigmoid", "Tanh", "Exp", "Erf", "Softplus", "Elu", "Softsign"]


def unary(d: Drawn) -> Any:
    op = d.one(UNARY + SMOOTH)
    return op, [d.some("f", exact=op in ("Floor", "Ceil", "Round", "Sign"))], {}, 1


def whole(d: Drawn) -> Any:
    return d.one(["Abs", "Neg", "Sign"]), [d.some("i")], {}, 1


def binary(d: Drawn) -> Any:
    name = d.some("f", "i")
    kind = d.samples[name][0].dtype
    same = [n for n, x in d.samples.items() if x[0].dtype == kind]
    pair = [name, d.beside(name) if d.rng.random() < 0.6 else d.one(same)]
    op = d.one(["Add", "Sub", "Mul", "Max", "Min", "Add", "Mul"])
    return op, pair[:: d.one([1, -1])], {}, 1


def divide(d: Drawn) -> Any:
    name = d.some("i", "f")
    shape = d.samples[name][0].shape[1:]
    by = d.constant((d.rng.integers(1, 5, shape) * d.one([1, -1])).astype(d.samples[name][0].dtype))
    op = "Div" if d.samples[name][0].dtype.kind == "f" else d.one(["Div", "Mod", "Fmod"])
    return ("Mod" if op == "Fmod" else op), [name, by], ({"fmod": 1} if op == "Fmod" else {}), 1


def compare(d: Drawn) -> Any:
    name = d.some("f", "i", exact=True)
    return d.one(["Equal", "Less", "Greater", "GreaterOrEqual", "LessOrEqual"]), [name, d.beside(name)], {}, 1


def logic(d: Drawn) -> Any:
    op = d.one(["Not", "And", "Or", "Xor"])
    return op, [d.some("b")] if op == "Not" else [d.some("b"), d.some("b")], {}, 1


def choose(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    return "Where", [d.some("b"), *[name, d.beside(name)][:: d.one([1, -1])]], {}, 1


def cast(d: Drawn) -> Any:
    to = int(d.one([1, 6, 7, 9]))
    return "Cast", [d.some("f", "i", "b", exact=True)], {"to": to}, 1


def clip(d: Drawn) -> Any:
    name = d.some("f", "i")
    kind = d.samples[name][0].dtype
    low, high = (d.numbers((), kind) if d.rng.random() < 0.8 else "" for _ in range(2))
    return "Clip", [name, low, high], {}, 1


def conv(d: Drawn) -> Any:
    name = d.some("f", rank=4)
    channels, outer = shape_of(d, name)[1], int(d.rng.integers(1, 5))
    k = int(d.rng.integers(1, 4))
    group = channels if d.rng.random() < 0.3 else 1
    outer = outer * group
    inputs = [name, d.numbers([outer, channels // group, k, k])]
    if d.rng.random() < 0.5:
        inputs.append(d.numbers([outer]))
    return (
        "Conv",
        inputs,
        {
            "pads": [int(x) for x in d.rng.integers(0, 2, 4)],
            "strides": [int(x) for x in d.rng.integers(1, 3, 2)],
            "group": group,
        },
        1,
    )


def pool(d: Drawn) -> Any:
    op = d.one(["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"])
    attrs = {} if op[0] == "G" else {"kernel_shape": [2, 2], "strides": [1, 2], "ceil_mode": int(d.rng.integers(2))}
    return op, [d.some("f", rank=4)], attrs, 1


def batch_norm(d: Drawn) -> Any:
    name = d.some("f", rank=4)
    c = shape_of(d, name)[1]
    positive = d.constant(np.abs(d.rng.normal(size=c)).astype(np.float32) + 0.5)
    return "BatchNormalization", [name, *(d.numbers([c]) for _ in range(3)), positive], {}, 1


def layer_norm(d: Drawn) -> Any:
    if d.opset < 17:
        raise LookupError
    name = d.some("f")
    return "LayerNormalization", [name, d.numbers([d.samples[name][0].shape[-1]])], {"axis": -1}, 1


def product(d: Drawn) -> Any:
    name = d.some("f")
    x = d.samples[name][0]
    if x.ndim != 2 or d.rng.random() < 0.4:
        return "MatMul", [name, d.numbers([x.shape[-1], *([3] if d.rng.random() < 0.8 else [])])], {}, 1
    back = int(d.rng.integers(2))
    w = [x.shape[1], 3][:: -1 if back else 1]
    c = d.numbers(d.one([(), (1,), (3,), (1, 3), (1, 1)]))
    return "Gemm", [name, d.numbers(w), c], {"transB": back, "alpha": d.one([1.0, 0.5]), "beta": d.one([1.0, 2.0])}, 1


STEPS = [
    unary,
    whole,
    binary,
    binary,
    binary,
    divide,
    compare,
    logic,
    choose,
    cast,
    clip,
    conv,
    conv,
    pool,
    batch_norm,
    layer_norm,
    product,
]
