"""The last arithmetic of a model without trees, products and links: where its graph starts.

Scalers, distances to a few points, naive Bayes, interpolation. What is in front is computed in doubles. What is behind
has to bear float32: it moves and chooses numbers, and compares them with 0 or with the constant that takes their place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from isoship.tfjs.canonical import Graph, Node
from isoship.tfjs.feeding import COMPARING
from isoship.tfjs.magnitude import sizes_of

_ARITHMETIC = frozenset(
    {"Add", "ArgMax", "ArgMin", "CumSum", "Div", "Exp", "Log", "Mul", "Reciprocal", "ReduceL1", "ReduceL2",
     "ReduceLogSumExp", "ReduceMean", "ReduceSum", "ReduceSumSquare", "Sqrt", "Sub", "Tanh"}
)  # fmt: skip
#: Of terms of any size they lose what cancels.
_TOTALS = frozenset({"CumSum", "ReduceMean", "ReduceSum"})
_BEARING = frozenset(
    {"Abs", "And", "Cast", "Clip", "Concat", "Flatten", "Gather", "Identity", "IsNaN", "Max", "Min", "Neg", "Not",
     "Or", "Reshape", "Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze", "Where"}
)  # fmt: skip


def last_arithmetic(graph: Graph, at_end: set[str]) -> set[str]:
    """The first output of every such node. at_end: exponentials that JavaScript computes."""
    users: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            users.setdefault(name, []).append(node)
    found: set[str] = set()
    before: set[str] = set()  # values that something needs in doubles, or that a start is made of
    sizes, spread = sizes_of(graph), powers(graph)
    for node in reversed(graph.nodes):
        mine = node.op in _ARITHMETIC and node.outputs[0] not in at_end and _is_real(node, graph)
        narrow = (
            _is_share(node, graph)
            or (node.op in _TOTALS and not math.isfinite(sizes.get(node.inputs[0], math.inf)))
            or bool(spread & set(node.inputs))
        )
        if mine and not narrow and not before.intersection(node.outputs):
            found.add(node.outputs[0])
        bears = node.op in _BEARING or node.outputs[0] in at_end or _compares_well(node, graph, users)
        if mine or not bears or before.intersection(node.outputs):
            before.update(node.inputs)
    return found


def powers(graph: Graph) -> set[str]:
    """What is made of exponentials and ends in more than probabilities and labels: 1e42 is a double and no float32.

    Those of a number that is scaled by a negative one are kernels, at most 1.
    """
    makers = {out: node for node in graph.nodes for out in node.outputs}
    made: set[str] = set()
    for node in graph.nodes:
        grows = node.op == "Exp" and not _is_negative(makers.get(node.inputs[0]), graph)
        if grows or made.intersection(node.inputs):
            made.update(node.outputs)
    ends = {name for name in graph.outputs if not name.startswith(("label", "probabilities"))}
    for node in reversed(graph.nodes):
        if ends.intersection(node.outputs):
            ends.update(node.inputs)
    return made & ends


def _is_negative(node: Node | None, graph: Graph) -> bool:
    factor = graph.constant(node.inputs[1]) if node is not None and node.op in ("Mul", "Div") else None
    return factor is not None and bool((factor < 0).all())


def _is_real(node: Node, graph: Graph) -> bool:
    computed = [name for name in node.inputs if name and graph.constant(name) is None]
    return bool(computed) and all(graph.values[name].dtype in ("double", "float") for name in computed)


def _is_share(node: Node, graph: Graph) -> bool:
    """x / sum(x), which float32 is too narrow for: numbers of 1e-60 have shares, too. Either side may have a default
    where the sum is 0."""
    if node.op != "Div":
        return False
    above, below = ({name, *_defaulted(name, graph)} for name in node.inputs)
    return any(each.op == "ReduceSum" and each.inputs[0] in above and each.outputs[0] in below for each in graph.nodes)


def _defaulted(name: str, graph: Graph) -> tuple[str, ...]:
    return next((n.inputs[1:] for n in graph.nodes if n.op == "Where" and name in n.outputs), ())


def _compares_well(node: Node, graph: Graph, users: Mapping[str, list[Node]]) -> bool:
    """With 0, whose side is that of the sign; or to cut a number off at the constant, where both sides meet."""
    constant = graph.constant(node.inputs[1]) if node.op in COMPARING else None
    if constant is None:
        return False
    cut = all(user.op == "Where" and user.inputs[1:] == node.inputs[::-1] for user in users.get(node.outputs[0], []))
    return cut or not constant.any()
