"""ZipMap, which skl2onnx and onnxmltools put behind probabilities: a list of maps, which no runtime but Python's has.

    scores [N, C] -> ZipMap -> probabilities, a map for each row

becomes

    scores [N, C] -> Identity -> probabilities [N, C], columns in the order of the map's keys
"""

from __future__ import annotations

from typing import Any

import onnx

from isoship.tensors.graph import attribute

#: Keys of each output that was a list of maps, in order.
Keys = dict[str, tuple[Any, ...]]


def made_by_zip_maps(model: onnx.ModelProto) -> set[str]:
    """Names of the outputs that are lists of maps."""
    outputs = {value.name for value in model.graph.output}
    return {node.output[0] for node in model.graph.node if _is_zip_map(node)} & outputs


def _is_zip_map(node: onnx.NodeProto) -> bool:
    return (node.domain, node.op_type) == ("ai.onnx.ml", "ZipMap")


def take_zip_maps_away(model: onnx.ModelProto) -> Keys:
    """Puts the tensor in front of each ZipMap in its place, in place; the keys of its maps by output."""
    outputs = made_by_zip_maps(model)
    keys: Keys = {}
    for node in model.graph.node:
        if not _is_zip_map(node) or node.output[0] not in outputs:
            continue
        words, numbers = attribute(node, "classlabels_strings"), attribute(node, "classlabels_int64s")
        named = tuple(each.decode() for each in words.strings) if words else ()
        keys[node.output[0]] = named or (tuple(numbers.ints) if numbers else ())
        node.domain, node.op_type = "", "Identity"
        node.ClearField("attribute")
    for value in model.graph.output:
        if value.name in keys:
            value.type.Clear()
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT  # ZipMap takes nothing else
    if keys and not any(each.domain in ("", "ai.onnx") for each in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid("", 13))
    return keys


def as_arrays(answers: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """What the file itself answers, with its lists of maps as arrays."""
    import numpy as np

    return {
        name: np.array([[row[key] for key in keys[name]] for row in value], np.float32).reshape(len(value), -1)
        if name in keys
        else value
        for name, value in answers.items()
    }
