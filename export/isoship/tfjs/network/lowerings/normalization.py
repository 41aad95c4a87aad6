"""Normalizations: over a batch that was seen in training, over a picture, over neighbours, over last axes.

A mean over several axes is one over each in turn: in one float32, as wasm sums, it loses less so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.lowerings.elementwise import FUNCTION
from isoship.tfjs.network.lowerings.windows import picked
from isoship.tfjs.network.reading import Array, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering

_CENTRED = ["Mean", "Sub", "Mul", "AddV2", "Sqrt", "RealDiv"]


def _mean(e: Emission, x: Tensor, axes: Iterable[int]) -> Tensor:
    for axis in sorted(axes, reverse=True):
        x = e.reduce("Mean", x, [axis], keep=True)
    return x


def _centred(e: Emission, x: Tensor, axes: Sequence[int], epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """x less its mean, the mean, and the deviation."""
    mean = _mean(e, x, axes)
    less = e.op("Sub", x, mean)
    variance = _mean(e, e.op("Mul", less, less), axes)
    return less, mean, e.op("Sqrt", e.op("AddV2", variance, e.like(variance, epsilon)))


def _lies(e: Emission, name: str) -> tuple[Tensor, bool]:
    """A value as it lies, and whether its channels are last."""
    return (e.last[name], True) if name in e.last else (e.data(name), False)


def _by_channel(e: Emission, x: Tensor | Array, rank: int, last: bool) -> Tensor:
    """[C] as it meets a value."""
    if isinstance(x, np.ndarray):
        narrow = e.narrow(x)
        return e.const(narrow if last else narrow.reshape([-1, *[1] * (rank - 2)]))
    return x if last else e.reshape(x, [None, *[1] * (rank - 2)])


@lowering("BatchNormalization", emits=["Mul", "AddV2", "Sub", "Sqrt", "RealDiv"], exactness=ROUNDED)
def batch_normalization(e: Emission, node: Node) -> Tensor | Last:
    """One product and one sum: both factors are computed ahead, in double, where they are known."""
    trains = node.attrs.get("training_mode", 0) if node.version >= 14 else any(node.outputs[1:])
    if node.version < 7:
        trains = not node.attrs.get("is_test", 0)
    if trains:
        raise CannotLower("it is in training mode, where an answer hangs on the other rows of its batch")
    rank = e.rank(node.inputs[0])
    if rank < 2 or not node.attrs.get("spatial", 1):
        raise CannotLower("it has no axis of channels")
    x, last = _lies(e, node.inputs[0])
    names, epsilon = node.inputs[1:5], float(node.attrs["epsilon"])
    known = [e.graph.constants.get(name) for name in names]
    if all(array is not None for array in known):
        scale, bias, mean, variance = (array.astype(np.float64) for array in known if array is not None)
        factor = scale / np.sqrt(variance + epsilon)
        by, plus = (_by_channel(e, array, rank, last) for array in (factor, bias - mean * factor))
    else:
        given = [e.data(name) for name in names]
        deviation = e.op("Sqrt", e.op("AddV2", given[3], e.like(given[3], epsilon)))
        made = e.op("RealDiv", given[0], deviation)
        shift = e.op("Sub", given[1], e.op("Mul", given[2], made))
        by, plus = (_by_channel(e, tensor, rank, last) for tensor in (made, shift))
    made = e.op("AddV2", e.op("Mul", x, by), plus)
    return Last(made) if last else made


@lowering("InstanceNormalization", emits=_CENTRED, since=6, exactness=ROUNDED)
def instance_normalization(e: Emission, node: Node) -> Tensor | Last:
    (x, last), rank = _lies(e, node.inputs[0]), e.rank(node.inputs[0])
    axes = range(1, rank - 1) if last else range(2, rank)
    less, _, deviation = _centred(e, x, axes, float(node.attrs["epsilon"]))
    scale, bias = (_by_channel(e, e.data(name), rank, last) for name in node.inputs[1:])
    made = e.op("AddV2", e.op("Mul", e.op("RealDiv", less, deviation), scale), bias)
    return Last(made) if last else made


@lowering("LayerNormalization", emits=[*_CENTRED, "Reciprocal"], exactness=ROUNDED)
def layer_normalization(e: Emission, node: Node) -> tuple[Tensor, ...]:
    x, axes = e.data(node.inputs[0]), _last_axes(e, node)
    less, mean, deviation = _centred(e, x, axes, float(node.attrs["epsilon"]))
    made = e.op("Mul", e.op("RealDiv", less, deviation), e.data(node.inputs[1]))
    if e.has(node, 2):
        made = e.op("AddV2", made, e.data(node.inputs[2]))
    return made, mean, e.op("Reciprocal", deviation)


@lowering("RMSNormalization", emits=_CENTRED, exactness=ROUNDED)
def rms_normalization(e: Emission, node: Node) -> Tensor:
    x, axes = e.data(node.inputs[0]), _last_axes(e, node)
    square = _mean(e, e.op("Mul", x, x), axes)
    root = e.op("Sqrt", e.op("AddV2", square, e.like(square, float(node.attrs["epsilon"]))))
    return e.op("Mul", e.op("RealDiv", x, root), e.data(node.inputs[1]))


def _last_axes(e: Emission, node: Node) -> list[int]:
    if int(node.attrs["stash_type"]) != 1:
        raise CannotLower("it computes in another precision than float32")
    rank = e.rank(node.inputs[0])
    return list(range(int(node.attrs["axis"]) % rank, rank))


@lowering("LRN", emits=["PadV2", "Slice", "Mul", "AddV2", "Pow", "RealDiv"], exactness=FUNCTION)
def local_response(e: Emission, node: Node) -> Last:
    """By the squares of the channels beside."""
    name, size = node.inputs[0], int(node.attrs["size"])
    x, rank, channels = e.channels_last(name), e.rank(name), e.size(name, 1)
    before, after = (size - 1) // 2, size // 2
    square = e.pad(e.op("Mul", x, x), [*[(0, 0)] * (rank - 1), (before, after)])
    total = picked(e, square, rank, rank - 1, range(channels))
    for i in range(1, size):
        total = e.op("AddV2", total, picked(e, square, rank, rank - 1, range(i, i + channels)))
    scaled = e.op("Mul", total, e.like(total, float(node.attrs["alpha"]) / size))
    base = e.op("AddV2", scaled, e.like(scaled, float(node.attrs["bias"])))
    return Last(e.op("RealDiv", x, e.op("Pow", base, e.like(base, float(node.attrs["beta"])))))


@lowering("LpNormalization", emits=["Abs", "Mul", "Sum", "Sqrt", "Equal", "SelectV2", "RealDiv"], exactness=ROUNDED)
def lp_normalization(e: Emission, node: Node) -> Tensor:
    """What is 0 throughout stays so."""
    x, axis, p = e.data(node.inputs[0]), int(node.attrs["axis"]) % e.rank(node.inputs[0]), int(node.attrs["p"])
    if p not in (1, 2):
        raise CannotLower(f"its p is {p}, not 1 or 2")
    norm = e.reduce("Sum", e.op("Abs", x) if p == 1 else e.op("Mul", x, x), [axis], keep=True)
    norm = e.op("Sqrt", norm) if p == 2 else norm
    return e.op("RealDiv", x, e.select(e.op("Equal", norm, e.like(norm, 0), dtype="bool"), e.like(norm, 1), norm))
