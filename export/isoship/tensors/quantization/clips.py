"""Relu and Clip that onnxruntime's quantization would drop with a change of answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from isoship.onnx.passes.bodies import read_in_bodies


def clips_to_keep(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that are to be excluded.

    The tool takes a Relu or Clip away and lets the range of the integers clip. That is the same only where the node
    alone reads the result of a product, and where the range, which always holds 0, ends where Clip does.
    """
    graph = model.graph
    made_by = {name: node for node in graph.node for name in node.output}
    readers: dict[str, int] = {}
    read = [name for node in graph.node for name in node.input] + [one.name for one in graph.output]
    for name in (*read, *read_in_bodies(graph.node)):
        readers[name] = readers.get(name, 0) + 1
    weights = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type not in ("Relu", "Clip"):
            continue
        source = made_by.get(node.input[0])
        product = source is not None and source.op_type in ("Conv", "MatMul")
        if not product or readers[node.input[0]] > 1 or (node.op_type == "Clip" and not _holds_zero(node, weights)):
            kept.append(node.name)
    return kept


def _holds_zero(node: onnx.NodeProto, weights: dict[str, np.ndarray[Any, Any]]) -> bool:
    ends = [weights.get(name) for name in node.input[1:] if name]
    if any(end is None for end in ends):
        return False  # an end that is reckoned, or that a Constant gives
    low = weights[node.input[1]] if len(node.input) > 1 and node.input[1] else -np.inf
    high = weights[node.input[2]] if len(node.input) > 2 and node.input[2] else np.inf
    return bool(low <= 0 <= high)
