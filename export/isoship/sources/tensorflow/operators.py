"""Operators that a converter leaves in a graph though ONNX does not have them: nothing would load the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from isoship.errors import UnsupportedModelError

if TYPE_CHECKING:
    import onnx

#: What takes the place of a layer that has one of these.
_INSTEAD = {
    "LookupTableFindV2": "Give the model the numbers that the lookup would give, and do the lookup before",
    "RFFT": "Compute the spectrogram before the model",
    "ScaleAndTranslate": "Resize without antialias, with bilinear or nearest",
}
_OTHERWISE = "Write the step with other operations, or train with another layer, and export again"


def refuse_unknown(model: onnx.ModelProto, place: Callable[[str], str]) -> None:
    """place: a node's name -> what it is in the source.

    Raises:
        UnsupportedModelError: an operator is not in the opset that the file declares; names where it comes from.
    """
    import onnx

    opset = next(each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))
    for node in _nodes(model.graph):
        standard = node.domain in ("", "ai.onnx")
        if node.domain != "ai.onnx.ml" and not (standard and onnx.defs.has(node.op_type, opset)):
            raise UnsupportedModelError(
                place(node.name),
                f"TensorFlow computes it with {node.op_type}, which ONNX does not have",
                _INSTEAD.get(node.op_type, _OTHERWISE),
            )


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)
