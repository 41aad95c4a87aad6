"""How much memory a graph takes for each row of a batch, measured by running it on two small batches.

onnxruntime keeps a tensor from the node that makes it to the last node that reads it. The largest sum of kept bytes,
for one row, says how many rows a batch may have.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import ConversionError
from isoship.onnx.sessions import session_of

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]

#: A string in a tensor: the object of 32 bytes, and the text that did not fit into it.
_STRING = 96
#: Two sizes of a batch; what they differ by is a row's.
_BATCHES = (2, 3)
_TREES = "TreeEnsemble"


def bytes_a_row(model: onnx.ModelProto) -> int:
    """The most bytes that the tensors of a row take at a time, at least 1.

    Raises:
        ConversionError: onnxruntime does not run the graph.
    """
    small, large = _sizes(model)
    row = {name: max(0, size - small[name]) for name, size in large.items()}
    last = {name: i for i, node in enumerate(model.graph.node) for name in node.input}
    kept = {each.name for each in model.graph.output}
    alive = sum(row.get(each.name, 0) for each in model.graph.input)
    most = alive
    for i, node in enumerate(model.graph.node):
        alive += sum(row.get(name, 0) for name in node.output)
        most = max(most, alive)
        done = {name for name in (*node.input, *node.output) if last.get(name, i) == i and name not in kept}
        alive -= sum(row.get(name, 0) for name in done)
    return max(1, most)


def _sizes(model: onnx.ModelProto) -> tuple[dict[str, int], ...]:
    """The bytes of every tensor at two sizes of a batch.

    Trees do not run: they take long to load, and their results are one number a target.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnx

    every = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions)
    every.graph.name = "sizes"
    every.graph.initializer.extend(model.graph.initializer)
    every.graph.input.extend(model.graph.input)
    every.graph.node.extend(node for node in model.graph.node if node.op_type != _TREES)
    every.graph.input.extend(_result(node) for node in model.graph.node if node.op_type == _TREES)
    names = [name for node in every.graph.node for name in node.output if name]
    every.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    constants = {tensor.name for tensor in model.graph.initializer}
    given = [each for each in every.graph.input if each.name not in constants]
    asked = [{each.name: _zeros(each, rows) for each in given} for rows in _BATCHES]
    if not names:
        return tuple({name: _bytes(value) for name, value in feeds.items()} for feeds in asked)
    try:
        session = session_of(every)
        made = [feeds | dict(zip(names, session.run(names, feeds), strict=True)) for feeds in asked]
    except Exception as err:  # onnxruntime's errors share no base class
        raise ConversionError(f"onnxruntime does not run the graph on a few rows: {err}") from err
    return tuple({name: _bytes(value) for name, value in each.items()} for each in made)


def _result(node: onnx.NodeProto) -> onnx.ValueInfoProto:
    """What a tree ensemble answers, as an input of the graph: [N, targets]."""
    import onnx

    attributes = {attribute.name: attribute for attribute in node.attribute}
    return onnx.helper.make_tensor_value_info(
        node.output[0], attributes["nodes_splits"].t.data_type, ["N", attributes["n_targets"].i]
    )


def _zeros(info: onnx.ValueInfoProto, rows: int) -> Array:
    import onnx

    tensor = info.type.tensor_type
    shape = [dim.dim_value if dim.HasField("dim_value") else rows for dim in tensor.shape.dim]
    if tensor.elem_type == onnx.TensorProto.STRING:
        return np.full(shape, "", object)
    return np.zeros(shape, onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))


def _bytes(value: Any) -> int:
    if not isinstance(value, np.ndarray):
        return 0
    return value.size * _STRING if value.dtype.kind in "OUS" else value.nbytes
