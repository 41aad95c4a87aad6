"""Sources that start at pixels: another source with its preparation of pictures inside the graph."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from isoship.errors import InputError, UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.tensors.contract import Arrays, TensorSource, made_with, sizes_known
from isoship.tensors.images.layouts import laid_out, layout_of, permutation
from isoship.tensors.images.pixels import Pixels
from isoship.tensors.sizes import names_in
from isoship_edge.manifest import Output, Signature
from isoship_edge.tensors.signature import Image, Input

#: dtype of the model's input -> what the float32 numbers are cast to at the end.
_FLOATS = {"float": np.float32, "double": np.float64, "float16": np.float16}


class FromPixels:
    """A source whose input of pictures is uint8 [N, H, W, C] ([H, W, C] where the model takes one at a time).

    samples: the user's calls as pixels; those of the source are its own numbers, from which no pixel comes back.
    Graph, to the model's input:  pixels -> Gather (bgr) -> Transpose -> Cast -> Div, Mul, Sub, Div -> Cast -> Reshape
    """

    def __init__(self, source: TensorSource, pixels: Pixels, samples: Sequence[Arrays] = ()) -> None:
        self._source, self.samples = source, samples
        taken = _taken_input(source, pixels)
        self._dtype = taken.dtype
        self._layout, shape = layout_of(taken, pixels)
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
        self._input = Input(
            taken.name, "uint8", shape, image=Image(pixels.color), largest=_within(taken.largest, shape)
        )
        _check_range(taken, self._pixels)
        before = made_with(source)
        again = replace(pixels, input=taken.name, layout=self._layout).to_json()
        self.made_with = before | {"image": json.dumps([*json.loads(before.get("image", "[]")), again])}
        self.library, self.library_version = source.library, source.library_version
        self.estimator, self.places = source.estimator, source.places
        inputs = tuple(self._input if one.name == taken.name else one for one in source.signature.inputs)
        self.signature = Signature("tensors", (), inputs)
        self.outputs: tuple[Output, ...] = source.outputs
        #: A picture's size may be dynamic under another name than the source's input had.
        self.sizes = sizes_known(source) if names_in(inputs) == names_in(source.signature.inputs) else None
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
        if self._dtype == "uint8":
            numbers = pictures[..., self._pixels.channel_order()]
        else:
            numbers = self._pixels.numbers(pictures).astype(_FLOATS[self._dtype])
        return {**inputs, self._input.name: laid_out(numbers, self._layout)}

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
        if permuted := permutation(self._layout):
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


def _within(largest: Mapping[str, int] | None, shape: Sequence[str | int]) -> dict[str, int] | None:
    """The ends of the dimensions that are still there."""
    return {name: size for name, size in (largest or {}).items() if name in shape} or None


def from_pixels(source: TensorSource, pixels: Sequence[Pixels], samples: Sequence[Arrays] = ()) -> TensorSource:
    """The source with each of its inputs of pictures as pixels; the source itself where there are none."""
    for one in pixels:
        source = FromPixels(source, one, samples)
    return source


def numbers_from(sample: Any, pixels: Sequence[Pixels]) -> Any:
    """A sample of pictures as float32 calls, for a source that learns its shapes from one; nchw unless said."""

    def numbers(pictures: Any, one: Pixels) -> np.ndarray[Any, Any]:
        array = np.asarray(pictures)
        layout = one.layout or ("nchw" if array.ndim == 4 else "chw")
        if array.dtype != np.uint8 or array.ndim not in (3, 4) or array.shape[-1] != one.channels:
            raise InputError(
                f"image: the sample is to hold uint8 pictures [N, H, W, {one.channels}], not {array.dtype}"
                f" {list(array.shape)}"
            )
        return laid_out(one.numbers(array), layout)

    if isinstance(sample, Sequence) and not isinstance(sample, str):
        return [numbers_from(call, pixels) for call in sample]
    if not isinstance(sample, Mapping):
        return numbers(sample, pixels[0])
    by_name = {one.input or next(iter(sample)): one for one in pixels}
    return {name: numbers(value, by_name[name]) if name in by_name else value for name, value in sample.items()}


def _taken_input(source: TensorSource, pixels: Pixels) -> Input:
    inputs = {one.name: one for one in source.signature.inputs if one.image is None}
    if pixels.input is not None and pixels.input not in inputs:
        raise InputError(f"image: no input {pixels.input!r} is left: choose from {', '.join(inputs) or 'none'}")
    if pixels.input is None and len(inputs) != 1:
        raise InputError(f"image: the model has the inputs {', '.join(inputs)}: say which one with input=NAME")
    return inputs[pixels.input] if pixels.input is not None else next(iter(inputs.values()))


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
