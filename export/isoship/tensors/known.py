"""What a graph knows of the values of its inputs: the keys of its lookups of strings, the thresholds of its trees."""

from __future__ import annotations

import numpy as np
import onnx

from isoship.tensors.graph import attribute, nodes_of

_STRINGS = ("keys_strings", "cats_strings", "classes_strings", "pool_strings", "string_vocabulary")
#: More keys, thresholds than this are thinned out evenly.
_MOST = 512


def strings_of(model: onnx.ModelProto) -> tuple[str, ...]:
    """Keys of LabelEncoder, CategoryMapper, TfIdfVectorizer and their kin, and what strings are compared with."""
    found: list[str] = []
    for node in nodes_of(model):
        for name in _STRINGS:
            held = attribute(node, name)
            found += [each.decode(errors="replace") for each in held.strings] if held else []
        keys = attribute(node, "keys_tensor")
        if keys is not None and keys.t.data_type == onnx.TensorProto.STRING:
            found += [each.decode(errors="replace") for each in keys.t.string_data]
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.STRING:
            found += [each.decode(errors="replace") for each in tensor.string_data]
    return tuple(_thinned([word for word in dict.fromkeys(found) if "\0" not in word]))


def thresholds_of(model: onnx.ModelProto) -> tuple[float, ...]:
    """What trees and comparisons of ai.onnx.ml compare with."""
    found: list[float] = []
    for node in nodes_of(model):
        if not node.op_type.startswith("TreeEnsemble") and node.op_type != "Binarizer":
            continue
        for name in ("nodes_values", "nodes_values_as_tensor", "nodes_splits", "threshold"):
            held = attribute(node, name)
            if held is None:
                continue
            if held.HasField("t"):
                found += np.unique(onnx.numpy_helper.to_array(held.t).astype(float)).tolist()
            else:
                found += sorted(set(held.floats)) or [held.f]
    return tuple(_thinned(sorted({value for value in found if np.isfinite(value)})))


def _thinned(values: list) -> list:  # type: ignore[type-arg]
    return values if len(values) <= _MOST else [values[i] for i in np.linspace(0, len(values) - 1, _MOST).astype(int)]
