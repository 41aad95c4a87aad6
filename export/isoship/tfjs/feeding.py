"""What JavaScript hands the graph's first nodes: ranks for trees, pieces for wide sums, differences for the rest.

Of scores before a Softmax or an ArgMax only the differences count, so they are fed less the best of them: that is a
subtraction of doubles, and float32 keeps what is left of large scores. What is compared is fed as a difference, too,
and sums are fed in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from isoship.tfjs.affine import Form, form_of
from isoship.tfjs.canonical import Graph, Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission
from isoship.tfjs.program import Program, ranks_of
from isoship.tfjs.program_ops import PROGRAM_OPS
from isoship.tfjs.trees import layout_of
from isoship.tfjs.wide_sums import wide_sum

COMPARING = frozenset({"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})
#: How many bits the whole numbers of a sum have, and the sizes between which it is cut up.
_BITS, _LEAST, _MOST = 22, 1e-290, 1e300
#: What is taken off the numbers of a row that only their differences matter of.
_BEST = {"ArgMax": "ReduceMax", "ArgMin": "ReduceMin", "LogSoftmax": "ReduceMax", "Softmax": "ReduceMax"}


class Feeding:
    """The feeds of one graph under construction. sums: values that the graph computes itself, from pieces."""

    def __init__(self, graph: Graph, emission: Emission, program: Program, sums: Mapping[str, Form]) -> None:
        self.graph, self.emission, self.program, self.sums = graph, emission, program, sums
        self.notes: list[str] = []
        self._wide: dict[str, Tensor] = {}

    def ranks(self, node: Node, early: bool) -> None:
        """Appends the steps that make a tree ensemble's ranks."""
        if not early:
            raise node.refuse("its features come from another tree ensemble or from after the graph")
        self.emission.prefix[ranks_of(node)] = self.program.add_ranks(node, layout_of(node))
        inexact = sorted({n.op for n in _upstream(self.graph, node.inputs[0]) if not PROGRAM_OPS[n.op].exact})
        if inexact:
            self.notes.append(
                f"in the browser the trees' features pass {', '.join(inexact)}, whose last bit may differ between"
                " engines: a row that lies exactly on a threshold may take the other branch there"
            )

    @contextmanager
    def given(self, node: Node, *, opens: bool) -> Iterator[None]:
        """Within it, a node that opens the graph finds its inputs as it should take them."""
        fed = self._inputs(node) if opens else {}
        tensors = self.emission.tensors
        kept = {name: tensors[name] for name in fed if name in tensors}
        tensors.update(fed)
        try:
            yield
        finally:
            for name in fed:
                del tensors[name]
            tensors.update(kept)

    def wide(self, name: str) -> Tensor:
        """The tensor of a wide sum."""
        if name not in self._wide:
            self._wide[name] = wide_sum(name, self.sums[name], self.emission, self.program)
        return self._wide[name]

    def _inputs(self, node: Node) -> dict[str, Tensor]:
        source = node.inputs[0]
        if node.op in _BEST and _along_last(node, self.graph):
            return {source: self._centred(source, _BEST[node.op])}
        if node.op in COMPARING and self.sums.keys() & set(node.inputs):
            return self._compared(node)
        double = self.graph.values[node.outputs[0]].dtype == "double"
        if node.op in ("Add", "Sub") and double and not self.sums and len({*node.inputs}) == 2:
            return self._added(node)
        return {name: self.wide(name) for name in dict.fromkeys(node.inputs) if name in self.sums}

    def _added(self, node: Node) -> dict[str, Tensor]:
        """a + b or a - b, and 0. Each side is a whole number of the same small units, which float32 adds exactly, and
        what is left: two large numbers lose nothing when they cancel."""
        program, out = self.program, node.outputs[0]

        def step(op: str, what: str, *arguments: str) -> str:
            program.append(program.prefix, op, list(arguments), [f"{out}/{what}"], {})
            return program.names[f"{out}/{what}"]

        def number(value: float) -> str:
            return program.constant(np.array(value, np.float64))

        sides = [program.name(name) for name in node.inputs]
        sizes = [step("Abs", f"size {i}", side) for i, side in enumerate(sides)]
        largest = step("Max", "largest", *sizes, number(_LEAST))
        unit = step("Mul", "unit", step("Min", "finite", largest, number(_MOST)), number(2.0**-_BITS))
        parts = []
        for i, side in enumerate(sides):
            share = step("Div", f"share {i}", side, unit)
            whole = step("Round", f"whole {i}", share)
            rest = step("Sub", f"rest {i}", share, whole)
            step("Where", f"left {i}", step("IsNaN", f"none {i}", rest), number(0.0), rest)  # of infinity
            parts.append([self._fed(f"{out}/{what} {i}", out) for what in ("whole", "left")])
        e, op = self.emission, "AddV2" if node.op == "Add" else "Sub"
        wholes, rests = (e.op(op, *pair) for pair in zip(*parts, strict=True))
        total = e.op("Mul", e.op("AddV2", wholes, rests), self._fed(f"{out}/unit", out))
        return {node.inputs[0]: total, node.inputs[1]: e.const(np.float32(0))}

    def _fed(self, name: str, like: str) -> Tensor:
        """A step's result as a placeholder with the shape of another value."""
        self.emission.prefix[name] = self.graph.values[like]
        return self.emission.feed(name)

    def _compared(self, node: Node) -> dict[str, Tensor]:
        """The difference of both sides, and 0."""
        first, second = (form_of(name, self.graph, self.sums) for name in node.inputs)
        if first is None or second is None:
            raise CannotLower("it compares a sum with what is no column of numbers")
        left, name = node.inputs[0], f"{node.outputs[0]}/difference"
        self._wide[name] = wide_sum(name, first.minus(second), self.emission, self.program)
        return {left: self._wide[name], node.inputs[1]: self.emission.const(np.float32(0))}

    def _centred(self, source: str, reduce: str) -> Tensor:
        """A row's numbers less the best of them, found in doubles: large scores keep their differences."""
        best, centred = f"{source}/{reduce}", f"{source}/less {reduce}"
        if centred in self._wide:
            return self._wide[centred]
        rank = self.graph.values[source].rank
        axes = self.program.constant(np.array([rank - 1], np.int64))
        attrs = {"keepdims": 1, "noop_with_empty_axes": 0}
        self.program.append(self.program.prefix, reduce, [self.program.name(source), axes], [best], attrs)
        if source in self.sums:
            form = self.sums[source]
            less = Form({best: np.full((1, form.columns), -1.0)}, np.zeros(form.columns))
            self._wide[centred] = wide_sum(centred, form.plus(less), self.emission, self.program)
        else:
            given = [self.program.name(source), self.program.names[best]]
            self.program.append(self.program.prefix, "Sub", given, [centred], {})
            self.emission.prefix[centred] = self.graph.values[source]
            self._wide[centred] = self.emission.feed(centred)
        return self._wide[centred]


def _along_last(node: Node, graph: Graph) -> bool:
    value = graph.values[node.inputs[0]]
    return value.dtype in ("double", "float") and int(node.attrs["axis"]) % value.rank == value.rank - 1


def _upstream(graph: Graph, value: str) -> list[Node]:
    wanted, found = {value}, []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            found.append(node)
    return found
