"""Convolutions of one, two and three axes. Channels lie last before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.lowerings.windows import Window, are_same, fitted, picked, windows
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering
from isoship.tfjs.network.writing import ints, text

EMITS = ["Conv2D", "Conv3D", "DepthwiseConv2dNative", "PadV2", "Slice", "ConcatV2", "GatherV2", "AddV2"]


@lowering("Conv", emits=EMITS, exactness=ROUNDED)
def conv(e: Emission, node: Node) -> Last:
    kernel = kernel_of(e, node)
    group, places = int(node.attrs["group"]), windows(e, node, kernel)
    order = [*range(2, 2 + len(kernel)), 1, 0]
    constant = e.graph.constants.get(node.inputs[1])
    x = e.channels_last(node.inputs[0])
    # A weight of inf makes NaN of zeros that are there, and nothing of those that a kernel skips.
    same = len(kernel) < 3 and constant is not None and bool(np.isfinite(constant).all()) and are_same(places)
    if not same:
        x = fitted(e, x, [w.size for w in places], [(w.before, w.after) for w in places])
    if constant is not None:
        weights = e.g.const(e.narrow(constant.transpose(order)))
    else:
        weights = e.transpose(e.data(node.inputs[1]), order)
    outer, inner = e.sizes(node.inputs[1])[:2]
    return Last(biased(e, node, grouped(e, x, weights, (inner, outer), group, places, same=same)))


def kernel_of(e: Emission, node: Node) -> tuple[int, ...]:
    """The sizes of the weights' window."""
    if e.rank(node.inputs[0]) not in (3, 4, 5):
        raise CannotLower(f"it runs over {e.rank(node.inputs[0]) - 2} axes, TF.js over 1 to 3")
    kernel = e.sizes(node.inputs[1])[2:]
    told = node.attrs.get("kernel_shape")
    if told and tuple(told) != kernel:
        raise CannotLower(f"its kernel_shape {list(told)} is not its weights' {list(kernel)}")
    return kernel


def biased(e: Emission, node: Node, made: Tensor) -> Tensor:
    return e.op("AddV2", made, e.data(node.inputs[2])) if e.has(node, 2) else made


def grouped(
    e: Emission,
    x: Tensor,
    weights: Tensor,
    channels: tuple[int, int],
    group: int,
    places: Sequence[Window],
    *,
    same: bool = False,
) -> Tensor:
    """x: [N, ..., group * inner], padded unless `same`. weights: [..., inner, outer]. Channels of a group lie beside
    each other."""
    inner, outer = channels
    rank = len(places)
    if group == 1:
        return _one(e, "Conv", x, weights, places, same)
    if inner == 1 and rank < 3:
        kernel = [w.kernel for w in places]
        deep = e.reshape(weights, [*kernel, group, outer // group])
        return _one(e, "Depthwise", x, deep, places, same)
    parts, each = [], outer // group
    for i in range(group):
        part = picked(e, x, rank + 2, rank + 1, range(i * inner, (i + 1) * inner))
        own = picked(e, weights, rank + 2, rank + 1, range(i * each, (i + 1) * each))
        parts.append(_one(e, "Conv", part, own, places, same))
    return e.concat(parts, rank + 1)


def _one(e: Emission, sort: str, x: Tensor, weights: Tensor, places: Sequence[Window], same: bool) -> Tensor:
    """One axis goes as two. same: TF.js pads. It takes strides or dilations: of both, what the strides
    skip is dropped afterwards."""
    strides, dilations = [w.stride for w in places], [w.dilation for w in places]
    skipped = max(strides) > 1 and max(dilations) > 1
    if skipped:
        strides = [1] * len(places)
    if len(places) == 1:
        x = e.op("ExpandDims", x, e.control(1), Tdim={"type": "DT_INT32"})
        weights = e.op("ExpandDims", weights, e.control(0), Tdim={"type": "DT_INT32"})
        strides, dilations = [1, *strides], [1, *dilations]
    op = {"Depthwise": "DepthwiseConv2dNative", "Conv": "Conv3D" if len(places) == 3 else "Conv2D"}[sort]
    form = text("NDHWC" if len(places) == 3 else "NHWC")
    steps: dict[str, Any] = {"strides": ints([1, *strides, 1]), "dilations": ints([1, *dilations, 1])}
    made = e.op(op, x, weights, padding=text("SAME" if same else "VALID"), data_format=form, **steps)
    if len(places) == 1:
        made = e.op("Squeeze", made, squeeze_dims=ints([1]))
    for axis, w in enumerate(places, 1):
        if skipped and w.stride > 1:
            starts = w.starts()
            made = picked(e, made, len(places) + 2, axis, range(0, starts[-1] + 1, w.stride))
    return made
