"""Convolutions the other way, of one, two and three axes. Channels lie last before and after.

Of each place of the result between two strides a convolution of its own is written, and their results are laid
alternately: nothing is multiplied by zeros between the input's places, and any size of a batch goes, which the
operator of TF.js has to be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.lowerings.convolution import EMITS, biased, grouped, kernel_of
from isoship.tfjs.network.lowerings.windows import Window, fitted
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering


@dataclass(frozen=True)
class Step:
    """One axis: `size` places of the input, `result` of the output, whose first is place `before` of what is made."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    result: int

    @property
    def first(self) -> int:
        return self.before // self.stride

    @property
    def count(self) -> int:
        """How many places each phase makes."""
        return -(-(self.before + self.result) // self.stride) - self.first

    def phases(self) -> Iterator[tuple[list[int], Window, tuple[int, int]]]:
        """For each place between two strides: which weights meet it, last first; how they lie; what is put around."""
        for phase in range(self.stride):
            taps = [k for k in range(self.kernel) if k * self.dilation % self.stride == phase]
            back = [(k * self.dilation - phase) // self.stride for k in taps]
            apart = back[1] - back[0] if len(back) > 1 else 1
            pad = (0, 0)
            if taps:
                pad = back[-1] - self.first, self.first + self.count - back[0] - self.size
            yield taps[::-1], Window(len(taps), 1, apart, 0, 0, None, self.count), pad


@lowering("ConvTranspose", emits=[*EMITS, "ZerosLike"], exactness=ROUNDED)
def conv_transpose(e: Emission, node: Node) -> Last:
    kernel, group = kernel_of(e, node), int(node.attrs["group"])
    steps, rank = _steps(e, node, kernel), len(kernel)
    if rank == 3:
        e.right_on("cpu", "wasm")  # its phases lie along more axes than GPUs have
    x = e.channels_last(node.inputs[0])
    channels, each = e.sizes(node.inputs[1])[:2]
    wide = each * group

    def laid(axis: int, taps: list[list[int]], places: list[Window], pads: list[tuple[int, int]]) -> Tensor:
        if axis == rank:
            if not all(taps):
                corner = e.op("ZerosLike", e.slice(x, [0] * (rank + 2), [-1, *[1] * (rank + 1)]))
                return e.op("AddV2", corner, e.const(np.zeros([1, *(s.count for s in steps), wide], np.float32)))
            fit = fitted(e, x, [step.size for step in steps], pads)
            return grouped(e, fit, _weights(e, node.inputs[1], group, taps), (channels // group, wide), group, places)
        step = steps[axis]
        parts = [laid(axis + 1, [*taps, own], [*places, w], [*pads, pad]) for own, w, pad in step.phases()]
        if len(parts) == 1:
            return parts[0]
        outside = [e.shape(node.inputs[0])[0], *(s.count for s in steps[:axis])]
        inside = [s.count * s.stride for s in steps[axis:]]
        return e.reshape(e.concat(parts, axis + 2), [*outside, *inside, wide])

    made = laid(0, [], [], [])
    begin = [step.before % step.stride for step in steps]
    if any(begin) or any(step.count * step.stride != step.result for step in steps):
        made = e.slice(made, [0, *begin, 0], [-1, *(step.result for step in steps), -1])
    return Last(biased(e, node, made))


def _steps(e: Emission, node: Node, kernel: tuple[int, ...]) -> list[Step]:
    rank = len(kernel)
    strides, dilations, more = (
        [int(x) for x in node.attrs.get(name) or [default] * rank]
        for name, default in (("strides", 1), ("dilations", 1), ("output_padding", 0))
    )
    pads = [int(x) for x in node.attrs.get("pads") or [0] * 2 * rank]
    auto, told = str(node.attrs["auto_pad"]), node.attrs.get("output_shape")
    made = []
    for i in range(rank):
        size = e.size(node.inputs[0], 2 + i)
        whole = (size - 1) * strides[i] + more[i] + (kernel[i] - 1) * dilations[i] + 1
        before, after = (pads[i], pads[rank + i]) if auto == "NOTSET" else (0, 0)
        if told or auto.startswith("SAME"):
            wanted = int(told[len(told) - rank + i]) if told else size * strides[i]
            if not told and whole < wanted:
                raise CannotLower("of its auto_pad ONNX and onnxruntime make results of two sizes")
            total = max(0, whole - wanted)
            before = total // 2 if auto == "SAME_UPPER" else total - total // 2
            after = whole - wanted - before  # below 0: zeros behind what is made
        if min(pads) < 0 or whole - before - after < 1:
            raise CannotLower("its pads leave nothing, or are below 0")
        made.append(Step(size, kernel[i], strides[i], dilations[i], before, whole - before - after))
    return made


def _weights(e: Emission, name: str, group: int, taps: list[list[int]]) -> Tensor:
    """[group * inner, each, ...] as [..., inner, group * each], and of its places `taps` along each axis."""
    outer, each, *kernel = e.sizes(name)
    rank, lengths = len(kernel), [len(own) for own in taps]
    split = [group, outer // group, each, *kernel]
    order = [*range(3, 3 + rank), 1, 0, 2]
    wanted = [*lengths, outer // group, group * each]
    constant = e.graph.constants.get(name)
    if constant is not None:
        array = constant.reshape(split).transpose(order)
        for axis, own in enumerate(taps):
            array = array.take(own, axis)
        return e.g.const(e.narrow(array.reshape(wanted)))
    made = e.transpose(e.reshape(e.data(name), split), order)
    for axis, own in enumerate(taps):
        if own != list(range(kernel[axis])):
            made = e.gather(made, e.control(own), axis)
    return e.reshape(made, wanted)
