"""The places of a canonical graph where something changes side: splits, comparisons, scaled and imputed values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.attributes import attributes_of
from isoship.rows.columns import Array
from isoship.rows.probe import Thresholds

if TYPE_CHECKING:
    import onnx

TREES = ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")
PRODUCTS = ("MatMul", "Gemm", "LinearClassifier", "LinearRegressor", "SVMClassifier", "SVMRegressor")
COMPARISONS = ("Less", "LessOrEqual", "Greater", "GreaterOrEqual")

#: TreeEnsemble v5 `nodes_modes` (LEQ LT GTE GT EQ NEQ MEMBER), and what older opsets call them.
_MODES = {"BRANCH_LEQ": 0, "BRANCH_LT": 1, "BRANCH_GTE": 2, "BRANCH_GT": 3, "BRANCH_EQ": 4, "BRANCH_NEQ": 5, "LEAF": -1}
#: Is below strict, by mode? x >= t and x < t part at the same place, and so do x > t and x <= t.
_STRICT = np.array([False, True, True, False])
_EQUAL, _MEMBER = (4, 5), 6


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
            is_model = (node.op_type in TREES or node.op_type in PRODUCTS) and bool(sources)
            for out in node.output:
                self.upstream[out] = sources
                if is_model or any(i in self.after_model for i in node.input):
                    self.after_model.add(out)

    def in_prefix(self, tensor: str) -> bool:
        """It depends on the input, and lies in front of every tree ensemble and matrix product."""
        return bool(self.upstream.get(tensor)) and tensor not in self.after_model


def split_thresholds(graph: Graph) -> list[Thresholds]:
    """The splits of the tree ensembles in the graph, each once; those of one tensor together, ascending."""
    found: dict[str, list[tuple[Array, Array, Array]]] = {}
    for node in graph.nodes:
        if node.op_type in TREES and graph.in_prefix(node.input[0]):
            found.setdefault(node.input[0], []).extend(_splits(attributes_of(node)))
    made = []
    for tensor, parts in found.items():
        feature, threshold, strict = (np.concatenate(one) for one in zip(*parts, strict=True))
        order = np.lexsort((strict, threshold, feature))
        feature, threshold, strict = feature[order], threshold[order], strict[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(feature) != 0) | (threshold[1:] != threshold[:-1]) | (strict[1:] != strict[:-1])
        made.append(Thresholds(tensor, feature[new], threshold[new], strict[new]))
    return made


def _splits(a: dict[str, Any]) -> Iterator[tuple[Array, Array, Array]]:
    """(feature, threshold, strict) of an ensemble's nodes, by kind of comparison, as often as they occur."""
    named = ("nodes_splits", "nodes_values_as_tensor", "nodes_values")
    threshold = np.asarray(next(a[k] for k in named if len(a.get(k, ())) > 0)).astype(np.float64)
    feature = np.asarray(a["nodes_featureids"], np.int64)
    modes = a["nodes_modes"]
    if isinstance(modes, list):
        modes = [_MODES[m.decode() if isinstance(m, bytes) else m] for m in modes]
    mode = np.asarray(modes).astype(np.int64)
    plain = (mode >= 0) & (mode < len(_STRICT))
    yield feature[plain], threshold[plain], _STRICT[mode[plain]]
    equal = np.isin(mode, _EQUAL)
    for strict in (False, True):
        yield feature[equal], threshold[equal], np.full(int(equal.sum()), strict)
    if "membership_values" in a:
        members = np.asarray(a["membership_values"]).astype(np.float64)
        members, asking = np.unique(members[~np.isnan(members)]), np.unique(feature[mode == _MEMBER])
        for strict in (False, True):
            both = np.repeat(asking, len(members)), np.tile(members, len(asking))
            yield *both, np.full(len(both[0]), strict)


def comparison_thresholds(graph: Graph, widths: dict[str, int]) -> Iterator[Thresholds]:
    """Every comparison with constants in the prefix: its result is 0 or 1, so it crosses one half.

    widths: tensor -> how many values a row it holds.
    """
    for tensor in comparison_results(graph):
        yield _thresholds(tensor, [(k, 0.5, False) for k in range(widths[tensor])])


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


def thresholds_at(tensor: str, features: Sequence[int], values: Sequence[float]) -> Thresholds:
    """These features of a tensor at each of these values."""
    return _thresholds(tensor, [(k, v, True) for k in features for v in values])


def _thresholds(tensor: str, found: Sequence[tuple[int, float, bool]]) -> Thresholds:
    return Thresholds(
        tensor,
        np.array([f for f, _, _ in found], dtype=np.int64),
        np.array([t for _, t, _ in found], dtype=np.float64),
        np.array([s for _, _, s in found], dtype=np.bool_),
    )
