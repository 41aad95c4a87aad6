"""Sources that start at pixels: another source with its preparation of pictures inside the graph ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from isoship.errors import InputError, UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.tensors.contract import Arrays, TensorSource
from isoship.tensors.pixels import NO_RESIZE, Pixels
from isoship_edge.manifest import Output, Signature
from isoship_edge.tensors.signature import Image, Input

#: dtype of the model's input -> what the float32 numbers are cast to at the end.
_FLOATS = {"float": np.float32, "double": np.float64, "float16": np.float16}
_AXES = {"nchw": "nchw", "nhwc": "nhwc", "chw": "chw", "hwc": "hwc", "nhw": "nhw", "flat": "nf"}


class FromPixels:
    """A source whose input of pictures is uint8 [N, H, W, C] ([H, W, C] where the model takes one at a time).

    samples: the user's calls as pixels; those of the source are its own numbers, from which no pixel comes back.
    Graph, to the model's input:  pixels -> Gather (bgr) -> Transpose -> Cast -> Div, Mul, Sub, Div -> Cast -> Reshape
    """

    def __init__(self, source: TensorSource, pixels: Pixels, samples: Sequence[Arrays] = ()) -> None:
        self._source, self.samples = source, samples
        taken = _taken_input(source, pixels)
        self._dtype = taken.dtype
        self._layout, shape = _layout(taken, pixels)
        if taken.dtype != "uint8" and taken.dtype not in _FLOATS:
            raise UnsupportedModelError(
                f"input {taken.name!r}",
                f"it is {taken.dtype}, and pictures become floats or stay uint8",
                "Leave --image",
            )
        if taken.dtype == "uint8" and not pixels.plain:
            raise InputError(
                f"image: input {taken.name!r} is uint8, prepared inside the model: no divide, scale, mean, std"
            )
        self._pixels = replace(pixels, divide=1.0) if taken.dtype == "uint8" else pixels
        self._input = Input(taken.name, "uint8", shape, image=Image(pixels.color))
        _check_range(taken, self._pixels)
        self.library, self.library_version = source.library, source.library_version
        self.estimator, self.places = source.estimator, source.places
        inputs = tuple(self._input if one.name == taken.name else one for one in source.signature.inputs)
        self.signature = Signature("tensors", (), inputs)
        self.outputs: tuple[Output, ...] = source.outputs
        self.notes = (
            *source.notes,
            f"input {taken.name!r} takes pictures: {self._pixels.described()}, as {self._layout}",
        )

    def answers(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        return self._source.answers(self.prepared(inputs))

    def prepared(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        """A call in pixels as a call of the source."""
        pictures = np.asarray(inputs[self._input.name])
        if pictures.dtype != np.uint8 or pictures.ndim != len(self._input.shape):
            raise InputError(
                f"input {self._input.name!r} takes uint8 pictures {list(self._input.shape)}, not {pictures.dtype}"
                f" {list(pictures.shape)}"
            )
        channels = self._pixels.channel_order()
        if self._dtype == "uint8":
            numbers = pictures[..., channels]
        else:
            numbers = self._pixels.numbers(pictures).astype(_FLOATS[self._dtype])
        if permuted := _permuted(self._layout):
            numbers = numbers.transpose(permuted)
        if self._layout in ("nhw", "flat"):
            numbers = numbers.reshape(numbers.shape[:3] if self._layout == "nhw" else (len(numbers), -1))
        return {**inputs, self._input.name: np.ascontiguousarray(numbers)}

    def to_onnx(self) -> onnx.ModelProto:
        model = onnx.ModelProto()
        model.CopyFrom(self._source.to_onnx())
        name = self._input.name
        opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
        if opset < 7:
            raise UnsupportedModelError(
                "--image", f"opset {opset} broadcasts otherwise than later ones", "Write the file with opset 7 or newer"
            )
        builder = GraphBuilder(_names(model.graph))
        tensor = name
        if self._pixels.order == "bgr":
            tensor = builder.op("Gather", tensor, np.array(self._pixels.channel_order()), axis=-1, seed="pixels")
        if permuted := _permuted(self._layout):
            tensor = builder.op("Transpose", tensor, perm=permuted, seed="pixels")
        if self._dtype != "uint8":
            tensor = builder.cast(tensor, np.float32)
            for op, constant in self._pixels.steps():
                # [C], which stands against the last axis, or [C, 1, 1] where channels come first.
                first = constant.ndim and self._layout in ("nchw", "chw")
                tensor = builder.op(op, tensor, constant.reshape(-1, 1, 1) if first else constant, seed="pixels")
            if self._dtype != "float":
                tensor = builder.cast(tensor, _FLOATS[self._dtype])
        if self._layout in ("nhw", "flat"):
            kept = [0, 0, 0] if self._layout == "nhw" else [0, -1]
            tensor = builder.op("Reshape", tensor, np.array(kept), seed="pixels")
        if tensor != name:
            _use(model.graph, name, tensor)
            kept_nodes = list(model.graph.node)
            del model.graph.node[:]
            model.graph.node.extend([*builder.nodes, *kept_nodes])
            model.graph.initializer.extend(builder.initializers)
        place = next(i for i, one in enumerate(model.graph.input) if one.name == name)
        shape = list(self._input.shape)
        model.graph.input[place].CopyFrom(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))
        onnx.checker.check_model(model)
        return model

    def close(self) -> None:
        self._source.close()


def from_pixels(source: TensorSource, pixels: Sequence[Pixels], samples: Sequence[Arrays] = ()) -> TensorSource:
    """The source with each of its inputs of pictures as pixels; the source itself where there are none."""
    for one in pixels:
        source = FromPixels(source, one, samples)
    return source


def _taken_input(source: TensorSource, pixels: Pixels) -> Input:
    inputs = {one.name: one for one in source.signature.inputs if one.image is None}
    if pixels.input is not None and pixels.input not in inputs:
        raise InputError(f"image: no input {pixels.input!r} is left: choose from {', '.join(inputs) or 'none'}")
    if pixels.input is None and len(inputs) != 1:
        raise InputError(f"image: the model has the inputs {', '.join(inputs)}: say which one with input=NAME")
    return inputs[pixels.input] if pixels.input is not None else next(iter(inputs.values()))


def _layout(taken: Input, pixels: Pixels) -> tuple[str, tuple[str | int, ...]]:
    """The layout that fits, and the shape of pictures: [N, H, W, C], or [H, W, C]."""
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


def _permuted(layout: str) -> list[int] | None:
    return {"nchw": [0, 3, 1, 2], "chw": [2, 0, 1]}.get(layout)


def _check_range(taken: Input, pixels: Pixels) -> None:
    """The model's input contract holds for every pixel, or no picture could be promised an answer."""
    every = np.repeat(np.arange(256, dtype=np.uint8)[:, None], pixels.channels, axis=1)
    numbers = pixels.numbers(every)
    low, high = float(numbers.min()), float(numbers.max())
    outside = [end for end in (taken.minimum,) if end is not None and low < end]
    outside += [end for end in (taken.maximum,) if end is not None and high > end]
    if outside:
        raise InputError(
            f"image: pixels become {low} to {high}, and input {taken.name!r} accepts none beyond {outside[0]}"
        )


def _names(graph: onnx.GraphProto) -> set[str]:
    names = {one.name for one in (*graph.input, *graph.output, *graph.initializer)}
    for node in graph.node:
        names |= {node.name, *node.input, *node.output}
        for inner in _bodies(node):
            names |= _names(inner)
    return names


def _use(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Whatever reads a tensor reads another one, inner graphs included: names are not reused in them (ONNX IR)."""
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        for inner in _bodies(node):
            _use(inner, old, new)
            for output in inner.output:  # which the graph around knows by place, not by name
                output.name = new if output.name == old else output.name


def _bodies(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [inner for a in node.attribute for inner in (*([a.g] if a.HasField("g") else ()), *a.graphs)]
