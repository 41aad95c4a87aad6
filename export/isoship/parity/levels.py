"""Where in a canonical graph something changes side: splits of trees, comparisons, scaled features, imputed values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.parity.columns import Array
from isoship.parity.probe import Levels

if TYPE_CHECKING:
    import onnx

TREES = ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")
PRODUCTS = ("MatMul", "Gemm", "LinearClassifier", "LinearRegressor", "SVMClassifier", "SVMRegressor")
COMPARISONS = ("Less", "LessOrEqual", "Greater", "GreaterOrEqual")

#: TreeEnsemble v5 `nodes_modes` (LEQ LT GTE GT EQ NEQ MEMBER) and the names of older opsets, as "is below strict?".
#: x >= t and x < t part at the same place, and so do x > t and x <= t.
_STRICT: dict[Any, bool] = {0: False, 1: True, 2: True, 3: False}
_STRICT |= {"BRANCH_LEQ": False, "BRANCH_LT": True, "BRANCH_GTE": True, "BRANCH_GT": False}
_EQUAL = (4, 5, "BRANCH_EQ", "BRANCH_NEQ")


class Graph:
    """A graph's nodes with their constants and the raw inputs upstream of each tensor."""

    def __init__(self, model: onnx.ModelProto) -> None:
        from onnx import numpy_helper

        self.nodes = list(model.graph.node)
        self.constants: dict[str, Array] = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        self.upstream: dict[str, frozenset[str]] = {i.name: frozenset([i.name]) for i in model.graph.input}
        self.after_model: set[str] = set()
        for node in self.nodes:
            if node.op_type == "Constant":
                for a in node.attribute:
                    if a.name == "value":
                        self.constants[node.output[0]] = numpy_helper.to_array(a.t)
            sources = frozenset().union(*(self.upstream.get(i, frozenset()) for i in node.input))
            heart = (node.op_type in TREES or node.op_type in PRODUCTS) and bool(sources)
            for out in node.output:
                self.upstream[out] = sources
                if heart or any(i in self.after_model for i in node.input):
                    self.after_model.add(out)

    def in_prefix(self, tensor: str) -> bool:
        """It depends on the input, and lies in front of every tree ensemble and matrix product."""
        return bool(self.upstream.get(tensor)) and tensor not in self.after_model


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python values, tensors as arrays."""
    import onnx
    from onnx import numpy_helper

    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {k: numpy_helper.to_array(v) if isinstance(v, onnx.TensorProto) else v for k, v in values.items()}


def split_levels(graph: Graph) -> Iterator[Levels]:
    """The splits of every tree ensemble in the graph, each once."""
    for node in graph.nodes:
        if node.op_type not in TREES or not graph.in_prefix(node.input[0]):
            continue
        a = attributes_of(node)
        thresholds = next(
            a[k] for k in ("nodes_splits", "nodes_values_as_tensor", "nodes_values") if len(a.get(k, ())) > 0
        )
        modes = [m.decode() if isinstance(m, bytes) else m for m in np.asarray(a["nodes_modes"]).tolist()]
        found: set[tuple[int, float, bool]] = set()
        for f, t, mode in zip(a["nodes_featureids"], np.asarray(thresholds).tolist(), modes, strict=True):
            if mode in _STRICT:
                found.add((f, t, _STRICT[mode]))
            elif mode in _EQUAL:
                found |= {(f, t, False), (f, t, True)}
        if "membership_values" in a:
            members = np.asarray(a["membership_values"])
            features = {f for f, m in zip(a["nodes_featureids"], modes, strict=True) if m == 6}
            found |= {(f, float(t), s) for f in features for t in members[~np.isnan(members)] for s in (True, False)}
        yield _levels(node.input[0], sorted(found))


def comparison_levels(graph: Graph, widths: dict[str, int]) -> Iterator[Levels]:
    """Every comparison with constants in the prefix: its result is 0 or 1, so it crosses one half.

    widths: tensor -> how many values a row it holds.
    """
    for tensor in comparison_results(graph):
        yield _levels(tensor, [(k, 0.5, False) for k in range(widths[tensor])])


def comparison_results(graph: Graph) -> list[str]:
    return [
        node.output[0]
        for node in graph.nodes
        if node.op_type in COMPARISONS
        and graph.in_prefix(node.output[0])
        and any(i in graph.constants for i in node.input)
    ]


def scaled_tensors(graph: Graph) -> list[str]:
    """The features that enter a matrix product or a tree ensemble."""
    found = [
        i
        for node in graph.nodes
        if node.op_type in TREES or node.op_type in PRODUCTS
        for i in node.input
        if graph.in_prefix(i)
    ]
    return list(dict.fromkeys(found))


def centred_tensors(graph: Graph) -> list[str]:
    """Differences from one constant a feature, such as a scaler's or a class's mean; never from a table of rows."""
    found = []
    for node in graph.nodes:
        if node.op_type != "Sub" or not graph.in_prefix(node.output[0]):
            continue
        constant = next((graph.constants[i] for i in node.input if i in graph.constants), None)
        if constant is not None and constant.dtype.kind == "f" and constant.size == max(constant.shape, default=1):
            found.append(node.output[0])
    return found


def levels_at(tensor: str, features: Sequence[int], values: Sequence[float]) -> Levels:
    """These features of a tensor at each of these values."""
    return _levels(tensor, [(k, v, True) for k in features for v in values])


def _levels(tensor: str, found: Sequence[tuple[int, float, bool]]) -> Levels:
    return Levels(
        tensor,
        np.array([f for f, _, _ in found], dtype=np.int64),
        np.array([t for _, t, _ in found], dtype=np.float64),
        np.array([s for _, _, s in found], dtype=np.bool_),
    )
