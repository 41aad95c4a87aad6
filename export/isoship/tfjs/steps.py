"""Writes one ONNX node as a step of the JavaScript program: inputs and attributes as `program_ops.py` has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from isoship.tfjs.canonical import NUMPY, Array, Graph, Node
from isoship.tfjs.program_ops import INTEGERS, PROGRAM_OPS, ProgramOp

#: How `sources/sklearn/tracing/tensors.py` names a number that is cut to what an int64 holds.
WHOLE = "whole"

#: The inputs of these operators that have to be constants, by position.
CONSTANT_INPUTS: dict[str, tuple[int, ...]] = {
    "CumSum": (1,),
    "Expand": (1,),
    "Reshape": (1,),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Unsqueeze": (1,),
}

#: The inputs that are data, where not all are: their dtypes must be among the operator's.
_DATA = {
    "Where": slice(1, 3),
    "Gather": slice(0, 1),
    "GatherElements": slice(0, 1),
    "ml.ArrayFeatureExtractor": slice(0, 1),
}

_CAST_FROM_REAL = frozenset({"double", "float", "bool"})

Input = str | Array


class NotInJavaScript(Exception):
    """JavaScript has no such step. The message is the reason."""


def step_form(
    node: Node, graph: Graph, ops: Mapping[str, ProgramOp] = PROGRAM_OPS
) -> tuple[list[Input], dict[str, Any]]:
    """Inputs (names, or arrays that become constants) and attributes. ops: the operators that there are.

    Raises:
        NotInJavaScript: the operator is not JavaScript's, or not with these dtypes, attributes or computed shapes.
    """
    op = ops.get(node.op)
    if op is None:
        raise NotInJavaScript("JavaScript does not have it")
    constant = CONSTANT_INPUTS.get(node.op, (1,) if node.op.startswith("Reduce") else ())
    for i in constant:
        if i < len(node.inputs) and node.inputs[i] and graph.constant(node.inputs[i]) is None:
            raise NotInJavaScript("its shape, axes or range are computed from the data")
    data = [name for i, name in enumerate(node.inputs) if name and i not in constant]
    for name in data[_DATA.get(node.op, slice(None))]:
        if graph.values[name].dtype not in op.dtypes:
            raise NotInJavaScript(f"JavaScript does not have it for {graph.values[name].dtype}")
    inputs: list[Input] = list(node.inputs)
    attrs = {name: node.attrs[name] for name in op.attrs if name in node.attrs}
    special = _SPELLINGS.get("Reduce" if node.op.startswith("Reduce") else node.op)
    return special(node, graph, inputs, attrs) if special else (inputs, attrs)


StepForm = tuple[list[Input], dict[str, Any]]


def _cast(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    source, target = (graph.values[name].dtype for name in (node.inputs[0], node.outputs[0]))
    if "string" in (source, target) and (source, target) not in (("int64", "string"), ("string", "string")):
        raise NotInJavaScript(f"JavaScript has no Cast from {source} to {target}")
    if target in INTEGERS and source in ("double", "float") and not _whole(node, graph):
        raise NotInJavaScript("it turns reals of unknown size into integers")
    return inputs, {"to": target}


def _whole(node: Node, graph: Graph) -> bool:
    """Whether a real is known to be a finite number of modest size: it was an integer or a bool before, a code, or cut
    to one by the graph itself."""
    producers = {out: each for each in graph.nodes for out in each.outputs}
    name = node.inputs[0]
    while name in producers:
        source = producers[name]
        if source.op == "Cast":
            return graph.values[source.inputs[0]].dtype not in ("double", "float", "string") or _whole(source, graph)
        if source.op == "ml.LabelEncoder":
            table = _label_encoder(source, graph, [], {})[1]
            return all(bool(np.all(table[role] == np.trunc(table[role]))) for role in ("values", "default"))
        if source.op == "Where" and source.name.startswith(f"Where_{WHOLE}"):
            return True
        if source.op not in ("Identity", "Reshape", "Squeeze", "Unsqueeze", "Gather", "Floor", "Round"):
            return False
        name = source.inputs[0]
    return False


def _reduce(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    rank = graph.values[node.inputs[0]].rank
    axes = graph.constant(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] else node.attrs.get("axes")
    if axes is None or len(axes) == 0:
        if attrs.get("noop_with_empty_axes"):
            raise NotInJavaScript("it reduces nothing")
        axes = range(rank)
    return [node.inputs[0], np.array(list(axes), np.int64)], {"keepdims": attrs["keepdims"], "noop_with_empty_axes": 0}


def _slice(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    count = graph.values[node.inputs[1]].shape[0]
    given = [*inputs, "", ""][:5]
    if given[3] == "":
        given[3] = np.arange(int(count or 0), dtype=np.int64)
    if given[4] == "":
        given[4] = np.ones(int(count or 0), np.int64)
    return given, attrs


def _split(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    axis = int(node.attrs["axis"])
    lengths = [graph.values[name].shape[axis] for name in node.outputs]
    if not all(isinstance(length, int) for length in lengths):
        raise NotInJavaScript("it splits along the batch")
    return [node.inputs[0], np.array(lengths, np.int64)], {"axis": axis}


def _squeeze(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    if len(inputs) < 2 or inputs[1] == "":
        shape = graph.values[node.inputs[0]].shape
        inputs = [inputs[0], np.array([i for i, size in enumerate(shape) if size == 1], np.int64)]
    return inputs, attrs


def _transpose(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    rank = graph.values[node.inputs[0]].rank
    return inputs, {"perm": list(node.attrs.get("perm") or range(rank - 1, -1, -1))}


def _shape(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    return inputs, {"start": attrs.get("start", 0), "end": node.attrs.get("end")}


def _clip(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    return [*inputs, "", ""][:3], attrs


def _label_encoder(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    keys = _typed(node, "keys")
    values = _typed(node, "values")
    kind = values.dtype
    if "default_tensor" in node.attrs:
        default = np.asarray(node.attrs["default_tensor"])
    elif kind.kind == "O":
        default = np.array([node.attrs.get("default_string", "_Unused")], object)
    elif kind == np.int64:
        default = np.array([node.attrs.get("default_int64", -1)], np.int64)
    else:
        default = np.array([node.attrs.get("default_float", -0.0)], kind)
    source = graph.values[node.inputs[0]].dtype
    if NUMPY[source] is not np.object_ and np.dtype(NUMPY[source]) != keys.dtype:
        raise NotInJavaScript(f"its keys are {keys.dtype} and its input {source}")
    return inputs, {"keys": keys, "values": values, "default": default.astype(kind).reshape(1)}


def _typed(node: Node, role: str) -> Array:
    for suffix, dtype in (("strings", object), ("int64s", np.int64), ("floats", np.float32)):
        given = node.attrs.get(f"{role}_{suffix}")
        if given:
            return np.array(given, dtype)
    tensor = node.attrs.get(f"{role}_tensor")
    if tensor is None:
        raise NotInJavaScript(f"it has no {role}")
    array = np.asarray(tensor)
    if array.dtype.kind not in "OUS":
        return array
    return np.array([w.decode() if isinstance(w, bytes) else str(w) for w in array.ravel().tolist()], object)


def _one_hot_encoder(node: Node, graph: Graph, inputs: list[Input], attrs: dict[str, Any]) -> StepForm:
    if not node.attrs.get("zeros", 1):
        raise NotInJavaScript("it fails on unseen categories")
    source, target = (graph.values[name].dtype for name in (node.inputs[0], node.outputs[0]))
    words = node.attrs.get("cats_strings")
    if (source == "string") != bool(words):
        raise NotInJavaScript("its categories have another type than its input")
    keys = np.array(words, object) if words else np.array(node.attrs["cats_int64s"], NUMPY[source])
    return inputs, {"keys": keys, "zeros": 1, "to": target}


_SPELLINGS = {
    "Cast": _cast,
    "Clip": _clip,
    "Reduce": _reduce,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "ml.LabelEncoder": _label_encoder,
    "ml.OneHotEncoder": _one_hot_encoder,
}
