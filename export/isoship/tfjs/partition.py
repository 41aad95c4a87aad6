"""Cuts a canonical graph in three: prefix (JavaScript, doubles), graph (TF.js), suffix (JavaScript).

1. Everything in front of a tree ensemble is prefix: ranks must come from exact features.
2. A matrix product goes to the graph, unless float32 is not enough for it and JavaScript can do it cheaply
   (`magnitude.py`); then it is prefix.
3. What needs nothing but prefix values is prefix, where JavaScript has it.
4. What comes after the graph's first node is graph where it has a lowering, else suffix (class names, int64).
5. An exponential at the end is suffix: float32's error of an exponent is a relative error of the answer, and its own
   exponential would add to it, overflow and lose small answers.
6. Where that leaves no tree and no product in the graph, the links at the end (Sigmoid, Softmax) start it; where there
   is none either, the program computes everything in doubles and the graph hands the results through.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isoship.errors import UnsupportedModelError
from isoship.onnx.exponentials import Step, last_exponentials
from isoship.tfjs.canonical import Graph, Node
from isoship.tfjs.lowering import CannotLower, Emission
from isoship.tfjs.magnitude import MOST_WEIGHTS_IN_JAVASCRIPT, float32_is_enough, size_of, weights_of
from isoship.tfjs.program import Program, ranks_of
from isoship.tfjs.program_ops import PROGRAM_OPS
from isoship.tfjs.steps import NotInJavaScript
from isoship.tfjs.trees import layout_of

TREES = "ml.TreeEnsemble"
PRODUCTS = frozenset({"MatMul", "Gemm"})
LINKS = frozenset({"LogSoftmax", "Sigmoid", "Softmax"})


@dataclass
class Partition:
    """The three regions. notes: what a reader of the export should know."""

    emission: Emission
    program: Program
    notes: list[str] = field(default_factory=list)


def partition(graph: Graph) -> Partition:
    """Places every node.

    Raises:
        UnsupportedModelError: a node has a place neither in TF.js nor in JavaScript.
    """
    before_trees = _ancestors(graph, {TREES})
    return _place(graph, _starts(graph, before_trees) or _last_links(graph), before_trees)


def _starts(graph: Graph, before_trees: set[str]) -> set[str]:
    """The first output of every node that opens the graph region: tree ensembles, products fit for float32."""
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


def _last_links(graph: Graph) -> set[str]:
    """Links with neither a product nor another link after them."""
    before = _ancestors(graph, PRODUCTS | LINKS | {TREES})
    return {node.outputs[0] for node in graph.nodes if node.op in LINKS and node.outputs[0] not in before}


def _place(graph: Graph, starts: set[str], before_trees: set[str]) -> Partition:
    emission, program, notes = Emission(graph), Program(graph), list[str]()
    late: set[str] = set()  # values that the suffix makes
    at_end = last_exponentials(
        [Step(node.op, node.inputs, node.outputs) for node in graph.nodes],
        graph.constants,
        [name for name in graph.outputs if not name.startswith(("label", "probabilities"))],
    )
    for node in graph.nodes:
        needed = {name for name in node.inputs if name and name not in graph.constants}
        early = needed <= emission.prefix.keys()
        out = node.outputs[0]
        reasons = []
        if early and out not in starts:
            try:
                program.add(program.prefix, node)
            except NotInJavaScript as err:
                reasons.append(str(err))
                if out in before_trees:
                    raise node.refuse(f"it stands in front of trees, and {err}") from err
            else:
                emission.prefix.update({name: graph.values[name] for name in node.outputs})
                continue
        if node.op == TREES:
            _feed_ranks(graph, emission, program, node, early, notes)
        if not late.intersection(needed) and out not in at_end:
            try:
                if out in starts and node.op in ("Softmax", "LogSoftmax") and early:
                    _centre(graph, emission, program, node)
                emission.lower(node)
            except CannotLower as err:
                reasons.append(str(err))
            else:
                continue
        if node.op == TREES:
            raise node.refuse(reasons[-1])
        try:
            for name in needed & emission.tensors.keys():
                _fetch(graph, emission, program, name)
            program.add(program.suffix, node)
        except NotInJavaScript as err:
            raise node.refuse("; ".join(dict.fromkeys([*reasons, str(err)]))) from err
        late.update(node.outputs)
    _close(graph, emission, program)
    return Partition(emission, program, notes)


def _feed_ranks(graph: Graph, emission: Emission, program: Program, node: Node, early: bool, notes: list[str]) -> None:
    if not early:
        raise node.refuse("its features come from another tree ensemble or from after the graph")
    layout = layout_of(node)
    emission.prefix[ranks_of(node)] = program.add_ranks(node, layout)
    inexact = sorted({n.op for n in _upstream(graph, node.inputs[0]) if not PROGRAM_OPS[n.op].exact})
    if inexact:
        notes.append(
            f"in the browser the trees' features pass {', '.join(inexact)}, whose last bit may differ between engines:"
            " a row that lies exactly on a threshold may take the other branch there"
        )


def _centre(graph: Graph, emission: Emission, program: Program, node: Node) -> None:
    """Feeds a Softmax with its input less the highest score, in doubles: large scores keep their differences."""
    source = node.inputs[0]
    axis = int(node.attrs["axis"]) % graph.values[source].rank
    highest, centred = f"{source}/highest", f"{source}/centred"
    axes = program.constant(np.array([axis], np.int64))
    attrs = {"keepdims": 1, "noop_with_empty_axes": 0}
    program.append(program.prefix, "ReduceMax", [program.name(source), axes], [highest], attrs)
    program.append(program.prefix, "Sub", [program.name(source), program.names[highest]], [centred], {})
    emission.prefix[centred] = graph.values[source]
    emission.tensors[source] = emission.feed(centred)


def _fetch(graph: Graph, emission: Emission, program: Program, name: str) -> None:
    """Makes a value of the graph known to the suffix, in the dtype that ONNX gives it."""
    if name in program.names:
        return
    tensor = emission.data(name)
    fetched = _fetched(graph, emission, program, name)
    value = graph.values[name]
    kind = {"float32": "float", "int32": "int32", "bool": "bool"}[tensor.dtype]
    program.names[name] = fetched
    if kind != value.dtype:
        program.append(program.suffix, "Cast", [fetched], [name], {"to": value.dtype})


def _fetched(graph: Graph, emission: Emission, program: Program, name: str, title: str = "value") -> str:
    """Ends the graph in a node of its own for this value; the name under which the program gets it."""
    tensor = emission.data(name)
    end = emission.end(tensor, title)
    made = program.fresh("g")
    shape = list(graph.values[name].shape)
    program.fetches.append({"name": end.name, "to": made, "dtype": tensor.dtype, "shape": shape})
    return made


def _close(graph: Graph, emission: Emission, program: Program) -> None:
    """Names the outputs, drops what none of them needs, and gives an empty graph something to hand through."""
    for name in graph.outputs:
        if name in emission.tensors:
            made = _fetched(graph, emission, program, name, _title(name))
            if graph.values[name].dtype == "int64":
                program.append(program.suffix, "Cast", [made], [name], {"to": "int64"})
                made = program.names[name]
            program.outputs[name] = made
        else:
            program.outputs[name] = program.name(name)
    if not program.fetches:
        _hand_through(graph, emission, program)
    fetched = [fetch["name"] for fetch in program.fetches]
    emission.g = emission.g.pruned(fetched)
    alive = {name for node in emission.g.nodes for name in node["input"]}
    for source, tensor in emission.feeds.items():
        if tensor.name in alive:
            shape = list(emission.prefix[source].shape)
            feed = {"name": tensor.name, "from": program.names[source], "dtype": tensor.dtype, "shape": shape}
            program.feeds.append(feed)
    emission.g.nodes = [n for n in emission.g.nodes if n["op"] != "Placeholder" or n["name"] in alive]
    program.drop_unused()


def _hand_through(graph: Graph, emission: Emission, program: Program) -> None:
    """The program has computed everything: the graph returns float32 copies, and a caller of the bare model.json gets
    the same outputs. The program's own outputs stay the doubles."""
    ready = [
        n for n in graph.outputs if n in emission.prefix and emission.prefix[n].dtype in ("double", "float", "bool")
    ]
    made = [n for n in emission.prefix if emission.prefix[n].dtype in ("double", "float", "bool")]
    for name in ready or made[-1:]:
        emission.tensors[name] = emission.feed(name)
        _fetched(graph, emission, program, name, _title(name))
    if not program.fetches:
        raise UnsupportedModelError(
            "the model",
            "it holds no number that TF.js could compute with",
            "Export the model without the browser: --targets lambda,edge",
        )


def _title(name: str) -> str:
    """A node name that TensorFlow accepts."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name)
    return plain if plain[:1].isalnum() else f"output{plain}"


def _ancestors(graph: Graph, ops: frozenset[str] | set[str]) -> set[str]:
    """Every value from which a node with one of these ops is reached."""
    values: set[str] = set()
    for node in reversed(graph.nodes):
        if node.op in ops or values.intersection(node.outputs):
            values.update(node.inputs)
    return values


def _upstream(graph: Graph, value: str) -> list[Node]:
    wanted, found = {value}, []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            found.append(node)
    return found
