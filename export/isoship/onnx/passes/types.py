"""The element type of every tensor for which onnx's shape inference can tell it."""

from __future__ import annotations

import onnx


def tensor_types(model: onnx.ModelProto) -> dict[str, int]:
    """Tensor name -> `onnx.TensorProto` element type; tensors whose type is unknown are left out."""
    return {name: each.tensor_type.elem_type for name, each in _known(model).items() if each.tensor_type.elem_type}


def _known(model: onnx.ModelProto) -> dict[str, onnx.TypeProto]:
    inferred = onnx.shape_inference.infer_shapes(model).graph
    known = {each.name: each.type for each in (*inferred.value_info, *inferred.input, *inferred.output)}
    for tensor in model.graph.initializer:
        known[tensor.name] = onnx.helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
    return known
