"""What a file may hold that has no one answer, or that no caller can give or take: refused by the node's name."""

from __future__ import annotations

from itertools import islice

import onnx

from isoship.errors import UnsupportedModelError
from isoship.tensors.graph import (
    DTYPES,
    attribute,
    captured,
    graphs_of,
    inputs_of,
    node_title,
    nodes_of,
    subgraphs,
)
from isoship.tensors.run import Array

_RANDOM = (
    "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Sampling",
)  # fmt: skip
_EXPORT_AGAIN = "Export it again in evaluation mode: model.eval() before torch.onnx.export, training=False in Keras"
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
#: What ONNX Runtime itself brings.
_RUNTIMES_OWN = ("com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc")


def refuse_what_has_no_one_answer(model: onnx.ModelProto) -> None:
    """Random nodes and those in training mode.

    Raises:
        UnsupportedModelError: there is one.
    """
    live = _live(model)
    inside = [node for graph in islice(graphs_of(model), 1, None) for node in graph.node]
    functions = [node for function in model.functions for node in function.node]
    for node in [*(n for n in model.graph.node if live & set(n.output)), *inside, *functions]:
        if node.op_type in _RANDOM:
            raise UnsupportedModelError(
                node_title(node),
                "it draws random numbers, so the model has no one answer that a shipped form could be held against",
                "Export the model without it: take noise as an input, or give the mean",
            )
        why = _in_training(node, model)
        if why:
            raise UnsupportedModelError(node_title(node), why, _EXPORT_AGAIN)


def refuse_what_no_caller_holds(model: onnx.ModelProto, *, ships: set[str]) -> None:
    """Inputs and outputs that are no tensors, or of an element type that callers have no arrays of.

    ships: outputs that are none in the file and will be in what ships.

    Raises:
        UnsupportedModelError: there is one.
    """
    for what, values in (("input", inputs_of(model)), ("output", model.graph.output)):
        for value in values:
            if what == "output" and value.name in ships:
                continue
            kind = value.type.WhichOneof("value")
            if kind not in ("tensor_type", None):
                raise UnsupportedModelError(
                    f"the {what} {value.name!r}",
                    f"it is {_said_of(value.type)} and no tensor",
                    "Export the model with tensors alone"
                    + (", for skl2onnx with options={'zipmap': False}" if what == "output" else ""),
                )
            element = value.type.tensor_type.elem_type
            if kind is not None and element not in DTYPES:
                raise UnsupportedModelError(
                    f"the {what} {value.name!r}",
                    f"its elements are {onnx.TensorProto.DataType.Name(element).lower()}, of which neither numpy nor"
                    " the Open Inference Protocol has arrays",
                    "Export the model with float or float16 there, and a Cast inside",
                )


def refuse_unknown_operators(model: onnx.ModelProto) -> None:
    """Operators that ONNX, in the opset that the file declares, does not have. Exporters do write such.

    Raises:
        UnsupportedModelError: there is one.
    """
    own = {(f.domain, f.name) for f in model.functions}
    for node in nodes_of(model):
        if (node.domain, node.op_type) in own or node.domain in _RUNTIMES_OWN:
            continue
        if node.domain not in _DOMAINS:
            raise UnsupportedModelError(
                node_title(node),
                f"the domain {node.domain!r} is of somebody's own, and ONNX Runtime has no such operator",
                "Export the model with ONNX's own operators",
            )
        opset = _opset(model, node.domain)
        try:
            onnx.defs.get_schema(node.op_type, opset, "" if node.domain == "ai.onnx" else node.domain)
        except onnx.defs.SchemaError:
            raise UnsupportedModelError(
                node_title(node),
                f"opset {opset} of {node.domain or 'ai.onnx'} has no such operator, so nothing runs the file",
                "The exporter wrote what is no ONNX: try its newest release, or another formula for this step",
            ) from None


def _opset(model: onnx.ModelProto, domain: str) -> int:
    alike = ("", "ai.onnx") if domain in ("", "ai.onnx") else (domain,)
    return next((each.version for each in model.opset_import if each.domain in alike), 1)


def _live(model: onnx.ModelProto) -> set[str]:
    """Names that the outputs depend on."""
    live = {value.name for value in model.graph.output}
    for node in reversed(model.graph.node):
        if live & set(node.output):
            live |= set(node.input)
            for graph in subgraphs(node):
                live |= captured(graph)
    return live


def _in_training(node: onnx.NodeProto, model: onnx.ModelProto) -> str:
    """Why a node is in training mode, empty where it is not."""
    if node.domain not in ("", "ai.onnx"):
        return "it drops values at random" if node.op_type in ("BiasDropout", "DropoutGrad") else ""
    opset = _opset(model, "")
    if node.op_type == "Dropout":
        if opset < 7:
            return "" if _integer(node, "is_test") else "it is in training mode (is_test is 0) and drops at random"
        if opset >= 12 and len(node.input) > 2 and node.input[2]:
            return _of_switch(_constant(model, node.input[2]))
    if node.op_type == "BatchNormalization":
        if opset < 7 and not _integer(node, "is_test"):
            return "it is in training mode (is_test is 0): it answers by the batch that it is asked in"
        if opset >= 14 and _integer(node, "training_mode"):
            return "it is in training mode: it answers by the batch that it is asked in"
        if 7 <= opset < 14 and len([name for name in node.output if name]) > 1:
            return "it is in training mode (it gives means of its batch): it answers by the batch that it is asked in"
    return ""


def _of_switch(value: Array | None) -> str:
    if value is None:
        return "whether it drops at random is decided while it runs"
    return "it is in training mode and drops at random" if value.any() else ""


def _integer(node: onnx.NodeProto, name: str) -> int:
    found = attribute(node, name)
    return found.i if found else 0


def _constant(model: onnx.ModelProto, name: str) -> Array | None:
    """The value of a name that is a weight or a Constant node."""
    for graph in graphs_of(model):
        for tensor in graph.initializer:
            if tensor.name == name:
                return onnx.numpy_helper.to_array(tensor)
    for node in nodes_of(model):
        if node.op_type == "Constant" and node.output[0] == name and (found := attribute(node, "value")):
            return onnx.numpy_helper.to_array(found.t)
    return None


def _said_of(kind: onnx.TypeProto) -> str:
    which = kind.WhichOneof("value")
    if which == "sequence_type":
        inner = kind.sequence_type.elem_type.WhichOneof("value")
        return f"a sequence of {'maps' if inner == 'map_type' else 'tensors'}"
    return {"map_type": "a map", "optional_type": "optional", "sparse_tensor_type": "sparse"}.get(
        str(which), "an opaque"
    )
