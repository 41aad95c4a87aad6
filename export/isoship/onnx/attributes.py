"""A node's attributes as Python values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """name -> value; tensors and lists of numbers as arrays.

    Lists are not lists here: those of a forest of a million nodes would be ten million Python objects.
    """
    import onnx
    from onnx import numpy_helper

    numbers = {onnx.AttributeProto.INTS: ("ints", np.int64), onnx.AttributeProto.FLOATS: ("floats", np.float32)}
    values: dict[str, Any] = {}
    for a in node.attribute:
        if a.type in numbers:
            kept, dtype = numbers[a.type]
            held = getattr(a, kept)
            values[a.name] = np.fromiter(held, dtype, len(held))
        else:
            value = onnx.helper.get_attribute_value(a)
            values[a.name] = numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
    return values
