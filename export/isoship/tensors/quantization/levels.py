"""What one level of int8 is worth in the answer, where a float32 operator stands in front of it.

Integer products are exact, and so is arithmetic that IEEE 754 rounds in one way. But behind a sum, a Softmax or a mean
of float32, whose last bits follow the kernel, QuantizeLinear may round a value at the border to the level beside it.
Each such value is moved by 2^-16 of itself, 64 times what kernels differ by, up and down; what the answers differ by is
allowed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from isoship.tensors.contract import Ask
from isoship.tensors.run import Runs
from isoship_edge.manifest import Output, Tolerance

MOVE = 2.0**-16
#: Moved both ways for calls that are not asked here.
FACTOR = 2
#: Operators that move numbers, or that have one correctly rounded answer for each element.
_EXACT = {
    "Add", "Cast", "Clip", "Concat", "Constant", "DepthToSpace", "DequantizeLinear", "Div", "Expand", "Flatten",
    "Gather", "Identity", "LeakyRelu", "Max", "MaxPool", "Min", "Mul", "Neg", "Pad", "QLinearConv", "QLinearMatMul",
    "QuantizeLinear", "Relu", "Reshape", "Shape", "Slice", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub",
    "Transpose", "Unsqueeze", "Where",
}  # fmt: skip


def widened_by_levels(
    tolerances: Mapping[str, Mapping[str, Tolerance]],
    graph: onnx.ModelProto,
    outputs: Sequence[Output],
    asks: Sequence[Ask],
) -> dict[str, dict[str, Tolerance]]:
    """The tolerances, wider where a value of some ask may land one level beside."""
    moved = {output.name: FACTOR * worth for output, worth in zip(outputs, _worth(graph, outputs, asks), strict=True)}
    return {
        name: {precision: _wider(tolerance, moved.get(name, 0.0)) for precision, tolerance in held.items()}
        for name, held in tolerances.items()
    }


def behind_rounding(graph: onnx.GraphProto) -> list[str]:
    """QuantizeLinear nodes whose float input follows the kernel."""
    follows: set[str] = set()
    found = []
    for node in graph.node:
        if node.op_type == "QuantizeLinear":  # what it gives are integers, a level beside at most
            found += [node.name] if node.input[0] in follows else []
        elif node.op_type not in _EXACT or follows & set(node.input):
            follows |= set(node.output)
    return found


def _worth(graph: onnx.ModelProto, outputs: Sequence[Output], asks: Sequence[Ask]) -> list[float]:
    nodes = behind_rounding(graph.graph)
    if not nodes:
        return [0.0] * len(outputs)
    names = [output.name for output in outputs]
    plain = Runs(graph)
    moved = [Runs(_moved(graph, nodes, turns)) for turns in ((1, 1), (-1, -1), (1, -1))]
    worth = dict.fromkeys(names, 0.0)
    for ask in asks:
        truth = plain(ask.inputs)
        for run in moved:
            for name, answer in run(ask.inputs).items():
                if name in worth and answer.dtype.kind == "f" and answer.shape == truth[name].shape:
                    off = np.abs(answer.astype(np.float64) - truth[name])
                    worth[name] = max(worth[name], float(off[np.isfinite(off)].max(initial=0)))
    return [worth[name] for name in names]


def _moved(graph: onnx.ModelProto, nodes: Sequence[str], turns: tuple[int, int]) -> onnx.ModelProto:
    """The graph with a Mul in front of these nodes, up and down in turns."""
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    made: list[onnx.NodeProto] = []
    for node in copy.graph.node:
        if node.name in nodes:
            index = nodes.index(node.name)
            factor, value = f"{node.name}/factor", f"{node.name}/moved"
            number = np.float32(1 + turns[index % 2] * MOVE)
            copy.graph.initializer.append(numpy_helper.from_array(np.asarray(number), factor))
            made.append(helper.make_node("Mul", [node.input[0], factor], [value]))
            node.input[0] = value
        made.append(node)
    del copy.graph.node[:]
    copy.graph.node.extend(made)
    return copy


def _wider(tolerance: Tolerance, level: float) -> Tolerance:
    if not level:
        return tolerance
    unit = 10.0 ** (math.floor(math.log10(level)) - 1)
    level = float(f"{math.ceil(level / unit - 1e-9) * unit:.2g}")
    reason = f"{tolerance.reason}; {level:g} more for values that float32 rounds to the level of int8 beside"
    return Tolerance(tolerance.atol + level, tolerance.rtol, reason)
