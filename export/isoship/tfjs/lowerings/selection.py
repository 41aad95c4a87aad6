"""Picking values by index or order: Gather, GatherElements, ArgMax, ArgMin, TopK."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.canonical import Array, Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering
from isoship.tfjs.lowerings.trees import total_along_trees


@lowering("Gather", "ml.ArrayFeatureExtractor")
def gather(e: Emission, node: Node) -> Tensor:
    """Indices are constants, counted from the front, or integers proven to be inside."""
    source, shape = node.inputs[0], e.shape(node.inputs[0])
    last = node.op == "ml.ArrayFeatureExtractor"
    axis = len(shape) - 1 if last else int(node.attrs["axis"]) % len(shape)
    size = shape[axis]
    indices = e.graph.constant(node.inputs[1])
    if indices is None:
        if not e.inside(node.inputs[1], size):
            raise CannotLower("its indices are not known to be inside the table")
        picked = e.gather(e.data(source), e.data(node.inputs[1]), axis)
        return e.reshape(picked, e.shape(node.outputs[0])) if last else picked
    total = total_along_trees(e, node, axis, indices)
    if total is not None:
        return total
    places = _from_front(indices, size)
    picked = e.gather(e.data(source), e.control(places.ravel()), axis)
    return e.reshape(picked, e.shape(node.outputs[0])) if places.ndim != 1 or last else picked


@lowering("GatherElements")
def gather_elements(e: Emission, node: Node) -> Tensor:
    """[N, T] by [N, K] along axis 1: a Gather from the flat data at row * T + index."""
    source, index = node.inputs
    shape = e.shape(source)
    if len(shape) != 2 or int(node.attrs["axis"]) % 2 != 1 or not isinstance(shape[1], int):
        raise CannotLower("its axis is not the second of two")
    if not e.inside(index, shape[1]):
        raise CannotLower("its indices are not known to be inside")
    indices = e.data(index)
    offsets = e.op("Mul", e.row_numbers(indices), e.const(np.int32(shape[1])))
    flat = e.op("Reshape", e.data(source), e.control([-1]), Tshape={"type": "DT_INT32"})
    return e.gather(flat, e.op("AddV2", offsets, indices))


@lowering("ArgMax", "ArgMin")
def arg_extreme(e: Emission, node: Node) -> Tensor:
    """The first of equals, on every backend: their loops replace only by what is strictly better."""
    if node.attrs["select_last_index"]:
        raise CannotLower("it takes the last of equals")
    shape = e.shape(node.inputs[0])
    axis = int(node.attrs["axis"]) % len(shape)
    looked_up = _row_of_table(e, node.inputs[0])
    if looked_up is not None and axis == 1:
        table, rows = looked_up
        best = table.argmax(axis=1) if node.op == "ArgMax" else table.argmin(axis=1)
        picked = e.gather(e.const(best.astype(np.int32)), rows)
        return e.reshape(picked, e.shape(node.outputs[0]))
    attrs = {"Tidx": {"type": "DT_INT32"}, "output_type": {"type": "DT_INT32"}}
    found = e.op(node.op, e.data(node.inputs[0]), e.control(axis), dtype="int32", **attrs)
    return e.reshape(found, e.shape(node.outputs[0])) if node.attrs["keepdims"] else found


@lowering("TopK")
def top(e: Emission, node: Node) -> tuple[Tensor, Tensor]:
    """Sorted along the last axis; the lowest are the highest of the negatives. Equals may come in another order."""
    shape = e.shape(node.inputs[0])
    size = shape[-1]
    count = int(e.constant(node.inputs[1], "count").ravel()[0])
    if int(node.attrs["axis"]) % len(shape) != len(shape) - 1 or not node.attrs["sorted"] or not isinstance(size, int):
        raise CannotLower("it does not sort along the last axis")
    x = e.data(node.inputs[0])
    if x.dtype != "float32":
        raise CannotLower("it sorts integers")
    x = x if node.attrs["largest"] else e.op("Neg", x)
    values = e.op("TopKV2", x, e.control(count), sorted={"b": True})
    places = Tensor(f"{values.name}:1", "int32")
    e.bounds[node.outputs[1]] = np.array(0), np.array(size - 1)
    return (values if node.attrs["largest"] else e.op("Neg", values)), places


def _row_of_table(e: Emission, name: str) -> tuple[Array, Tensor] | None:
    """The constant [R, C] table and the row numbers where a value is one row of it for each row of the batch.

    What a single tree says of its label then comes from the doubles, where two classes may differ in the last bit.
    """
    producer = e.producers.get(name)
    if producer is not None and producer.op == "Gather" and e.shape(producer.inputs[0])[1:2] == (1,):
        if int(producer.attrs["axis"]) != 1 or e.graph.constant(producer.inputs[1]) is None:
            return None
        producer = e.producers.get(producer.inputs[0])
    if producer is None or producer.op != "Gather" or int(producer.attrs["axis"]) != 0:
        return None
    table = e.graph.constant(producer.inputs[0])
    if table is None or table.ndim != 2 or table.dtype.kind != "f" or len(e.shape(name)) != 2:
        return None
    if not e.inside(producer.inputs[1], len(table)) or len(e.shape(producer.inputs[1])) > 2:
        return None
    return table, e.reshape(e.data(producer.inputs[1]), ("N",))


def _from_front(indices: Array, size: int | str | None) -> Array:
    if (indices < 0).any():
        if not isinstance(size, int):
            raise CannotLower("it counts rows from the end")
        indices = np.where(indices < 0, indices + size, indices)
    return indices
