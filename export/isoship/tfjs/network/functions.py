"""Operators that ONNX defines by others: a node that has no lowering of its own becomes the nodes of its definition.

A definition is written for an opset and may hang on the types of the inputs; its nodes are operators of the same
domain. What it is made of may have a definition in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import onnx
import onnx.inliner
from onnx import defs

#: What a chain of definitions is cut off at.
_MOST_ROUNDS = 8

Carried = Callable[[str, str, int], bool]


def expanded(model: onnx.ModelProto, carried: Carried) -> onnx.ModelProto:
    """The model with its own functions, and every node that is not carried, as what they are made of.

    carried: (domain, operator, opset) -> whether it has a lowering.
    """
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    versions = {o.domain: o.version for o in model.opset_import}
    for _ in range(_MOST_ROUNDS):
        types: dict[str, onnx.TypeProto] | None = None
        nodes: list[onnx.NodeProto] = []
        found = False
        for i, node in enumerate(model.graph.node):
            body = None
            if not carried(node.domain, node.op_type, versions.get(node.domain, 0)):
                types = _types(model) if types is None else types
                body = _body(node, versions, types)
            if body is None:
                nodes.append(node)
                continue
            found = True
            nodes.extend(_bound(node, body, f"{node.name or node.op_type}_{i}", versions[node.domain]))
            for needed in body.opset_import:
                versions.setdefault(needed.domain, needed.version)
        if not found:
            return model
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        del changed.graph.node[:]
        del changed.graph.value_info[:]
        changed.graph.node.extend(nodes)
        has = {o.domain for o in changed.opset_import}
        changed.opset_import.extend(onnx.helper.make_opsetid(d, v) for d, v in versions.items() if d not in has)
        model = changed
    return model


def _types(model: onnx.ModelProto) -> dict[str, onnx.TypeProto]:
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    types = {v.name: v.type for v in (*graph.input, *graph.value_info, *graph.output)}
    for tensor in graph.initializer:
        types.setdefault(tensor.name, onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims)))
    return types


def _body(
    node: onnx.NodeProto, versions: Mapping[str, int], types: Mapping[str, onnx.TypeProto]
) -> onnx.FunctionProto | None:
    """The definition of a node's operator, None where it has none that these opsets run."""
    version = versions.get(node.domain, 0)
    if not defs.has(node.op_type, node.domain):
        return None
    try:
        schema: Any = defs.get_schema(node.op_type, version, node.domain)
    except defs.SchemaError:
        return None
    content: bytes | None = None
    if schema.has_function:
        content = schema.get_function_with_opset_version(_nearest(schema.function_opset_versions, version))
    elif schema.has_context_dependent_function:
        given = [types[name].SerializeToString() if name else b"" for name in node.input if not name or name in types]
        if len(given) != len(node.input):
            return None
        at = _nearest(schema.context_dependent_function_opset_versions, version)
        content = schema.get_context_dependent_function_with_opset_version(at, node.SerializeToString(), given)
    if not content:
        return None
    body = onnx.FunctionProto()
    body.ParseFromString(content)
    return body if _runs_alike(body, versions) else None


def _nearest(offered: Sequence[int], version: int) -> int:
    """The newest that is not newer, else the oldest."""
    return max((v for v in offered if v <= version), default=min(offered))


def _runs_alike(body: onnx.FunctionProto, versions: Mapping[str, int]) -> bool:
    """Whether each operator of a definition means the same in the model's opsets."""
    wanted = {o.domain: o.version for o in body.opset_import}
    for node in body.node:
        version, has = wanted.get(node.domain, 0), versions.get(node.domain, 0)
        if has == version or not defs.has(node.op_type, node.domain):
            continue
        if 0 in (has, version):  # the model or the definition says nothing of this domain
            continue
        try:
            mine, its = (defs.get_schema(node.op_type, v, node.domain).since_version for v in (has, version))
        except defs.SchemaError:  # of a newer opset than the model's
            return False
        if mine != its and node.op_type not in _SAME_FOR_LONG:
            return False
        if any(min(mine, its) < new <= max(mine, its) for new in _NEW_SENSE.get(node.op_type, ())):
            return False
    return True


#: Versions of these that mean something else, or are told it in another way, than those before.
_NEW_SENSE = {
    "Add": [7], "And": [7], "Cast": [6], "Clip": [6, 11], "Concat": [4], "Div": [7], "Equal": [7], "Greater": [7],
    "Less": [7], "Max": [8], "Min": [8], "Mul": [7], "Or": [7], "Pad": [2, 11], "Pow": [7], "Reshape": [5],
    "Slice": [10], "Softmax": [13], "Split": [2, 13], "Squeeze": [13], "Sub": [7], "Unsqueeze": [13],
}  # fmt: skip

#: Operators whose later versions only take more types, but for those above.
_SAME_FOR_LONG = frozenset(
    [
        "Abs", "Add", "Cast", "Concat", "Constant", "ConstantOfShape", "Div", "Equal", "Exp",
        "Expand", "Flatten", "Gather", "Greater", "Identity", "If", "Less", "Log", "MatMul",
        "Max", "Min", "Mul", "Neg", "Pad", "Pow", "Range", "Reshape", "Shape",
        "Sigmoid", "Size", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Tanh",
        "Transpose", "Unsqueeze", "Where", "Not", "Or", "And", "Reciprocal", "CastLike", "Clip",
        "Relu",
    ]
)  # fmt: skip


def _bound(call: onnx.NodeProto, body: onnx.FunctionProto, prefix: str, version: int) -> list[onnx.NodeProto]:
    """The nodes of a definition in place of a call: its names, its attributes."""
    given = {a.name: a for a in call.attribute}
    for attribute in body.attribute_proto:
        given.setdefault(attribute.name, attribute)
    for name, attribute in defs.get_schema(call.op_type, version, call.domain).attributes.items():
        if attribute.default_value.type:
            given.setdefault(name, attribute.default_value)
    names = {"": ""}
    names.update(zip(body.input, [*call.input, *[""] * len(body.input)], strict=False))
    names.update({inner: outer or f"{prefix}/{inner}" for inner, outer in zip(body.output, call.output, strict=False)})

    def outer(name: str) -> str:
        return names.setdefault(name, f"{prefix}/{name}")

    def renamed(node: onnx.NodeProto) -> onnx.NodeProto:
        made = onnx.NodeProto()
        made.CopyFrom(node)
        del made.attribute[:], made.input[:], made.output[:]
        made.input.extend(outer(name) for name in node.input)
        made.output.extend(outer(name) for name in node.output)
        made.name = f"{prefix}/{node.name or node.op_type}"
        for attribute in node.attribute:
            if attribute.ref_attr_name:
                if attribute.ref_attr_name in given:
                    copied = made.attribute.add()
                    copied.CopyFrom(given[attribute.ref_attr_name])
                    copied.name = attribute.name
            else:
                copied = made.attribute.add()
                copied.CopyFrom(attribute)
                if copied.type == onnx.AttributeProto.GRAPH:
                    _rename_graph(copied.g, renamed, outer)
        return made

    return [renamed(node) for node in body.node]


def _rename_graph(
    graph: onnx.GraphProto, renamed: Callable[[onnx.NodeProto], onnx.NodeProto], outer: Callable[[str], str]
) -> None:
    nodes = [renamed(node) for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = outer(value.name)


def attributes(node: onnx.NodeProto, version: int) -> dict[str, Any]:
    """A node's attributes with the defaults of its schema: numbers, strings, lists, arrays; graphs as they are."""
    made: dict[str, Any] = {}
    if defs.has(node.op_type, node.domain):
        for name, attribute in defs.get_schema(node.op_type, version, node.domain).attributes.items():
            if attribute.default_value.type:
                made[name] = _plain(attribute.default_value)
    made |= {attribute.name: _plain(attribute) for attribute in node.attribute}
    return made


def _plain(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if attribute.type == onnx.AttributeProto.TENSOR:
        return onnx.numpy_helper.to_array(value)
    if attribute.type == onnx.AttributeProto.STRING:
        return value.decode()
    if attribute.type == onnx.AttributeProto.STRINGS:
        return [item.decode() for item in value]
    if attribute.type in (onnx.AttributeProto.INTS, onnx.AttributeProto.FLOATS):
        return list(value)
    return value
