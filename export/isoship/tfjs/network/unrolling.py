"""Control flow whose course is known ahead: branches taken, loops written out.

An `If` of a known condition becomes its branch; of an unknown one both branches, which have no effects, and a choice
between their results. A `Loop` of a known number of turns and a `Scan` over axes of known sizes become their turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

#: A loop is written out to so many nodes.
_MOST_NODES = 20_000

#: How a choice between two branches' results is named: `Where` would broadcast what an `If` may not.
CHOICE = "/choice"

Shapes = Mapping[str, tuple[Any, ...] | None]


def unrolled(model: onnx.ModelProto, shapes: Shapes) -> onnx.ModelProto | None:
    """The model with its next control flow written out, None where there is none that can be.

    shapes: what is known of each value's shape, None of its rank.
    """
    constants = {t.name: t for t in model.graph.initializer}
    version = next((o.version for o in model.opset_import if o.domain == ""), 0)
    for i, node in enumerate(model.graph.node):
        write = _WRITERS.get(node.op_type) if node.domain == "" else None
        if node.op_type == "Scan" and version < 9:  # it had sequences of several lengths
            write = None
        written = write(_Writer(node, version), constants, shapes) if write else None
        if written is None:
            continue
        nodes, tensors = written
        made = onnx.ModelProto()
        made.CopyFrom(model)
        del made.graph.node[:]
        made.graph.node.extend([*model.graph.node[:i], *nodes, *model.graph.node[i + 1 :]])
        made.graph.initializer.extend(tensors)
        return made
    return None


Written = tuple[list[onnx.NodeProto], list[onnx.TensorProto]]


class _Writer:
    """Nodes in place of one node, under names of their own."""

    def __init__(self, node: onnx.NodeProto, version: int) -> None:
        self.node = node
        self.version = version
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def add(self, op: str, inputs: Sequence[str], output: str, **attrs: Any) -> str:
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=f"{self.node.name}/{output}", **attrs))
        return output

    def constant(self, value: Any, name: str) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(value), f"{self.node.name}/{name}"))
        return self.tensors[-1].name

    def unsqueezed(self, name: str, axis: int, output: str) -> str:
        if self.version < 13:
            return self.add("Unsqueeze", [name], output, axes=[int(axis)])
        return self.add("Unsqueeze", [name, self.constant(np.array([axis], np.int64), f"{output}/axis")], output)

    def inline(self, graph: onnx.GraphProto, turn: str, given: Mapping[str, str]) -> list[str]:
        """A body's nodes for one turn; the names of its outputs."""
        prefix = f"{self.node.name}/{turn}"
        names = {"": "", **given}
        for tensor in graph.initializer:
            copied = onnx.TensorProto()
            copied.CopyFrom(tensor)
            copied.name = names[tensor.name] = f"{prefix}/{tensor.name}"
            self.tensors.append(copied)
        made = {out for node in graph.node for out in node.output if out}
        names.update({name: f"{prefix}/{name}" for name in made})
        for node in graph.node:
            self.nodes.append(_renamed(node, names, prefix))
        return [names.get(out.name, out.name) for out in graph.output]

    def done(self) -> Written:
        return self.nodes, self.tensors


def _renamed(node: onnx.NodeProto, names: Mapping[str, str], prefix: str) -> onnx.NodeProto:
    """A node under the names of a turn; bodies in it see the same names of what lies outside of them."""
    made = onnx.NodeProto()
    made.CopyFrom(node)
    made.name = f"{prefix}/{node.name or node.op_type}"
    for field in (made.input, made.output):
        for i, name in enumerate(field):
            field[i] = names.get(name, name)
    for attribute in made.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            own = {n for inner in attribute.g.node for n in inner.output}
            own |= {v.name for v in (*attribute.g.input, *attribute.g.initializer)}
            outside = {key: value for key, value in names.items() if key not in own}
            inner = [_renamed(each, outside, each.name) for each in attribute.g.node]
            del attribute.g.node[:]
            attribute.g.node.extend(inner)
            for output in attribute.g.output:
                output.name = outside.get(output.name, output.name)
    return made


def _graphs(node: onnx.NodeProto) -> dict[str, onnx.GraphProto]:
    return {a.name: a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH}


def _if(w: _Writer, constants: Mapping[str, onnx.TensorProto], _shapes: Shapes) -> Written | None:
    node = w.node
    branches = _graphs(node)
    known = constants.get(node.input[0])
    if known is not None:
        chosen = "then_branch" if bool(numpy_helper.to_array(known).any()) else "else_branch"
        for name, made in zip(node.output, w.inline(branches[chosen], chosen, {}), strict=True):
            w.add("Identity", [made], name)
        return w.done()
    yes, no = (w.inline(branches[b], b, {}) for b in ("then_branch", "else_branch"))
    for name, a, b in zip(node.output, yes, no, strict=True):
        w.nodes.append(helper.make_node("Where", [node.input[0], a, b], [name], name=f"{name}{CHOICE}"))
    return w.done()


def _loop(w: _Writer, constants: Mapping[str, onnx.TensorProto], _shapes: Shapes) -> Written | None:
    node = w.node
    body = _graphs(node)["body"]
    count = constants.get(node.input[0]) if node.input[0] else None
    goes_on = node.input[1] if len(node.input) > 1 else ""
    if count is None or (goes_on and goes_on not in constants) or not _never_stops(body):
        return None
    turns = int(numpy_helper.to_array(count).ravel()[0])
    if goes_on and not bool(numpy_helper.to_array(constants[goes_on]).any()):
        turns = 0
    if not 0 <= turns * max(1, len(body.node)) <= _MOST_NODES:
        return None
    true = w.constant(np.array(True), "true")
    carried: list[str] = list(node.input[2:])
    scans: list[list[str]] = [[] for _ in body.output[1 + len(carried) :]]
    for turn in range(turns):
        number = w.constant(np.array(turn, np.int64), f"turn{turn}")
        names = [v.name for v in body.input]
        made = w.inline(body, str(turn), dict(zip(names, [number, true, *carried], strict=False)))
        carried = made[1 : 1 + len(carried)]
        for scan, name in zip(scans, made[1 + len(carried) :], strict=True):
            scan.append(name)
    if turns == 0 and scans:
        return None
    _finish(w, carried, scans, [0] * len(scans))
    return w.done()


def _never_stops(body: onnx.GraphProto) -> bool:
    """Whether the condition that a body gives back is the one that it was given, or true."""
    makers = {out: node for node in body.node for out in node.output}
    name = body.output[0].name
    while name in makers and makers[name].op_type == "Identity":
        name = makers[name].input[0]
    if len(body.input) > 1 and name == body.input[1].name:
        return True
    found = next((t for t in body.initializer if t.name == name), None)
    if name in makers and makers[name].op_type == "Constant":
        found = next((a.t for a in makers[name].attribute if a.name == "value"), None)
    return found is not None and bool(numpy_helper.to_array(found).all())


def _scan(w: _Writer, _constants: Mapping[str, onnx.TensorProto], shapes: Shapes) -> Written | None:
    node = w.node
    attrs = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    body, count = attrs["body"], int(attrs["num_scan_inputs"])
    states = len(node.input) - count
    sources = node.input[states:]
    outputs = len(body.output) - states
    lanes = list(_lanes(sources, shapes, attrs, count))
    if len(lanes) < count or len({length for _, length, _ in lanes}) != 1:
        return None
    turns = lanes[0][1]
    if not 0 < turns * max(1, len(body.node)) <= _MOST_NODES:
        return None
    carried: list[str] = list(node.input[:states])
    scans: list[list[str]] = [[] for _ in range(outputs)]
    for turn in range(turns):
        given = []
        for k, (axis, length, backward) in enumerate(lanes):
            place = w.constant(np.array(length - 1 - turn if backward else turn, np.int64), f"place{k}_{turn}")
            given.append(w.add("Gather", [sources[k], place], f"{node.name}/in{k}_{turn}", axis=axis))
        names = [v.name for v in body.input]
        made = w.inline(body, str(turn), dict(zip(names, [*carried, *given], strict=True)))
        carried = made[:states]
        for scan, name in zip(scans, made[states:], strict=True):
            scan.append(name)
    for k, scan in enumerate(scans):
        if list(attrs.get("scan_output_directions", [0] * outputs))[k]:
            scan.reverse()
    _finish(w, carried, scans, list(attrs.get("scan_output_axes", [0] * outputs)))
    return w.done()


def _lanes(
    sources: Sequence[str], shapes: Shapes, attrs: Mapping[str, Any], count: int
) -> Iterator[tuple[int, int, bool]]:
    """Axis, length and direction of each scanned input, as far as they are known."""
    axes, directions = (list(attrs.get(f"scan_input_{x}", [0] * count)) for x in ("axes", "directions"))
    for name, axis, backward in zip(sources, axes, directions, strict=True):
        shape = shapes.get(name)
        if shape is None or not isinstance(shape[axis], int):
            return
        yield axis % len(shape), shape[axis], bool(backward)


def _finish(w: _Writer, carried: list[str], scans: list[list[str]], axes: Sequence[int]) -> None:
    """What a loop gives: its last state, and what its turns gave, side by side."""
    outputs = w.node.output
    for name, made in zip(outputs, carried, strict=False):
        if name:
            w.add("Identity", [made], name)
    for k, (name, parts, axis) in enumerate(zip(outputs[len(carried) :], scans, axes, strict=False)):
        if not name:
            continue
        wide = [w.unsqueezed(part, axis, f"{w.node.name}/out{k}_{i}") for i, part in enumerate(parts)]
        w.add("Concat", wide, name, axis=int(axis))


_WRITERS = {"If": _if, "Loop": _loop, "Scan": _scan}
