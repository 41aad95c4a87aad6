"""Where the graph region starts: which nodes are the first that TF.js computes.

1. Tree ensembles, and matrix products for which float32 is enough (`magnitude.py`).
2. Where there are none: what follows the last sums of products, which TF.js computes without losing digits
   (`wide_sums.py`), as long as nothing behind them makes more of float32's error.
3. Else the links at the end (Sigmoid, Softmax), else the last arithmetic. What is in front is computed in doubles.

A model that only chooses, compares and looks up starts nowhere, nor do powers, whose answers span more decades than
float32 has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from isoship.tfjs.affine import PRODUCTS, Form, affine_forms
from isoship.tfjs.canonical import Graph, Node
from isoship.tfjs.feeding import COMPARING
from isoship.tfjs.last_arithmetic import last_arithmetic, powers
from isoship.tfjs.magnitude import MOST_WEIGHTS_IN_JAVASCRIPT, float32_is_enough, size_of, weights_of
from isoship.tfjs.wide_sums import is_possible

TREES = "ml.TreeEnsemble"
LINKS = frozenset({"LogSoftmax", "Sigmoid", "Softmax"})
#: They turn an error into a relative one of their result, however large what they are given is.
_GROWING = frozenset({"Exp", "Log", "LogSoftmax", "Pow", "ReduceLogSumExp"})
#: They give numbers of modest size, whose errors are theirs.
_SQUASHING = frozenset({"Sigmoid", "Softmax", "Tanh"})
_DECIDING = COMPARING | {"ArgMax", "ArgMin"}
_ADDING = frozenset({"Add", "CumSum", "ReduceMean", "ReduceSum", "Sub"})


@dataclass(frozen=True)
class Starts:
    """outputs: the first output of every node that opens the graph region. wide: the sums that such nodes are fed with,
    or that are outputs themselves."""

    outputs: set[str]
    wide: Mapping[str, Form] = field(default_factory=dict)


def starts_of(graph: Graph, before_trees: set[str], at_end: set[str], *, in_doubles: bool = False) -> Starts:
    """before_trees: values from which a tree ensemble is reached. at_end: exponentials that JavaScript computes.

    in_doubles: what is neither a tree nor such a product starts nothing.
    """
    plain = _trees_and_products(graph, before_trees)
    if plain or in_doubles:
        return Starts(plain)
    forms = affine_forms(graph)
    wide = _last_sums(graph, forms, at_end)
    if wide:
        behind = [node for node in graph.nodes if wide.keys() & set(node.inputs) and node.outputs[0] not in forms]
        return Starts({node.outputs[0] for node in behind}, wide)
    return Starts(_last_links(graph) or last_arithmetic(graph, at_end))


def ancestors(graph: Graph, ops: frozenset[str] | set[str]) -> set[str]:
    """Every value from which a node with one of these ops is reached."""
    values: set[str] = set()
    for node in reversed(graph.nodes):
        if node.op in ops or values.intersection(node.outputs):
            values.update(node.inputs)
    return values


def _trees_and_products(graph: Graph, before_trees: set[str]) -> set[str]:
    starts: set[str] = set()
    sizes: dict[str, float] = {}
    inside: set[str] = set()  # values that the graph region has made
    for node in graph.nodes:
        opens = node.op == TREES or (
            node.op in PRODUCTS
            and node.outputs[0] not in before_trees
            and (inside.intersection(node.inputs) or not _better_in_doubles(node, graph, sizes))
        )
        if opens:
            starts.add(node.outputs[0])
        if opens or inside.intersection(node.inputs):
            inside.update(node.outputs)
        sizes.update(dict.fromkeys(node.outputs, size_of(node, graph, sizes)))
    return starts


def _better_in_doubles(node: Node, graph: Graph, sizes: dict[str, float]) -> bool:
    weights = weights_of(node, graph)
    return (
        weights is not None and weights.size <= MOST_WEIGHTS_IN_JAVASCRIPT and not float32_is_enough(node, graph, sizes)
    )


def _last_sums(graph: Graph, forms: Mapping[str, Form], at_end: set[str]) -> dict[str, Form]:
    """The sums that are outputs, or that something else than another such sum is made of."""
    before_products, spread = ancestors(graph, PRODUCTS), powers(graph)
    used = {name for node in graph.nodes if node.outputs[0] not in forms for name in node.inputs} | {*graph.outputs}
    last = {
        name: form
        for name, form in forms.items()
        if name in used and name not in before_products and not spread.intersection(form.terms) and is_possible(form)
    }
    return {} if _grows(graph, last, at_end) else last


def _grows(graph: Graph, sums: Mapping[str, Form], at_end: set[str]) -> bool:
    """Whether something behind sums of any size makes more of float32's error, or of what float32 is too narrow for."""
    large, added, squared, from_one = set(sums), set[str](), set[str](), set[str]()
    for node in graph.nodes:
        given = [name for name in node.inputs if name in large]
        if not given:
            continue
        known = given[0] in sums  # its differences are taken without losing digits
        if (
            (node.op in _GROWING and node.outputs[0] not in at_end)
            or (node.op in _DECIDING and (squared.intersection(given) or not (known or _beside_zero(node, graph))))
            or (node.op == "Softmax" and not known)
            or (node.op == "Sqrt" and added.intersection(given))
            or (node.op == "Div" and node.inputs[1] in large - from_one)
        ):
            return True
        if node.op in _DECIDING | _SQUASHING:
            continue
        large.update(node.outputs)
        if node.op in _ADDING or added.intersection(given):
            added.update(node.outputs)
        if (node.op == "Mul" and len(given) > 1) or node.op == "ReduceSumSquare" or squared.intersection(given):
            squared.update(node.outputs)
        if (node.op == "Add" and graph.constant(node.inputs[1]) is not None) or from_one.intersection(given):
            from_one.update(node.outputs)  # |x| + 1: no divisor of any size
    return False


def _beside_zero(node: Node, graph: Graph) -> bool:
    """Votes and margins may be compared as they are, other numbers with 0: each has a tolerance of its own."""
    if node.op in ("ArgMax", "ArgMin"):
        return True
    other = graph.constant(node.inputs[1])
    return other is not None and not other.any()


def _last_links(graph: Graph) -> set[str]:
    """Links with neither a product nor another link behind."""
    before = ancestors(graph, PRODUCTS | LINKS)
    return {node.outputs[0] for node in graph.nodes if node.op in LINKS and node.outputs[0] not in before}
