"""Pools over windows and over all of an axis. Channels lie last before and after.

Windows of several axes are taken one axis after another. The largest along the last two is MaxPool's; sums, and what
has dilations or a third axis, are places picked and folded: AvgPool on wasm makes -inf of NaN, and MaxPool3D there
nothing below 1.2e-38.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.lowerings.elementwise import FUNCTION
from isoship.tfjs.network.lowerings.windows import Window, fitted, picked, windows
from isoship.tfjs.network.reading import Array, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering
from isoship.tfjs.network.writing import ints, text

_FOLDS = ["PadV2", "Slice", "GatherV2"]
Fold = Callable[[Tensor, Tensor], Tensor]


def _windows(e: Emission, node: Node) -> list[Window]:
    places = windows(e, node, [int(k) for k in node.attrs["kernel_shape"]])
    if len(places) not in (1, 2, 3):
        raise CannotLower(f"it pools over {len(places)} axes")
    if str(node.attrs["auto_pad"]).startswith("SAME"):
        for w in places:
            if w.dilation > 1 and w.kernel > 1:
                raise CannotLower("of its auto_pad with dilations ONNX and onnxruntime make results of two sizes")
            if w.length < w.stride and isinstance(w.size, int) and (w.size - 1) % w.stride >= w.length:
                raise CannotLower("where windows of its auto_pad begin that are shorter than a stride is not settled")
    return places


def _padded(e: Emission, x: Tensor, places: Sequence[Window], fill: float) -> Tensor:
    return fitted(e, x, [w.size for w in places], [(w.before, w.after + w.more) for w in places], fill)


def _places(w: Window, k: int) -> range:
    """Where the k-th place of each window lies on the padded axis."""
    starts = w.starts()
    return range(k * w.dilation, k * w.dilation + starts[-1] + 1, w.stride)


def _folded(e: Emission, x: Tensor, places: Sequence[Window], fold: Fold) -> Tensor:
    """The last axis first. x: [N, ..., C], padded."""
    for axis in range(len(places), 0, -1):
        w = places[axis - 1]
        if w.kernel == 1 and w.stride == 1:
            continue
        made = picked(e, x, len(places) + 2, axis, _places(w, 0))
        for k in range(1, w.kernel):
            made = fold(made, picked(e, x, len(places) + 2, axis, _places(w, k)))
        x = made
    return x


@lowering("MaxPool", emits=["MaxPool", "Maximum", "Greater", "SelectV2", "AddV2", *_FOLDS])
def max_pool(e: Emission, node: Node) -> Last | tuple[Last, Last]:
    """Around the picture lies -inf. With `Indices`: the first of the largest, in the order of the window."""
    places, x = _windows(e, node), e.channels_last(node.inputs[0])
    dtype = x.dtype
    bound = e.bound(node.inputs[0])
    if bound is not None:
        e.bounds[node.outputs[0]] = bound
    x = _padded(e, e.cast(x, "float32"), places, -np.inf)
    if len(node.outputs) > 1 and node.outputs[1]:
        made, index = _with_indices(e, node, x, places)
        return Last(e.cast(made, dtype)), Last(index)
    return Last(e.cast(_largest(e, x, places, e.shape(node.inputs[0])[1]), dtype))


def _largest(e: Emission, x: Tensor, places: Sequence[Window], channels: int | str | None) -> Tensor:
    if any(w.dilation > 1 and w.kernel > 1 for w in places[-2:]):
        return _folded(e, x, places, lambda a, b: e.op("Maximum", a, b))
    if len(places) == 3:
        deep, *flat = places
        if not all(isinstance(w.size, int) for w in places):
            raise CannotLower("a size of its input is not known")
        lengths = [int(w.size or 0) + w.before + w.after + w.more for w in places]
        pictures = _largest(e, e.reshape(x, [None, *lengths[1:], channels]), flat, channels)
        x = e.reshape(pictures, [None, lengths[0], *(w.count for w in flat), channels])
        one = [Window(1, 1, 1, 0, 0, w.count, w.count) for w in flat]
        return _folded(e, x, [deep, *one], lambda a, b: e.op("Maximum", a, b))
    kernel, strides = [w.kernel for w in places], [w.stride for w in places]
    if len(places) == 1:
        x = e.op("ExpandDims", x, e.control(1), Tdim={"type": "DT_INT32"})
        kernel, strides = [1, *kernel], [1, *strides]
    made = e.op(
        "MaxPool", x, ksize=ints([1, *kernel, 1]), strides=ints([1, *strides, 1]), padding=text("VALID"),
        data_format=text("NHWC"),
    )  # fmt: skip
    return e.op("Squeeze", made, squeeze_dims=ints([1])) if len(places) == 1 else made


def _with_indices(e: Emission, node: Node, x: Tensor, places: Sequence[Window]) -> tuple[Tensor, Tensor]:
    """Places in the whole input: all images, all channels."""
    images, channels, *sizes = e.sizes(node.inputs[0])
    total = images * channels * prod(sizes)
    if total > 2**24:
        raise CannotLower("the places of its largest elements may be beyond 2**24")
    e.bounds[node.outputs[1]] = (0, total - 1)
    rank = len(places)
    steps = (
        [prod(sizes[i + 1 :]) for i in range(rank)]
        if not node.attrs["storage_order"]
        else ([prod(sizes[:i]) for i in range(rank)])
    )
    best: Tensor | None = None
    for at in np.ndindex(*(w.kernel for w in places)):
        candidate, where = x, np.zeros([1] * (rank + 2), np.int64)
        for axis, (w, k, step) in enumerate(zip(places, at, steps, strict=True), 1):
            candidate = picked(e, candidate, rank + 2, axis, _places(w, k))
            inside = np.clip(np.array(_places(w, k)) - w.before, 0, int(w.size or 1) - 1) * step
            where = where + inside.reshape([-1 if i == axis else 1 for i in range(rank + 2)])
        index = e.const(where.astype(np.int32))
        if best is None:
            best, chosen = candidate, index
            continue
        better = e.op("Greater", candidate, best, dtype="bool")
        best, chosen = e.select(better, candidate, best), e.select(better, index, chosen)
    assert best is not None
    size = prod(sizes)
    bases = (np.arange(images)[:, None] * channels + np.arange(channels)) * size
    base = e.const(bases.reshape([images, *[1] * rank, channels]).astype(np.int32))
    return best, e.op("AddV2", chosen, base)


@lowering("AveragePool", emits=["AddV2", "RealDiv", *_FOLDS], exactness=ROUNDED)
def average_pool(e: Emission, node: Node) -> Last:
    """Divided by how many places of each window lie on the picture, or on it and its pads."""
    places = _windows(e, node)
    x = _padded(e, e.channels_last(node.inputs[0]), places, 0.0)
    total = _folded(e, x, places, lambda a, b: e.op("AddV2", a, b))
    counts = np.ones([1] * (len(places) + 2))
    for axis, w in enumerate(places, 1):
        line = _count(w, bool(node.attrs.get("count_include_pad", 0)))
        counts = counts * line.reshape([-1 if i == axis else 1 for i in range(counts.ndim)])
    if (counts == 0).any():
        raise CannotLower("a window of it lies outside its input")
    if (counts == counts.flat[0]).all():
        counts = counts.ravel()[:1].reshape(())
    return Last(e.op("RealDiv", total, e.const(counts.astype(np.float32))))


def _count(w: Window, pads: bool) -> Array:
    if not isinstance(w.size, int):
        raise CannotLower("a size of its input is not known")
    low, high = (0, w.before + w.size + w.after) if pads else (w.before, w.before + w.size)
    places = np.array(w.starts())[:, None] + np.arange(w.kernel) * w.dilation
    made: Array = ((places >= low) & (places < high)).sum(1)
    return made


def _to_power(e: Emission, x: Tensor, p: float) -> Tensor:
    if p == 2:
        return e.op("Mul", x, x)
    size = e.op("Abs", x)
    return size if p == 1 else e.op("Pow", size, e.like(size, p))


def _root(e: Emission, x: Tensor, p: float) -> Tensor:
    if p == 2:
        return e.op("Sqrt", x)
    return x if p == 1 else e.op("Pow", x, e.like(x, 1 / p))


_NORM = ["Abs", "Mul", "Pow", "Sqrt"]


@lowering("LpPool", emits=["AddV2", *_NORM, *_FOLDS], since=2, exactness=FUNCTION)
def lp_pool(e: Emission, node: Node) -> Last:
    places, p = _windows(e, node), float(node.attrs["p"])
    x = _padded(e, _to_power(e, e.channels_last(node.inputs[0]), p), places, 0.0)
    return Last(_root(e, _folded(e, x, places, lambda a, b: e.op("AddV2", a, b)), p))


@lowering("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool", emits=["Max", "Mean", "Sum", *_NORM], exactness=ROUNDED)
def whole(e: Emission, node: Node) -> Last:
    """One axis after another: a mean in float32 loses less so."""
    x, rank = e.channels_last(node.inputs[0]), e.rank(node.inputs[0])
    op = {"GlobalMaxPool": "Max", "GlobalAveragePool": "Mean", "GlobalLpPool": "Sum"}[node.op]
    p = float(node.attrs.get("p", 2))
    if op == "Sum":
        x = _to_power(e, x, p)
    for axis in range(rank - 2, 0, -1):
        x = e.reduce(op, x, [axis], keep=True)
    return Last(_root(e, x, p) if op == "Sum" else x)


@lowering("MaxUnpool", emits=["TensorScatterUpdate"], backends=("cpu", "wasm"))
def max_unpool(e: Emission, node: Node) -> Tensor:
    """What MaxPool took, back in its place among zeros. webgl adds what is put into one place twice."""
    sizes = e.sizes(node.inputs[0])
    kernel = [int(k) for k in node.attrs["kernel_shape"]]
    rank = len(kernel)
    strides, pads = node.attrs.get("strides") or [1] * rank, node.attrs.get("pads") or [0] * 2 * rank
    shape = [*sizes[:2]]
    for i in range(rank):
        shape.append((sizes[2 + i] - 1) * strides[i] - pads[i] - pads[rank + i] + kernel[i])
    told = e.given(node, 2, "output_shape")
    if told is not None and [int(size) for size in told] != shape:
        raise CannotLower("its output_shape is not what its windows make, and what it means then is not settled")
    total, bound = prod(shape), e.bound(node.inputs[1])
    if bound is None or bound[0] < 0 or bound[1] >= total:
        raise CannotLower("its places are the caller's, and one beyond its result would go unseen")
    flat = e.const(np.zeros(total, np.float32))
    places = e.reshape(e.data(node.inputs[1]), [prod(sizes), 1])
    values = e.reshape(e.data(node.inputs[0]), [prod(sizes)])
    made = e.scatter(flat, places, values)
    return e.reshape(made, shape)
