"""Where the windows of convolutions and pools lie along each axis, and what is put around or cut off before they do.

Padding is a PadV2 of its own and the operator VALID: TF.js takes padding as a number wrongly on cpu, and pads with what
it chooses. What TF.js puts around a convolution for SAME may be just what is asked, and saves a copy of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.reading import Dim, Node
from isoship.tfjs.network.registry import CannotLower


@dataclass(frozen=True)
class Window:
    """Along one axis: `count` windows of `kernel` places, `dilation` apart, every `stride`; `before` and `after` pad.

    size: the axis's own; it and `count` may be unknown. more: padding behind `after` that `ceil_mode` asks for.
    """

    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    size: Dim
    count: Dim
    more: int = 0

    @property
    def length(self) -> int:
        """From a window's first place to its last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    def starts(self) -> list[int]:
        """Where the windows begin on the padded axis."""
        if not isinstance(self.count, int):
            raise CannotLower("a size of its input is not known")
        return [i * self.stride for i in range(self.count)]


def windows(e: Emission, node: Node, kernel: Sequence[int]) -> list[Window]:
    """Of the first input's axes from the third on."""
    shape = e.shape(node.inputs[0])[2:]
    rank = len(shape)
    strides = [int(x) for x in node.attrs.get("strides") or [1] * rank]
    dilations = [int(x) for x in node.attrs.get("dilations") or [1] * rank]
    pads = [int(x) for x in node.attrs.get("pads") or [0] * 2 * rank]
    auto, ceil = str(node.attrs.get("auto_pad", "NOTSET")), bool(node.attrs.get("ceil_mode", 0))
    if any(pad < 0 for pad in pads):
        raise CannotLower("a pad of it is below 0")
    made = []
    for i, size in enumerate(shape):
        length = (kernel[i] - 1) * dilations[i] + 1
        before, after = (pads[i], pads[rank + i]) if auto == "NOTSET" else (0, 0)
        if auto.startswith("SAME"):
            before, after = _same(size, length, strides[i], auto)
        count: Dim = None
        more = 0
        if isinstance(size, int):
            room = size + before + after - length
            count = room // strides[i] + 1
            if ceil and room % strides[i] and count * strides[i] < size + before:
                if auto == "VALID":
                    raise CannotLower("what auto_pad VALID means with ceil_mode is not settled")
                count += 1
                more = (count - 1) * strides[i] - room
            if count < 1:
                raise CannotLower(f"its window is longer than axis {i + 2} of its input")
        elif ceil and strides[i] > 1:
            raise CannotLower("it rounds the count of windows up along an axis whose size is not known")
        made.append(Window(kernel[i], strides[i], dilations[i], before, after, size, count, more))
    return made


def _same(size: Dim, length: int, stride: int, auto: str) -> tuple[int, int]:
    if isinstance(size, int):
        total = max((-(-size // stride) - 1) * stride + length - size, 0)
    elif stride == 1:
        total = length - 1
    else:
        raise CannotLower(f"its auto_pad {auto} hangs on a size that is not known")
    return (total // 2, total - total // 2) if auto == "SAME_UPPER" else (total - total // 2, total // 2)


def are_same(places: Sequence[Window]) -> bool:
    """Whether the pads, some above 0, are those that TF.js's SAME means. With dilations nothing is said of it."""
    if not any(w.before or w.after for w in places) or any(w.dilation > 1 for w in places):
        return False
    if any(w.more or (w.stride > 1 and not isinstance(w.size, int)) for w in places):
        return False
    return all((w.before, w.after) == _same(w.size, w.length, w.stride, "SAME_UPPER") for w in places)


def fitted(e: Emission, x: Tensor, sizes: Sequence[Dim], pads: Sequence[tuple[int, int]], fill: float = 0.0) -> Tensor:
    """[N, ..., C] with something around its middle axes; pads below 0 cut."""
    begin, length = [0], [-1]
    for size, (before, after) in zip(sizes, pads, strict=True):
        begin.append(max(0, -before))
        if after < 0 and not isinstance(size, int):
            raise CannotLower("it cuts an axis whose size is not known")
        kept = -1 if after >= 0 or not isinstance(size, int) else size + after + min(0, before)
        length.append(kept)
    if any(begin) or any(size != -1 for size in length[1:]):
        x = e.slice(x, [*begin, 0], [*length, -1])
    return e.pad(x, [(0, 0), *((max(0, before), max(0, after)) for before, after in pads), (0, 0)], fill)


def picked(e: Emission, x: Tensor, rank: int, axis: int, places: range) -> Tensor:
    """Places of an axis."""
    if places.step == 1 or len(places) == 1:
        begin = [places.start if i == axis else 0 for i in range(rank)]
        return e.slice(x, begin, [len(places) if i == axis else -1 for i in range(rank)])
    return e.gather(x, e.control(list(places)), axis)
