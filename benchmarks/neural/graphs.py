"""The networks measured, of random weights: what is timed is the arithmetic and what stands around it, no answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: IR and opset that every onnxruntime since 1.30 takes.
_IR, _OPSET = 10, 21
INPUT, OUTPUT = "x", "logits"


@dataclass(frozen=True)
class Network:
    """shape: of one input, without the batch. classes: how many logits."""

    name: str
    shape: tuple[int, int, int]
    classes: int
    model: onnx.ModelProto

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-").lower()

    def written(self, folder: Path) -> Path:
        path = folder / f"{self.slug}.onnx"
        onnx.save(self.model, path)
        return path

    def pictures(self, batch: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.random.default_rng(batch).random((batch, *self.shape), np.float32)


class _Layers:
    """Nodes one behind the other, weights drawn as He et al. draw them so that nothing grows or dies."""

    def __init__(self, seed: int) -> None:
        self._draw = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.last = INPUT

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        made = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.last, *inputs], [made], name=made, **attributes))
        self.last = made
        return made

    def weight(self, *shape: int, inputs: int) -> str:
        values = self._draw.normal(0, (2 / inputs) ** 0.5, shape).astype(np.float32)
        return self.constant(values)

    def constant(self, values: np.ndarray[Any, Any]) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def convolution(self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> str:
        kernel = self.weight(outputs, inputs // groups, size, size, inputs=inputs // groups * size * size)
        bias = self.constant(np.zeros(outputs, np.float32))
        pads = [size // 2] * 4
        return self.node("Conv", kernel, bias, kernel_shape=[size, size], strides=[stride] * 2, pads=pads, group=groups)

    def relu6(self) -> str:
        return self.node("Clip", self.constant(np.float32(0)), self.constant(np.float32(6)))

    def linear(self, inputs: int, outputs: int) -> str:
        return self.node(
            "Gemm", self.weight(outputs, inputs, inputs=inputs), self.constant(np.zeros(outputs, np.float32)), transB=1
        )

    def network(self, name: str, shape: tuple[int, int, int], classes: int) -> Network:
        self.nodes[-1].output[0] = OUTPUT
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes, "network",
            [value(INPUT, TensorProto.FLOAT, ["batch", *shape])],
            [value(OUTPUT, TensorProto.FLOAT, ["batch", classes])],
            self.weights,
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
        onnx.checker.check_model(model, full_check=True)
        return Network(name, shape, classes, model)


def digits_cnn() -> Network:
    """Two convolutions, a pool and two dense layers on 8x8 pixels: 38,000 weights, as examples/digits-* train it."""
    layers = _Layers(0)
    for inputs, outputs in ((1, 16), (16, 32)):
        layers.convolution(inputs, outputs, 3)
        layers.node("Relu")
    layers.node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    layers.node("Flatten")
    layers.linear(512, 64)
    layers.node("Relu")
    layers.linear(64, 10)
    return layers.network("digits CNN", (1, 8, 8), 10)


#: Expansion, channels, repetitions and stride of MobileNetV2's stages (Sandler et al. 2018, table 2).
_STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


def mobilenet_v2(size: int = 96) -> Network:
    """MobileNetV2 at width 1 with its batch norms folded, as exporters leave them: 3.5 million weights."""
    layers = _Layers(1)
    layers.convolution(3, 32, 3, stride=2)
    layers.relu6()
    channels = 32
    for expansion, outputs, repetitions, first in _STAGES:
        for number in range(repetitions):
            before, wide, stride = layers.last, channels * expansion, first if number == 0 else 1
            if expansion != 1:
                layers.convolution(channels, wide, 1)
                layers.relu6()
            layers.convolution(wide, wide, 3, stride=stride, groups=wide)
            layers.relu6()
            layers.convolution(wide, outputs, 1)
            if stride == 1 and channels == outputs:
                layers.node("Add", before)
            channels = outputs
    layers.convolution(channels, 1280, 1)
    layers.relu6()
    layers.node("GlobalAveragePool")
    layers.node("Flatten")
    layers.linear(1280, 1000)
    return layers.network(f"MobileNetV2-shaped {size}x{size}", (3, size, size), 1000)
