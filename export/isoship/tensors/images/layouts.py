"""How a model lays out its pictures, found in the shape of its input: nchw, nhwc, chw, hwc, nhw or flat."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.tensors.images.pixels import NO_RESIZE, Pixels
from isoship_edge.tensors.signature import Input

#: Layout -> the axes of the model's input: batch, height, width, channels, features.
_AXES = {"nchw": "nchw", "nhwc": "nhwc", "chw": "chw", "hwc": "hwc", "nhw": "nhw", "flat": "nf"}


def layout_of(taken: Input, pixels: Pixels) -> tuple[str, tuple[str | int, ...]]:
    """The layout that fits, and the shape of pictures: [N, H, W, C], or [H, W, C].

    Raises:
        InputError: none fits, or several do and none is asked for.
    """
    fitting = {layout: shape for layout in _AXES if (shape := _shape(layout, taken, pixels)) is not None}
    if pixels.layout is not None:
        fitting = {layout: shape for layout, shape in fitting.items() if layout == pixels.layout}
    said = f"input {taken.name!r} is {list(taken.shape)}, and pictures are {pixels.color}"
    size = "x".join(map(str, pixels.size)) if pixels.size else None
    if not fitting:
        given = ", ".join(filter(None, (size and f"size {size}", pixels.layout and f"layout {pixels.layout}")))
        raise InputError(
            f"image: {said}{', ' + given if given else ''}: no layout fits. {NO_RESIZE}, in the model's color"
        )
    if len(fitting) > 1:
        raise InputError(f"image: {said}: say which with layout={' or layout='.join(fitting)}")
    return next(iter(fitting.items()))


def _shape(layout: str, taken: Input, pixels: Pixels) -> tuple[str | int, ...] | None:
    axes = _AXES[layout]
    if len(axes) != len(taken.shape):
        return None
    sizes = dict(zip(axes, taken.shape, strict=True))
    if layout == "flat":
        features = sizes.pop("f")
        if pixels.size is None or features != pixels.size[0] * pixels.size[1] * pixels.channels:
            return None
        sizes |= {"h": pixels.size[0], "w": pixels.size[1]}
    if layout == "nhw" and pixels.channels != 1:
        return None
    if sizes.get("c", pixels.channels) != pixels.channels and not (isinstance(sizes["c"], str) and pixels.layout):
        return None
    for axis, wanted in zip("hw", pixels.size or (sizes["h"], sizes["w"]), strict=True):
        if isinstance(sizes[axis], int) and sizes[axis] != wanted:
            return None
        sizes[axis] = wanted
    sizes["c"] = pixels.channels
    return tuple(sizes[axis] for axis in "nhwc" if axis in sizes)


def permutation(layout: str) -> list[int] | None:
    """Of a picture's axes, None where they stay."""
    return {"nchw": [0, 3, 1, 2], "chw": [2, 0, 1]}.get(layout)


def laid_out(numbers: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    """Numbers [N, H, W, C] or [H, W, C] as the model takes them."""
    if permuted := permutation(layout):
        numbers = numbers.transpose(permuted)
    if layout in ("nhw", "flat"):
        numbers = numbers.reshape(numbers.shape[:3] if layout == "nhw" else (len(numbers), -1))
    return np.ascontiguousarray(numbers)
