"""What exporters note in a file besides the model: paths, source lines, texts. None of it ships."""

from __future__ import annotations

import ast

import onnx

from isoship.tensors.graph import graphs_of, nodes_of, tensors_of

#: Where torch's exporter keeps the module of a node, as the text of a list: modules, the outermost first, then the
#: function.
_SCOPES = "pkg.torch.onnx.name_scopes"


def strip_metadata(model: onnx.ModelProto) -> None:
    """Takes away doc strings, metadata, the producer and what training alone uses, in place. Names of nodes stay."""
    for field in ("doc_string", "metadata_props", "producer_name", "producer_version", "domain", "model_version",
                  "training_info"):  # fmt: skip
        model.ClearField(field)
    for graph in graphs_of(model):
        for one in (graph, *graph.input, *graph.output, *graph.value_info):
            _clear(one)
    for function in model.functions:
        _clear(function)
        for value in function.value_info:
            _clear(value)
    for node in nodes_of(model):
        _clear(node)
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
    for tensor in tensors_of(model):
        _clear(tensor)


def places_of(model: onnx.ModelProto) -> dict[str, str]:
    """Node name -> the module that it comes from, where the exporter noted it."""
    found = {}
    for node in nodes_of(model):
        scopes = next((each.value for each in node.metadata_props if each.key == _SCOPES), "")
        try:
            names = ast.literal_eval(scopes) if scopes else []
        except (ValueError, SyntaxError):
            continue
        if node.name and isinstance(names, list) and any(names):
            found[node.name] = str(next(filter(None, names[-2::-1]), names[-1]))
    return found


def _clear(one: object) -> None:
    for field in ("doc_string", "metadata_props"):
        if field in one.DESCRIPTOR.fields_by_name:  # type: ignore[attr-defined]
            one.ClearField(field)  # type: ignore[attr-defined]
