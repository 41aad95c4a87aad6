"""Shape and place: nothing is computed."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.canonical import Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering


@lowering("Reshape", "Squeeze", "Unsqueeze", "Flatten")
def reshape(e: Emission, node: Node) -> Tensor:
    """To the shape that the value was measured to have."""
    return e.reshape(e.data(node.inputs[0]), e.shape(node.outputs[0]))


@lowering("Concat")
def concat(e: Emission, node: Node) -> Tensor:
    parts = [e.raw(name) for name in node.inputs]
    if any(part.dtype != "int32" for part in parts):  # integers, such as trees' leaves, stay what they are
        parts = [e.data(name) for name in node.inputs]
    if len(parts) == 1:
        return e.op("Identity", parts[0])
    axis = int(node.attrs["axis"]) % len(e.shape(node.outputs[0]))
    kind = parts[0].dtype
    if kind == "bool":
        parts = [e.cast(part, "int32") for part in parts]
    joined = e.op("ConcatV2", *parts, e.control(axis), N={"i": str(len(parts))}, Tidx={"type": "DT_INT32"})
    return e.cast(joined, kind)


@lowering("Transpose")
def transpose(e: Emission, node: Node) -> Tensor:
    rank = len(e.shape(node.inputs[0]))
    perm = node.attrs.get("perm") or list(range(rank))[::-1]
    x = e.data(node.inputs[0])
    before = e.g.node(x)
    if before["op"] == "Transpose" and [int(e.g.weights[before["input"][1]][i]) for i in perm] == list(range(rank)):
        return Tensor(before["input"][0], x.dtype)  # the one undoes the other
    return e.op("Transpose", x, e.control(perm), Tperm={"type": "DT_INT32"})


@lowering("Slice")
def slice_(e: Emission, node: Node) -> Tensor:
    """Each sliced axis as a Gather of the places that stay."""
    x, shape = e.data(node.inputs[0]), e.shape(node.inputs[0])
    given = [e.constant(name, "range") if name else None for name in node.inputs[1:]]
    starts, ends = given[0], given[1]
    if starts is None or ends is None:
        raise CannotLower("its range is missing")
    axes = given[2] if len(given) > 2 and given[2] is not None else np.arange(len(starts))
    steps = given[3] if len(given) > 3 and given[3] is not None else np.ones(len(starts), np.int64)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = shape[int(axis)]
        if not isinstance(size, int):
            if start == 0 and step == 1 and end >= 2**31 - 1:
                continue
            raise CannotLower("it slices along the batch")
        places = np.arange(size)[_slice(int(start), int(end), int(step), size)]
        if len(places) == 0:
            raise CannotLower("it leaves nothing")
        x = e.gather(x, e.control(places), int(axis) % len(shape))
    return e.op("Identity", x)


@lowering("Tile")
def tile(e: Emission, node: Node) -> Tensor:
    repeats = e.constant(node.inputs[1], "repeats")
    return e.op("Tile", e.data(node.inputs[0]), e.control(repeats), Tmultiples={"type": "DT_INT32"})


def _slice(start: int, end: int, step: int, size: int) -> slice:
    """ONNX's clamping: an end below -size with a negative step reaches the first element."""
    if step < 0 and end < -size:
        return slice(start, None, step)
    return slice(start, end, step)
