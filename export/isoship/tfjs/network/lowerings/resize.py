"""Resize and Upsample: along each axis, for each place of the result, which places of the input it is made of.

Sizes are known ahead, so places and weights are numbers, in double. They are picked and added up: a product with a
matrix of weights would spread a NaN over the whole picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.reading import Array, Dim, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering


@dataclass(frozen=True)
class Stretch:
    """An axis: its sizes before and after, by what it grows, and what of it is asked for (0 to 1: all)."""

    size: int
    result: int
    scale: float
    start: float = 0.0
    end: float = 1.0


@lowering("Resize", "Upsample", emits=["GatherV2", "Mul", "AddV2", "SelectV2", "Slice"], since=7, exactness=ROUNDED)
def resize(e: Emission, node: Node) -> Tensor | Last:
    name = node.inputs[0]
    mode = str(node.attrs.get("mode", "nearest"))
    how = str(node.attrs.get("coordinate_transformation_mode", "asymmetric"))
    last, rank = name in e.last, e.rank(name)
    x, dtype = (e.last[name] if last else e.data(name)), e.dtype(name)
    if x.dtype != "float32" and mode != "nearest":
        raise CannotLower(f"it is asked for {dtype} between its elements")
    if mode not in ("nearest", "linear", "bilinear", "cubic"):
        raise CannotLower(f"its mode {mode} is not known")
    bound = e.bound(name)
    if bound is not None and mode == "nearest":
        e.bounds[node.outputs[0]] = bound
    outside: Array = np.zeros([1] * rank, bool)
    for axis, stretch in sorted(_stretches(e, node).items()):
        at = {0: 0, 1: rank - 1}.get(axis, axis - 1) if last else axis
        places = _places(node, how, mode, stretch)
        if how == "tf_crop_and_resize":
            beyond = (places < 0) | (places > stretch.size - 1)
            outside = outside | beyond.reshape([-1 if i == at else 1 for i in range(rank)])
        if mode == "nearest":
            near = _nearest(node, places, stretch)
            if how in ("half_pixel_symmetric", "tf_crop_and_resize") and any(
                (_nearest(node, places + by, stretch) != near).any() for by in (np.float32(-1e-5), np.float32(1e-5))
            ):
                raise CannotLower("which of two elements is nearest hangs on the last bit of a place")
            x = e.gather(x, e.control(near), at)
        else:
            x = _blended(e, x, rank, at, *_taps(node, mode, places, stretch))
    if outside.any():
        value = e.like(x, float(node.attrs.get("extrapolation_value", 0.0)))
        x = e.select(e.const(outside), value, x)
    return Last(x) if last else x


def _stretches(e: Emission, node: Node) -> dict[int, Stretch]:
    """Of the axes that change."""
    shape = e.shape(node.inputs[0])
    axes = [int(axis) % len(shape) for axis in node.attrs.get("axes") or range(len(shape))]
    modern = node.op == "Resize" and node.version >= 11
    place = 2 if modern else 1
    scales: list[float] | None = None
    if "scales" in node.attrs:
        scales = [float(scale) for scale in node.attrs["scales"]]
    elif e.has(node, place):
        scales = [float(scale) for scale in e.constant(node.inputs[place], "scales").ravel()]
    made: dict[int, Stretch] = {}
    result: Dim
    sizes = _sizes(e, node.inputs[3]) if not scales and modern and e.has(node, 3) else None
    policy = str(node.attrs.get("keep_aspect_ratio_policy", "stretch"))
    whole = [shape[axis] for axis in axes]
    if sizes is not None and policy != "stretch":
        if not all(isinstance(size, int) for size in (*whole, *sizes)):
            raise CannotLower("it keeps the ratio of sizes that are not known")
        ratios = [int(size or 0) / int(has or 1) for size, has in zip(sizes, whole, strict=True)]
        one = min(ratios) if policy == "not_larger" else max(ratios)
        sizes = [floor(one * int(has or 0) + 0.5) for has in whole]
    roi = None
    if str(node.attrs.get("coordinate_transformation_mode", "")) == "tf_crop_and_resize":
        roi = e.constant(node.inputs[1], "roi").ravel()
    for i, axis in enumerate(axes):
        has = whole[i]
        if scales:
            scale, result = scales[i], None if not isinstance(has, int) else floor(has * np.float32(scales[i]))
            same = scale == 1.0
        elif sizes is not None:
            result, same = sizes[i], sizes[i] == has and has is not None
            scale = result / has if isinstance(result, int) and isinstance(has, int) else 0.0
            if policy != "stretch":
                scale, same = one, one == 1.0
        else:
            raise CannotLower("it has neither scales nor sizes")
        start, end = (0.0, 1.0) if roi is None else (float(roi[i]), float(roi[len(axes) + i]))
        if same and (start, end) == (0.0, 1.0):
            continue
        if same:
            raise CannotLower(f"it crops axis {axis} without a change of size: ONNX does, onnxruntime leaves it whole")
        if not isinstance(has, int) or not isinstance(result, int):
            raise CannotLower(f"it changes axis {axis}, whose size is not known")
        if result < 1 or has < 1:
            raise CannotLower("nothing is left of an axis")
        made[axis] = Stretch(has, result, scale, start, end)
    return made


def _sizes(e: Emission, name: str) -> list[Dim]:
    known = e.graph.sizes.get(name)
    if known is not None and name not in e.graph.constants:
        return list(known.flat)
    return [int(size) for size in e.constant(name, "sizes").ravel()]


def _places(node: Node, how: str, mode: str, s: Stretch) -> Any:
    """Where on the input the places of the result lie; of the nearest in float32, as onnxruntime has it."""
    kind: Any = np.float32 if mode == "nearest" else np.float64
    at: Any = np.arange(s.result).astype(kind)
    scale = kind(np.float32(s.scale))
    half = kind(0.5)
    exact = float(np.float32(s.scale)) * s.size
    by_ends = how in ("align_corners", "tf_crop_and_resize") or (how == "pytorch_half_pixel" and s.result == 1)
    if by_ends and abs(exact - s.result) > 1e-4 * s.result:
        raise CannotLower(f"of {how} with a size that is cut ONNX and onnxruntime make two things")
    if how == "align_corners":
        return at * kind(s.size - 1) / kind(s.result - 1) if s.result > 1 else at * 0
    if how == "asymmetric":
        return at / scale
    if how == "tf_crop_and_resize":
        start, end = kind(s.start), kind(s.end)
        if s.result == 1:
            return at + half * (start + end) * kind(s.size - 1)
        return start * kind(s.size - 1) + at * (end - start) * kind(s.size - 1) / kind(s.result - 1)
    if how == "pytorch_half_pixel" and s.result == 1:
        if mode == "cubic":
            raise CannotLower("of pytorch_half_pixel to one element ONNX and onnxruntime make two things")
        return at * 0
    made: Any = (at + half) / scale - half
    if how == "half_pixel_symmetric":
        return made + kind(s.size / 2 * (1 - s.result / exact))
    if how not in ("half_pixel", "pytorch_half_pixel"):
        raise CannotLower(f"its coordinate_transformation_mode {how} is not known")
    return made


def _nearest(node: Node, places: Any, s: Stretch) -> Array:
    if node.op == "Upsample" or node.version < 11:
        rounding = "ceil" if s.scale < 1 else "floor"
    else:
        rounding = str(node.attrs["nearest_mode"])
    half: Any = places.dtype.type(0.5)
    if rounding not in ("ceil", "floor", "round_prefer_ceil", "round_prefer_floor"):
        raise CannotLower(f"its nearest_mode {rounding} is not known")
    shift = {"round_prefer_ceil": half, "round_prefer_floor": -half}.get(rounding, 0)
    made: Any = (np.ceil if rounding in ("ceil", "round_prefer_floor") else np.floor)(places + shift)
    return np.asarray(np.clip(made, 0, s.size - 1).astype(np.int64))


def _taps(node: Node, mode: str, places: Array, s: Stretch) -> tuple[Array, Array]:
    """For each place of the result the input's places, and what each counts: [result, taps]."""
    reach = 2 if mode == "cubic" else 1
    shrunk = min(1.0, s.scale) if node.attrs.get("antialias", 0) else 1.0
    a = float(node.attrs.get("cubic_coeff_a", -0.75))
    base = np.ceil(places) - 1
    first = floor(-reach / shrunk) + 1
    offsets = np.arange(first, 2 - first)
    far = np.abs((offsets - (places - base)[:, None]) * shrunk)
    if mode == "cubic":
        near = ((a + 2) * far - (a + 3)) * far**2 + 1
        weights = np.where(far <= 1, near, np.where(far < 2, a * (((far - 5) * far + 8) * far - 4), 0))
    else:
        weights = np.clip(1 - far, 0, 1)
    at = base[:, None] + offsets
    if node.attrs.get("exclude_outside", 0):
        weights = np.where((at >= 0) & (at <= s.size - 1), weights, 0)
    weights = weights / weights.sum(1, keepdims=True)
    return np.clip(at, 0, s.size - 1).astype(np.int64), weights


def _blended(e: Emission, x: Tensor, rank: int, axis: int, at: Array, weights: Array) -> Tensor:
    total: Tensor | None = None
    for k in range(at.shape[1]):
        if not weights[:, k].any():
            continue
        by = e.const(weights[:, k].astype(np.float32).reshape([-1 if i == axis else 1 for i in range(rank)]))
        part = e.op("Mul", e.gather(x, e.control(at[:, k]), axis), by)
        total = part if total is None else e.op("AddV2", total, part)
    assert total is not None
    return total
