"""Cuts a canonical graph in three: prefix (JavaScript, doubles), graph (TF.js), suffix (JavaScript).

1. Where the graph starts is chosen in `starts.py`; everything in front of a tree ensemble is prefix, because ranks must
   come from exact features.
2. What needs nothing but prefix values is prefix, where JavaScript has it.
3. What comes after the graph's first node is graph where it has a lowering, else suffix (class names, int64).
4. An exponential at the end is suffix: float32's error of an exponent is a relative error of the answer, and its own
   exponential would add to it, overflow and lose small answers.
5. A model without a number to compute (it chooses, compares, looks up; powers) leaves the graph nothing, which hands
   the results through; a note says so, and a check counts no such graph (`isoship.parity.web_graph`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from isoship.errors import UnsupportedModelError
from isoship.onnx.exponentials import Step, last_exponentials
from isoship.tfjs.canonical import Graph
from isoship.tfjs.feeding import Feeding
from isoship.tfjs.lowering import CannotLower, Emission
from isoship.tfjs.program import Program
from isoship.tfjs.starts import TREES, Starts, ancestors, starts_of
from isoship.tfjs.steps import NotInJavaScript


@dataclass
class Partition:
    """The three regions. notes: what a reader of the export should know."""

    emission: Emission
    program: Program
    notes: list[str] = field(default_factory=list)


def partition(graph: Graph, *, in_doubles: bool = False) -> Partition:
    """Places every node. in_doubles: the graph takes trees, and products that float32 is enough for, and nothing else.

    Raises:
        UnsupportedModelError: a node has a place neither in TF.js nor in JavaScript.
    """
    before_trees = ancestors(graph, {TREES})
    at_end = last_exponentials(
        [Step(node.op, node.inputs, node.outputs) for node in graph.nodes],
        graph.constants,
        [name for name in graph.outputs if not name.startswith(("label", "probabilities"))],
    )
    starts = starts_of(graph, before_trees, at_end, in_doubles=in_doubles)
    return _place(graph, starts, before_trees, at_end)


def _place(graph: Graph, starts: Starts, before_trees: set[str], at_end: set[str]) -> Partition:
    emission, program = Emission(graph), Program(graph)
    feeding = Feeding(graph, emission, program, starts.wide)
    late: set[str] = set()  # values that the suffix makes
    for node in graph.nodes:
        needed = {name for name in node.inputs if name and name not in graph.constants}
        early = needed <= emission.prefix.keys()
        out = node.outputs[0]
        reasons = []
        if early and out not in starts.outputs:
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
            feeding.ranks(node, early)
        if not late.intersection(needed) and out not in at_end:
            try:
                with feeding.given(node, opens=early and out in starts.outputs):
                    emission.lower(node)
            except CannotLower as err:
                reasons.append(str(err))
            else:
                continue
        if node.op == TREES:
            raise node.refuse(reasons[-1])
        try:
            for name in sorted(needed & emission.tensors.keys()):
                _fetch(graph, emission, program, name)
            with _by_the_graph(graph, emission, program, feeding, needed if out in starts.outputs else set()):
                program.add(program.suffix, node)
        except NotInJavaScript as err:
            raise node.refuse("; ".join(dict.fromkeys([*reasons, str(err)]))) from err
        late.update(node.outputs)
    for name in graph.outputs:
        if name in starts.wide and name in emission.prefix:
            emission.tensors[name] = feeding.wide(name)
    notes = feeding.notes + _close(graph, emission, program)
    return Partition(emission, program, notes)


@contextmanager
def _by_the_graph(
    graph: Graph, emission: Emission, program: Program, feeding: Feeding, needed: set[str]
) -> Iterator[None]:
    """Within it, a step of the suffix takes wide sums from the graph, and not those that JavaScript has as well."""
    kept = {}
    for name in sorted(needed & feeding.sums.keys() & emission.prefix.keys()):
        kept[name] = program.names.pop(name)
        emission.tensors[name] = feeding.wide(name)
        _fetch(graph, emission, program, name)
    yield
    for name, own in kept.items():
        program.names[name] = own
        del emission.tensors[name]


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


def _close(graph: Graph, emission: Emission, program: Program) -> list[str]:
    """Names the outputs, drops what none of them needs, and gives an empty graph something to hand through; notes."""
    notes = []
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
        notes.append(
            "this model has nothing that TF.js could compute without losing digits (it chooses, compares or looks up,"
            " or its answers span more decades than float32 has); JavaScript computes it in doubles, model.json hands"
            " the answers through, and a check does not count it"
        )
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
    return notes


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
