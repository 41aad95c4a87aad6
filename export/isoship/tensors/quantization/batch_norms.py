"""BatchNormalization behind a Conv, taken into the Conv's weights: between integers it would stand in float32.

    y = (conv(x) - mean) * gamma / sqrt(var + epsilon) + beta

is a Conv whose weights are multiplied by gamma / sqrt(var + epsilon), channel by channel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from isoship.onnx.passes.bodies import read_in_bodies

Weights = dict[str, np.ndarray[Any, Any]]


def fold_batch_norms(model: onnx.ModelProto) -> None:
    """In place, in float64. Only where the Conv's result is read by nothing else and all of it is weights."""
    graph = model.graph
    weights = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    made_by = {name: node for node in graph.node for name in node.output}
    read = [name for node in graph.node for name in node.input] + [one.name for one in graph.output]
    read += read_in_bodies(graph.node)
    folded = []
    for node in graph.node:
        conv = made_by.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if conv is None or conv.op_type != "Conv" or read.count(node.input[0]) > 1:
            continue
        if not {*conv.input[1:], *node.input[1:]} - {""} <= weights.keys() or not _of_inference(node):
            continue
        weight, bias = _folded(conv, node, weights)
        names = [f"{conv.output[0]}/weights", f"{conv.output[0]}/bias"]
        graph.initializer.extend(map(numpy_helper.from_array, (weight, bias), names))
        conv.input[:] = [conv.input[0], *names]
        conv.output[0] = node.output[0]
        made_by[node.output[0]] = conv
        folded.append(node)
    for node in folded:
        graph.node.remove(node)


def _of_inference(node: onnx.NodeProto) -> bool:
    training = any(a.name == "training_mode" and a.i for a in node.attribute)
    return not training and sum(map(bool, node.output)) == 1


def _folded(conv: onnx.NodeProto, norm: onnx.NodeProto, weights: Weights) -> tuple[Any, Any]:
    weight = weights[conv.input[1]]
    bias = weights[conv.input[2]] if len(conv.input) > 2 and conv.input[2] else np.zeros(len(weight))
    gamma, beta, mean, var = (weights[name].astype(np.float64) for name in norm.input[1:5])
    epsilon = next((helper.get_attribute_value(a) for a in norm.attribute if a.name == "epsilon"), 1e-5)
    factor = gamma / np.sqrt(var + epsilon)
    scaled = weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
    return scaled.astype(weight.dtype), ((bias - mean) * factor + beta).astype(weight.dtype)
