"""Small networks as ONNX files, seeded: the bases of the faults in networks, and of the tests of tensor bundles.

| network | what it holds |
|---|---|
| image | convolutions (one dilated), batch norm, a leaky ReLU, Pad + MaxPool, Resize, Slice, a dense layer, softmax |
| text | an embedding, scaled by a second input, an LSTM in both directions, layer norm, the best class's number |
| bytes | uint8 pixels scaled to floats, GELU, and levels rounded back to uint8 |
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET, _IR = 20, 10


def image_graph(seed: int = 0) -> onnx.ModelProto:
    """image [N, 2, 8, 8] -> logits and probabilities [N, 5]."""
    rng = np.random.default_rng(seed)
    nodes = [
        helper.make_node("Conv", ["image", "k1", "b1"], ["c1"], "conv1", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c1", "gamma", "beta", "mean", "var"], ["n1"], "norm1", epsilon=1e-3),
        helper.make_node("LeakyRelu", ["n1"], ["r1"], "act1", alpha=0.1),
        helper.make_node("Pad", ["r1", "pads"], ["p1"], "pad1"),
        helper.make_node("MaxPool", ["p1"], ["m1"], "pool1", kernel_shape=[3, 3], strides=[2, 2]),
        helper.make_node("Conv", ["m1", "k2", "b2"], ["c2"], "conv2", dilations=[2, 2], pads=[2, 2, 2, 2]),
        helper.make_node("Resize", ["c2", "", "scales"], ["s2"], "resize2", mode="linear",
                         coordinate_transformation_mode="half_pixel"),
        helper.make_node("Slice", ["s2", "starts", "ends", "axes"], ["t2"], "crop2"),
        helper.make_node("Flatten", ["t2"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "w", "b"], ["logits"], "dense"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax", axis=-1),
    ]  # fmt: skip
    weights = [
        *_weights(rng, 0.4, k1=(4, 2, 3, 3), b1=(4,), gamma=(4,), beta=(4,), mean=(4,), k2=(3, 4, 3, 3), b2=(3,),
                  w=(60, 5), b=(5,)),
        numpy_helper.from_array(rng.uniform(0.05, 1, 4).astype(np.float32), "var"),
        numpy_helper.from_array(np.array([1, 1, 1.5, 1.5], np.float32), "scales"),
        *_integers(pads=(0, 0, 1, 1, 0, 0, 1, 1), starts=(1, 0), ends=(5, 5), axes=(2, 3)),
    ]  # fmt: skip
    return _model(
        nodes,
        weights,
        {"image": (TensorProto.FLOAT, ["N", 2, 8, 8])},
        {"logits": (TensorProto.FLOAT, ["N", 5]), "probabilities": (TensorProto.FLOAT, ["N", 5])},
    )


def text_graph(seed: int = 0) -> onnx.ModelProto:
    """tokens [N, T] below 11 and scale [N, 1, 1] -> scores [N, 3] and the best one's number [N]."""
    rng = np.random.default_rng(seed)
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["e"], "embedding"),
        helper.make_node("Mul", ["e", "scale"], ["s"], "scaled"),
        helper.make_node("Transpose", ["s"], ["t"], "time_first", perm=[1, 0, 2]),
        helper.make_node("LSTM", ["t", "wi", "wr", "wb"], ["", "h"], "lstm", hidden_size=4, direction="bidirectional"),
        helper.make_node("Transpose", ["h"], ["ht"], "batch_first", perm=[1, 0, 2]),
        helper.make_node("Flatten", ["ht"], ["f"], "flatten"),
        helper.make_node("LayerNormalization", ["f", "lg", "lb"], ["n"], "norm", epsilon=1e-5),
        helper.make_node("MatMul", ["n", "out"], ["scores"], "head"),
        helper.make_node("ArgMax", ["scores"], ["best"], "best", axis=1, keepdims=0),
    ]
    weights = _weights(rng, 0.5, table=(11, 3), wi=(2, 16, 3), wr=(2, 16, 4), wb=(2, 32), lg=(8,), lb=(8,), out=(8, 3))
    return _model(
        nodes,
        weights,
        {"tokens": (TensorProto.INT64, ["N", "T"]), "scale": (TensorProto.FLOAT, ["N", 1, 1])},
        {"scores": (TensorProto.FLOAT, ["N", 3]), "best": (TensorProto.INT64, ["N"])},
    )


def bytes_graph(seed: int = 0) -> onnx.ModelProto:
    """pixels uint8 [N, 12] -> levels uint8 [N, 6] and the floats behind them."""
    rng = np.random.default_rng(seed)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["x"], "to_float", to=TensorProto.FLOAT),
        helper.make_node("Mul", ["x", "step"], ["scaled"], "scaled"),
        helper.make_node("MatMul", ["scaled", "w1"], ["h"], "dense1"),
        helper.make_node("Gelu", ["h"], ["g"], "act1", approximate="none"),
        helper.make_node("MatMul", ["g", "w2"], ["o"], "dense2"),
        helper.make_node("Mul", ["o", "size"], ["strength"], "stretched"),
        helper.make_node("Clip", ["strength", "low", "high"], ["held"], "held"),
        helper.make_node("Round", ["held"], ["whole"], "whole"),
        helper.make_node("Cast", ["whole"], ["levels"], "to_bytes", to=TensorProto.UINT8),
    ]
    weights = _weights(rng, 0.8, w1=(12, 8), w2=(8, 6))
    weights += [
        numpy_helper.from_array(np.array(value, np.float32), name)
        for name, value in {"step": 1 / 255, "size": 100.0, "low": 0.0, "high": 255.0}.items()
    ]
    return _model(
        nodes,
        weights,
        {"pixels": (TensorProto.UINT8, ["N", 12])},
        {"strength": (TensorProto.FLOAT, ["N", 6]), "levels": (TensorProto.UINT8, ["N", 6])},
    )


GRAPHS = {"image": image_graph, "text": text_graph, "bytes": bytes_graph}


def _weights(rng: np.random.Generator, scale: float, **shapes: tuple[int, ...]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(rng.normal(0, scale, s).astype(np.float32), name) for name, s in shapes.items()]


def _integers(**values: tuple[int, ...]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in values.items()]


def _model(
    nodes: list[onnx.NodeProto],
    weights: list[onnx.TensorProto],
    inputs: dict[str, tuple[int, list[Any]]],
    outputs: dict[str, tuple[int, list[Any]]],
) -> onnx.ModelProto:
    taken, given = (
        [helper.make_tensor_value_info(name, *spec) for name, spec in each.items()] for each in (inputs, outputs)
    )
    graph = helper.make_graph(nodes, "network", taken, given, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
