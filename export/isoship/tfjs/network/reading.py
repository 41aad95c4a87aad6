"""Reads a network: what each value's dtype and shape is, constants folded, sizes that are known put in.

Shapes come from ONNX's own inference, again and again while folding makes more of them known. Sizes of a shape that a
graph computes with (`Shape` and what follows it) are followed as far as they are known: a batch of any size stays a
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto as T

from isoship.errors import ConversionError, UnsupportedModelError
from isoship.tfjs.network.functions import Carried, attributes, expanded
from isoship.tfjs.network.sizes import Sizes, known_sizes
from isoship.tfjs.network.unrolling import unrolled

Array = np.ndarray[Any, Any]
Dim = int | str | None

#: ONNX's element types, by our names.
DTYPES = {
    T.FLOAT: "float",
    T.DOUBLE: "double",
    T.FLOAT16: "float16",
    T.INT64: "int64",
    T.INT32: "int32",
    T.INT16: "int16",
    T.INT8: "int8",
    T.UINT8: "uint8",
    T.UINT16: "uint16",
    T.UINT32: "uint32",
    T.BOOL: "bool",
    T.STRING: "string",
}

#: What is computed ahead holds at most so many elements.
_MOST_FOLDED = 2**26
_MOST_ROUNDS = 64
#: Never computed ahead: other answers each time, what is no tensor, or what ONNX's reference answers differently from
#: onnxruntime.
_NEVER = frozenset(
    [
        "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
        "RandomUniformLike", "Dropout", "Optional", "SequenceConstruct", "SequenceEmpty",
        "If", "Loop", "Scan", "BatchNormalization",
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Value:
    """dtype: one of DTYPES. shape: sizes, names of sizes that a caller chooses, None where nothing is known of one; or
    None as a whole."""

    dtype: str
    shape: tuple[Dim, ...] | None


@dataclass(frozen=True)
class Node:
    """A step. version: since when its operator means what it means here. inputs may be "". attrs hold defaults, too."""

    domain: str
    op: str
    version: int
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.domain}.{self.op}" if self.domain else self.op

    def refuse(self, why: str) -> UnsupportedModelError:
        error = UnsupportedModelError(
            f"the operator {self} (node {self.name or self.outputs[0]!r})",
            why,
            "Export the model without the browser: --targets lambda,edge",
        )
        error.operator, error.node = str(self), self.name
        return error


@dataclass(frozen=True)
class Graph:
    """Nodes in order. values: of inputs, constants and what nodes make. sizes: what is known of shapes in integers."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]
    values: Mapping[str, Value]
    sizes: Mapping[str, Sizes]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_network(model: onnx.ModelProto, carried: Carried) -> Graph:
    """The graph of a model, whose weights are in it.

    carried: (domain, operator, opset) -> whether it has a lowering: definitions of what has none are written out.

    Raises:
        UnsupportedModelError: an input or an output is no tensor, or of a dtype that nothing here holds.
        ConversionError: ONNX's own inference finds the model at fault.
    """
    _refuse_other_values(model)
    for _ in range(_MOST_ROUNDS):
        model = _numbered(expanded(model, carried))
        versions = {o.domain: o.version for o in model.opset_import}
        try:
            model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        except onnx.shape_inference.InferenceError as err:
            raise ConversionError(f"the shapes of this model do not fit together: {err}") from err
        if _fold(model, versions):
            continue
        written = unrolled(model, {name: value.shape for name, value in _values(model).items()})
        if written is None:
            break
        model = written
    return _graph(model, versions)


def _refuse_other_values(model: onnx.ModelProto) -> None:
    for value in (*model.graph.input, *model.graph.output):
        kind = value.type.WhichOneof("value")
        element = value.type.tensor_type.elem_type if kind == "tensor_type" else None
        if element not in DTYPES:
            name = kind if element is None else T.DataType.Name(element)
            raise UnsupportedModelError(
                f"the value {value.name!r}", f"TF.js has nothing like its type {name}", "Use --targets lambda,edge"
            )


def _numbered(model: onnx.ModelProto) -> onnx.ModelProto:
    """With a name for every node, and no other node's: bodies that are written out name their values by it."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    taken = {""}
    for i, node in enumerate(made.graph.node):
        name = node.name or f"{node.op_type}_{i}"
        while name in taken:
            name += f"_{i}"
        node.name = name
        taken.add(name)
    return made


def _fold(model: onnx.ModelProto, versions: Mapping[str, int]) -> bool:
    """Computes what depends on no input; whether there was anything. Changes the model."""
    graph = model.graph
    constants = {t.name: t for t in graph.initializer}
    values = _values(model)
    arrays: dict[str, Array] = {}

    def array(name: str) -> Array | None:
        if name not in constants:
            return None
        if name not in arrays:
            arrays[name] = onnx.numpy_helper.to_array(constants[name])
        return arrays[name]

    sizes: dict[str, Sizes] = {}
    kept, changed = [], False
    for node in graph.node:
        made = None
        if node.op_type == "CastLike" and node.domain == "" and node.input[1] in values:
            _cast_to(node, values[node.input[1]].dtype)
            changed = True
        if node.op_type not in _NEVER and all(name in constants for name in node.input if name):
            made = _computed(node, [array(name) for name in node.input if name], versions)
        if made is None:
            known = known_sizes(node, attributes(node, versions.get(node.domain, 1)), values, sizes, array)
            if known is not None:
                if all(isinstance(size, int) for size in known.flat):
                    made = [known.array()]
                else:
                    sizes[node.output[0]] = known
        if made is None:
            kept.append(node)
            continue
        changed = True
        for name, result in zip(node.output, made, strict=False):
            if name:
                tensor = onnx.numpy_helper.from_array(np.asarray(result), name)
                graph.initializer.append(tensor)
                constants[name] = tensor
    if changed:
        kept = list(kept)
        del graph.node[:]
        graph.node.extend(kept)
    return changed


def _cast_to(node: onnx.NodeProto, dtype: str) -> None:
    """CastLike as the Cast that it is: what it casts may be known ahead where the other is not."""
    to = next(element for element, name in DTYPES.items() if name == dtype)
    node.op_type = "Cast"
    del node.input[1:], node.attribute[:]
    node.attribute.append(onnx.helper.make_attribute("to", to))


def _computed(node: onnx.NodeProto, given: list[Array | None], versions: Mapping[str, int]) -> list[Array] | None:
    """A node's outputs by ONNX's reference implementation, None where it has none."""
    from onnx.reference import ReferenceEvaluator

    names = [name for name in node.input if name]
    unique = dict(zip(names, given, strict=True))
    if any(x is None for x in unique.values()) or (node.op_type == "Slice" and _begins_before(given)):
        return None
    inputs = [_info(name, x) for name, x in unique.items() if x is not None]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    graph = onnx.helper.make_graph([node], "one", inputs, outputs)
    imports = [onnx.helper.make_opsetid(domain, version) for domain, version in versions.items()]
    model = onnx.helper.make_model(graph, opset_imports=imports)
    try:
        with np.errstate(all="ignore"):
            made = ReferenceEvaluator(model).run(None, unique)
    except Exception:  # noqa: BLE001 whatever it lacks: the node is asked at run time then, or refused there
        return None
    by_name = dict(zip([o.name for o in outputs], made, strict=True))
    results = [by_name.get(name) for name in node.output]
    if any(not isinstance(x, np.ndarray) or x.size > _MOST_FOLDED for x in results if x is not None):
        return None
    return results  # type: ignore[return-value]


def _begins_before(given: list[Array | None]) -> bool:
    """Whether a Slice runs backwards from before the first element, or to the largest integer: NumPy, and so ONNX's
    reference, has nothing there, onnxruntime elements."""
    if len(given) < 5 or any(x is None for x in given):
        return False
    x, starts, ends, axes, steps = (np.asarray(each) for each in given)
    sizes = np.array(x.shape)[axes]
    return bool(((steps < 0) & ((starts < -sizes) | (ends == 2**31 - 1) | (ends == 2**63 - 1))).any())


def _info(name: str, x: Array) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)


def _values(model: onnx.ModelProto) -> dict[str, Value]:
    graph = model.graph
    made: dict[str, Value] = {}
    for info in (*graph.input, *graph.value_info, *graph.output):
        if info.type.WhichOneof("value") == "tensor_type":
            tensor = info.type.tensor_type
            shape = tuple(map(_dim, tensor.shape.dim)) if tensor.HasField("shape") else None
            if tensor.elem_type in DTYPES:
                made[info.name] = Value(DTYPES[tensor.elem_type], shape)
    for constant in graph.initializer:
        if constant.data_type in DTYPES:
            made[constant.name] = Value(DTYPES[constant.data_type], tuple(constant.dims))
    return made


def _dim(dim: Any) -> Dim:
    if dim.HasField("dim_value"):
        return int(dim.dim_value)
    return dim.dim_param or None


def _graph(model: onnx.ModelProto, versions: Mapping[str, int]) -> Graph:
    graph = model.graph
    values = _values(model)
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    sizes: dict[str, Sizes] = {}
    nodes = []
    for proto in graph.node:
        version = versions.get(proto.domain, 1)
        attrs = attributes(proto, version)
        known = known_sizes(proto, attrs, values, sizes, constants.get)
        if known is not None:
            sizes[proto.output[0]] = known
        since = (
            onnx.defs.get_schema(proto.op_type, version, proto.domain).since_version
            if (onnx.defs.has(proto.op_type, proto.domain))
            else version
        )
        nodes.append(
            Node(proto.domain, proto.op_type, since, proto.name, tuple(proto.input), tuple(proto.output), attrs)
        )
    inputs = tuple(i.name for i in graph.input if i.name not in constants)
    outputs = tuple(o.name for o in graph.output)
    return Graph(_needed(nodes, outputs), constants, values, sizes, inputs, outputs)


def _needed(nodes: list[Node], outputs: tuple[str, ...]) -> tuple[Node, ...]:
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))
