"""What a row costs: how many rows of a request the row program answers on each target, and ONNX Runtime more.

The estimate counts what the program does, in microseconds as one core took them: from two thirds of what was measured
to twice that (14 models, from 3 to 2,000 microseconds, 2026-11-30). It reads the graph alone, so that a model has the
same border on every machine that exports it.
"""

from __future__ import annotations

from isoship.row_program.trees import Tables
from isoship.tfjs.canonical import Graph, Node

#: Microseconds: a step, an element of its output, a product in a sum, a node of a tree.
_STEP, _ELEMENT, _PRODUCT, _NODE = 0.5, 0.06, 0.035, 0.065
#: Microseconds that ONNX Runtime takes for a call and for each of its nodes, whatever the rows.
_CALL, _OF_NODE = 7.0, 0.8
#: On Lambda a first batch loads ONNX Runtime, some 40 ms: requests that take a tenth of it are spared that. Tens of
#: rows are a batch all the same.
_SPARED, _FEW = 4000.0, 32


def most_rows(graph: Graph, ensembles: list[Tables]) -> dict[str, int]:
    """Target -> the most rows of a request that the row program answers there; 0 where a row takes too long.

    A device keeps ONNX Runtime loaded, so the faster one answers.
    """
    row = cost_of(graph, ensembles)
    native = _CALL + _OF_NODE * len(graph.nodes)
    return {"edge": min(_FEW, int(native / row)), "lambda": min(_FEW, int(_SPARED / row))}


def cost_of(graph: Graph, ensembles: list[Tables]) -> float:
    """Microseconds that the row program takes for a row, about."""
    steps = sum(_cost(node, graph) for node in graph.nodes)
    return 1.0 + steps + sum(_NODE * tables.walked + _ELEMENT * tables.roots for tables in ensembles)


def _cost(node: Node, graph: Graph) -> float:
    elements = max((_size(graph.values[name].shape) for name in node.outputs if name in graph.values), default=1)
    cost = _STEP + _ELEMENT * elements
    if node.op in ("MatMul", "Gemm"):
        inner = graph.values[node.inputs[0]].shape[-1]
        cost += _PRODUCT * elements * (inner if isinstance(inner, int) else 1)
    if node.op.startswith("Reduce") or node.op in ("ArgMax", "ArgMin", "TopK", "Softmax", "LogSoftmax", "CumSum"):
        cost += _ELEMENT * _size(graph.values[node.inputs[0]].shape)
    return cost


def _size(shape: tuple[int | str | None, ...]) -> int:
    """Elements, of one row."""
    size = 1
    for length in shape:
        size *= length if isinstance(length, int) else 1
    return size
