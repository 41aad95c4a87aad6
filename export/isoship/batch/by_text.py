"""What a graph makes of its text columns alone, column by column: computed once for each distinct text.

A column of a million cities holds forty. In front of the model stand lookups, comparisons and selections each of whose
columns depends on one text column (`columnwise` finds how far they go); what they hand on is a number for each text,
a table that every row picks its line from. The operators that make the table are the graph's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.attributes import attributes_of

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]

#: Each value of the result is made of the one in its place.
_ONE = "Abs Cast Ceil Exp Floor Identity IsInf IsNaN LabelEncoder Log Neg Not Reciprocal Round Sign Sqrt"
_MORE = "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or Pow Sub Where Xor"
_EACH = frozenset(f"{_ONE} {_MORE}".split())


@dataclass(frozen=True)
class Frontier:
    """A tensor [N, W] that the rest of the graph is given. sources: [W], the text column behind each of its columns."""

    name: str
    sources: tuple[str, ...]


def columnwise(model: onnx.ModelProto, texts: list[str]) -> tuple[list[Frontier], list[onnx.NodeProto]] | None:
    """The tensors that text columns are handed on as, and the nodes that make them.

    texts: the names of the graph's string inputs, each [N, 1]. None where a text goes on as text, or nothing is made.
    """
    from onnx import numpy_helper

    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    sources: dict[str, tuple[str, ...]] = {name: (name,) for name in texts}
    is_text = set(texts)
    made, rest = [], []
    for node in model.graph.node:
        found = _sources(node, sources, constants)
        if found is None:
            rest.append(node)
            continue
        sources[node.output[0]] = found
        if _makes_text(node, is_text, constants):
            is_text.add(node.output[0])
        made.append(node)
    asked = {name for node in rest for name in node.input} | {one.name for one in model.graph.output}
    frontier = [Frontier(name, found) for name, found in sources.items() if name in asked]
    if any(one.name in is_text for one in frontier) or not made:
        return None
    return frontier, made


def _sources(
    node: onnx.NodeProto, sources: dict[str, tuple[str, ...]], constants: dict[str, Array]
) -> tuple[str, ...] | None:
    """The text column behind each column of a node's result; None where there is another, or more than one."""
    if len(node.output) != 1 or not any(name in sources for name in node.input):
        return None
    if any(name not in sources and name not in constants for name in node.input):
        return None
    attributes = attributes_of(node)
    if node.op_type == "Concat":
        if attributes.get("axis") != 1 or any(name in constants for name in node.input):
            return None
        return tuple(source for name in node.input for source in sources[name])
    if node.op_type == "Gather":
        return _gathered(node, attributes.get("axis", 0), sources, constants)
    if node.op_type not in _EACH:
        return None
    width = 1
    for name in node.input:
        shape = (1, len(sources[name])) if name in sources else constants[name].shape
        if len(shape) > 2 or (len(shape) == 2 and shape[0] != 1):
            return None
        width = max(width, shape[-1] if shape else 1)
    behind: list[str | None] = [None] * width
    for name in node.input:
        if name in sources:
            own = sources[name] if len(sources[name]) == width else sources[name] * width
            if len(own) != width or any(b not in (None, o) for b, o in zip(behind, own, strict=True)):
                return None
            behind = list(own)
    return tuple(map(str, behind))


def _gathered(
    node: onnx.NodeProto, axis: int, sources: dict[str, tuple[str, ...]], constants: dict[str, Array]
) -> tuple[str, ...] | None:
    data, places = node.input
    if axis == 0 and data in constants and constants[data].ndim == 1 and places in sources:
        return sources[places]
    if axis == 1 and data in sources and places in constants and constants[places].ndim == 1:
        return tuple(sources[data][int(i)] for i in constants[places])
    return None


def _makes_text(node: onnx.NodeProto, is_text: set[str], constants: dict[str, Array]) -> bool:
    if node.op_type == "LabelEncoder":
        return any(name.startswith("values_string") for name in attributes_of(node))
    if node.op_type in ("Concat", "Identity", "Where", "Gather"):
        return any(name in is_text or (name in constants and constants[name].dtype.kind in "OUS") for name in (
            node.input[:1] if node.op_type == "Gather" else node.input
        ))  # fmt: skip
    return node.op_type == "Cast" and attributes_of(node).get("to") == 8
