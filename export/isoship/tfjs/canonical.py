"""Reads a canonical ONNX graph into plain nodes, with every value's dtype and shape measured by running it.

Shape inference of onnx knows little of `ai.onnx.ml`; onnxruntime knows everything, because it runs the graph. Two
batches of different size tell which dimensions follow the batch, and give the value of whatever does not depend on
the inputs, which is how constants are folded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import ConversionError, UnsupportedModelError
from isoship.onnx.attributes import attributes_of
from isoship.onnx.sessions import session_of

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]
#: A size, "N" for the batch, None for another size that follows the batch (N times something).
Dim = int | str | None

#: Two sizes of a batch that no dimension of a real graph has both of by chance.
_BATCHES = (2, 3)

_DTYPES = {
    np.dtype(np.float64): "double",
    np.dtype(np.float32): "float",
    np.dtype(np.int64): "int64",
    np.dtype(np.int32): "int32",
    np.dtype(np.bool_): "bool",
}
#: A dtype of ours -> numpy's. Strings are objects.
NUMPY: dict[str, type] = {
    "double": np.float64,
    "float": np.float32,
    "int64": np.int64,
    "int32": np.int32,
    "bool": np.bool_,
    "string": np.object_,
}


@dataclass(frozen=True)
class Value:
    """What is known of a tensor: dtype (double, float, int64, int32, bool, string) and shape."""

    dtype: str
    shape: tuple[Dim, ...]

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True)
class Node:
    """One step. op is ONNX's name, with `ml.` in front for ai.onnx.ml; attrs holds defaults too; inputs may be ""."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any]

    def refuse(self, why: str) -> UnsupportedModelError:
        """The error that says why this node cannot go to the browser."""
        error = UnsupportedModelError(
            f"the operator {self.op} (node {self.name or self.outputs[0]!r})",
            why,
            "Export the model without the browser: --targets lambda,edge",
        )
        error.operator, error.node = self.op, self.name
        return error


@dataclass(frozen=True)
class Graph:
    """A graph in execution order. values covers inputs, constants and every node's outputs."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]
    values: Mapping[str, Value]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def constant(self, name: str) -> Array | None:
        return self.constants.get(name)


def read_canonical(model: onnx.ModelProto) -> Graph:
    """The graph, constants folded, nodes that reach no output dropped.

    Raises:
        UnsupportedModelError: an input dtype that rows cannot have.
        ConversionError: onnxruntime does not run the graph.
    """
    from onnx import numpy_helper

    constants: dict[str, Array] = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = [_in_one(_node(model, proto)) for proto in model.graph.node]
    inputs = tuple(i.name for i in model.graph.input if i.name not in constants)
    small, large = _run(model, inputs, _BATCHES)
    values = {name: _value(name, small[name], large[name]) for name in small}
    moving, counting = set(inputs), set[str]()
    kept: list[Node] = []
    for node in nodes:
        if moving.intersection(node.inputs):
            if node.op == "Shape" or (counting and not (moving - counting).intersection(node.inputs)):
                counting.update(node.outputs)  # follows the size of the batch and nothing else
            moving.update(node.outputs)
            kept.append(_with_constant_shape(node, counting, small, large, constants))
        else:
            constants.update({name: small[name] for name in node.outputs if name})
    constants = {name: _plain(array) for name, array in constants.items()}
    values |= {name: Value(dtype_of(a), a.shape) for name, a in constants.items()}
    outputs = tuple(o.name for o in model.graph.output)
    return Graph(_needed(kept, outputs), constants, values, inputs, outputs)


def dtype_of(array: Array) -> str:
    """Our name of an array's dtype."""
    return "string" if array.dtype.kind in "OUS" else _DTYPES[array.dtype]


def _node(model: onnx.ModelProto, proto: onnx.NodeProto) -> Node:
    from onnx import defs, helper, numpy_helper

    versions = {o.domain: o.version for o in model.opset_import}
    attrs: dict[str, Any] = {}
    if defs.has(proto.op_type, proto.domain):
        schema = defs.get_schema(proto.op_type, versions[proto.domain], proto.domain)
        for name, attribute in schema.attributes.items():
            if attribute.default_value.type:
                attrs[name] = _attribute(helper.get_attribute_value(attribute.default_value))
    if proto.op_type == "TreeEnsemble":  # a forest's lists are too long for Python's
        attrs |= attributes_of(proto)
    for attribute_proto in proto.attribute if proto.op_type != "TreeEnsemble" else ():
        value = helper.get_attribute_value(attribute_proto)
        is_tensor = attribute_proto.type == attribute_proto.TENSOR
        attrs[attribute_proto.name] = numpy_helper.to_array(value) if is_tensor else _attribute(value)
    prefix = {"": "", "ai.onnx.ml": "ml."}.get(proto.domain, proto.domain + ".")
    return Node(prefix + proto.op_type, proto.name, tuple(proto.input), tuple(proto.output), attrs)


#: What `sources/sklearn/converters/arithmetic/sine.py` writes out for onnxruntime, by the name of its last node.
#: JavaScript's own are right to the last place, and TF.js's in float32 more so than the written ones, whose parts of
#: pi are doubles.
_WRITTEN_OUT = {"Where_sine": "Sin", "Where_cosine": "Cos"}


def _in_one(node: Node) -> Node:
    """A sine or cosine as one operator again."""
    op = _WRITTEN_OUT.get(node.name.rstrip("0123456789").removesuffix("_"))
    return node if op is None else Node(op, node.name, node.inputs[2:], node.outputs, {})


def _attribute(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)) or hasattr(value, "__len__"):
        return [_attribute(item) for item in value]
    return value


def _run(model: onnx.ModelProto, inputs: tuple[str, ...], batches: Sequence[int]) -> list[dict[str, Array]]:
    """Every value of the graph on batches of ones (zeros divide badly) and empty strings."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnx

    every = onnx.ModelProto()
    every.CopyFrom(model)
    del every.graph.output[:]
    names = [name for node in model.graph.node for name in node.output if name]
    every.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    asked = [{i.name: _ones(i, rows) for i in model.graph.input if i.name in inputs} for rows in batches]
    try:
        session = session_of(every)
        results = [session.run(None, feeds) for feeds in asked]
    except Exception as err:  # onnxruntime's errors share no base class
        raise ConversionError(f"onnxruntime does not run the graph on batches of {batches} rows: {err}") from err
    return [feeds | dict(zip(names, found, strict=True)) for feeds, found in zip(asked, results, strict=True)]


def _ones(info: onnx.ValueInfoProto, rows: int) -> Array:
    from onnx import TensorProto

    tensor = info.type.tensor_type
    dtypes: dict[int, str] = {
        TensorProto.DOUBLE: "double",
        TensorProto.FLOAT: "float",
        TensorProto.INT64: "int64",
        TensorProto.BOOL: "bool",
        TensorProto.STRING: "string",
    }
    if tensor.elem_type not in dtypes:
        raise UnsupportedModelError(
            f"the input {info.name!r}",
            f"rows have no values of ONNX type {tensor.elem_type}",
            "Give inputs the types double, int64, bool or string",
        )
    shape = [d.dim_value if d.HasField("dim_value") else rows for d in tensor.shape.dim]
    dtype = dtypes[tensor.elem_type]
    return np.full(shape, "", object) if dtype == "string" else np.ones(shape, NUMPY[dtype])


def _value(name: str, small: Array, large: Array) -> Value:
    if not isinstance(small, np.ndarray) or (small.dtype.kind not in "OUS" and small.dtype not in _DTYPES):
        kind = small.dtype if isinstance(small, np.ndarray) else type(small).__name__
        raise UnsupportedModelError(
            f"the value {name!r}", f"its type {kind} has no place in JavaScript", "Use --targets lambda,edge"
        )
    return Value(dtype_of(small), tuple(_dim(a, b) for a, b in zip(small.shape, large.shape, strict=True)))


def _dim(small: int, large: int) -> Dim:
    if small == large:
        return small
    return "N" if (small, large) == _BATCHES else None


def _with_constant_shape(
    node: Node, counting: set[str], small: Mapping[str, Array], large: Mapping[str, Array], constants: dict[str, Array]
) -> Node:
    """A Reshape to a shape computed from the batch's size becomes one to a constant shape with -1 in it."""
    if node.op != "Reshape" or node.inputs[1] not in counting:
        return node
    a, b = small[node.inputs[1]], large[node.inputs[1]]
    if (a != b).sum() > 1:
        return node
    name = f"{node.outputs[0]}/shape"
    constants[name] = np.where(a == b, a, -1).astype(np.int64)
    return Node(node.op, node.name, (node.inputs[0], name), node.outputs, node.attrs)


def _plain(array: Array) -> Array:
    """Strings as an object array of str."""
    if array.dtype.kind not in "OUS":
        return array
    words = [item.decode() if isinstance(item, bytes) else str(item) for item in array.ravel().tolist()]
    return np.array(words, dtype=object).reshape(array.shape)


def _needed(nodes: list[Node], outputs: tuple[str, ...]) -> tuple[Node, ...]:
    wanted = set(outputs)
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))
