"""How much a call computes, counted and not timed: which calls are made must not depend on the machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnx

from isoship.errors import ConversionError, InputError
from isoship.tensors.contract import Arrays
from isoship.tensors.run import Runs
from isoship.tensors.sizes import MOST_ELEMENTS, Sizes, elements
from isoship_edge.tensors.signature import Input

#: Multiplications of one call, and of all calls that are made for a model; so many are made whatever they take.
MOST_CALL, MOST, AT_LEAST = 1.5e9, 4e9, 8
_SUMS = ("Gemm", "MatMul", "FusedMatMul", "MatMulInteger", "QGemm", "Attention")


def work_of(model: onnx.ModelProto, feeds: Arrays) -> float:
    """Multiplications of one call, estimated from the sizes of what its nodes give; at least 1."""
    every = onnx.ModelProto()
    every.CopyFrom(model)
    del every.graph.output[:]
    names = [name for node in every.graph.node for name in node.output if name]
    every.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    try:
        made = Runs(every)(feeds)
    except (ConversionError, InputError):
        return 1.0
    shapes = {name: np.shape(value) if isinstance(value, np.ndarray) else () for name, value in made.items()}
    shapes |= {name: np.shape(value) for name, value in feeds.items()}
    shapes |= {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    return max(1.0, sum(_of_node(node, shapes) for node in model.graph.node))


def _of_node(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> float:
    first, second = (shapes.get(name, ()) for name in [*node.input, "", ""][:2])
    made = math.prod(shapes.get(node.output[0], ())) if node.output else 0
    if node.op_type in ("Conv", "QLinearConv", "ConvInteger") and second and second[0]:
        return made * math.prod(second) / second[0]
    if node.op_type == "ConvTranspose" and second and second[0]:
        return math.prod(first) * math.prod(second) / second[0]
    if node.op_type in ("LSTM", "GRU", "RNN") and len(first) == 3:
        return math.prod(first[:2]) * math.prod(second) * 2.0
    return made * float(first[-1] if node.op_type in _SUMS and first else 1)


class Work:
    """What calls compute, in proportion to the elements of one that was counted. most: elements of a call."""

    def __init__(self, graph: onnx.ModelProto, inputs: Sequence[Input], feeds: Arrays) -> None:
        self._inputs = inputs
        held = max(1, sum(array.size for array in feeds.values()))
        self._each = work_of(graph, feeds) / held
        self.most = int(max(held, min(MOST_ELEMENTS, MOST_CALL / self._each)))

    def of(self, sizes: Sizes) -> float:
        return self._each * elements(self._inputs, sizes)
