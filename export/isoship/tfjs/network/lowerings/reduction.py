"""Sums, means, extremes along axes; running sums; the place of the largest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.lowerings.elementwise import FUNCTION
from isoship.tfjs.network.reading import Dim, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering
from isoship.tfjs.network.writing import kind

_REDUCE = {"ReduceSum": "Sum", "ReduceMean": "Mean", "ReduceMax": "Max", "ReduceMin": "Min", "ReduceProd": "Prod"}
#: What a reduction over nothing gives.
_OF_NOTHING = {"ReduceMax": -np.inf, "ReduceMin": np.inf, "ReduceSum": 0.0, "ReduceProd": 1.0}


#: An axis that is longer is added in parts.
_LONG = 4096


def in_parts(e: Emission, op: str, x: Tensor, shape: Sequence[Dim], axes: Sequence[int], keep: bool) -> Tensor:
    """Sum or Mean along one axis after another, a long one in parts: wasm adds up in one float32, and the mean of two
    million 0.1 is 0.0985 there."""
    shape = list(shape)
    for axis in sorted(axes, reverse=True):
        size = shape[axis]
        part = _part(size) if isinstance(size, int) and size > _LONG else 1
        if part > 1 and isinstance(size, int) and sum(not isinstance(s, int) for s in shape) < 2:
            x = e.reshape(x, [*shape[:axis], size // part, part, *shape[axis + 1 :]])
            x = e.reduce(op, x, [axis + 1])
        x = e.reduce(op, x, [axis], keep)
        shape[axis : axis + 1] = [1] if keep else []
    return x


def _part(size: int) -> int:
    """The divisor nearest to the root of a size."""
    return max(d for d in range(1, int(size**0.5) + 1) if size % d == 0)


def axes_of(e: Emission, node: Node) -> list[int] | None:
    """The axes, None where nothing is reduced."""
    rank = e.rank(node.inputs[0])
    axes = e.list_of(node, 1, "axes")
    if not axes:
        return None if node.attrs.get("noop_with_empty_axes", 0) else list(range(rank))
    return sorted({axis % rank for axis in axes})


@lowering(*_REDUCE, emits=[*sorted(_REDUCE.values()), "Fill"], exactness=ROUNDED)
def reduce(e: Emission, node: Node) -> Tensor:
    x, axes = e.data(node.inputs[0]), axes_of(e, node)
    keep = bool(node.attrs.get("keepdims", 1))
    if axes is None or (axes == [] and e.rank(node.inputs[0]) == 0):
        return x
    if any(size == 0 for size in e.shape(node.inputs[0])):
        if node.op not in _OF_NOTHING:
            raise CannotLower("it is the mean of nothing")
        sizes = e.sizes(node.outputs[0])
        filled = np.full(sizes, _OF_NOTHING[node.op], np.float32)
        if x.dtype == "int32":
            raise CannotLower("it reduces no integers to one")
        return e.const(filled > 0 if x.dtype == "bool" else filled)
    if x.dtype == "bool":
        made = e.reduce(_REDUCE[node.op], e.cast(x, "int32"), axes, keep)
        return e.cast(made, "bool")
    if x.dtype == "int32" and node.op in ("ReduceSum", "ReduceProd", "ReduceMean"):
        _bound_sum(e, node, axes)
    if node.op == "ReduceProd":  # webgpu drops axes that are to be kept
        made = e.reduce("Prod", x, axes)
        return e.reshape(made, e.shape(node.outputs[0])) if keep else made
    if node.op in ("ReduceSum", "ReduceMean") and x.dtype == "float32":
        return in_parts(e, _REDUCE[node.op], x, e.shape(node.inputs[0]), axes, keep)
    return e.reduce(_REDUCE[node.op], x, axes, keep)


def _bound_sum(e: Emission, node: Node, axes: list[int]) -> None:
    bound, shape = e.bound(node.inputs[0]), e.shape(node.inputs[0])
    count = 1.0
    for axis in axes:
        size = shape[axis]
        count *= size if isinstance(size, int) else 2**24
    if bound is None or node.op != "ReduceSum":
        raise CannotLower("how large its integers become is not known")
    e.bounds[node.outputs[0]] = min(0.0, bound[0] * count), max(0.0, bound[1] * count)


@lowering("ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp",
          emits=["Abs", "Square", "Mul", "Sum", "Sqrt", "Log", "Exp", "Max", "Sub", "AddV2", "SelectV2", "IsFinite"],
          exactness=FUNCTION)  # fmt: skip
def of_sums(e: Emission, node: Node) -> Tensor:
    """ReduceLogSumExp takes the largest off first."""
    x, axes = e.data(node.inputs[0]), axes_of(e, node)
    if x.dtype != "float32":
        raise CannotLower("it is asked for integers")
    keep = bool(node.attrs.get("keepdims", 1))
    empty = any(size == 0 for size in e.shape(node.inputs[0]))
    if empty:
        value = -np.inf if node.op.startswith("ReduceLog") else 0.0
        return e.const(np.full(e.sizes(node.outputs[0]), value, np.float32))
    if axes is None:
        axes = []

    def total(y: Tensor) -> Tensor:
        return in_parts(e, "Sum", y, e.shape(node.inputs[0]), axes, keep) if axes else y

    if node.op == "ReduceL1":
        return total(e.op("Abs", x))
    if node.op == "ReduceSumSquare":
        return total(e.op("Mul", x, x))
    if node.op == "ReduceL2":
        return e.op("Sqrt", total(e.op("Mul", x, x)))
    if node.op == "ReduceLogSum":
        return e.op("Log", total(x))
    largest = e.reduce("Max", x, axes, keep=True) if axes else x
    largest = e.select(e.op("IsFinite", largest, dtype="bool"), largest, e.like(largest, 0))
    logs = e.op("Log", total(e.op("Exp", e.op("Sub", x, largest))))
    if not keep and axes:
        largest = e.reshape(largest, e.shape(node.outputs[0]))
    return e.op("AddV2", logs, largest)


@lowering("ArgMax", "ArgMin", emits=["ArgMax", "ArgMin", "ReverseV2", "Sub"])
def arg(e: Emission, node: Node) -> Tensor:
    """The first of several, or the last of them where it is asked for."""
    x, rank = e.data(node.inputs[0]), e.rank(node.inputs[0])
    axis = int(node.attrs["axis"]) % rank
    last = bool(node.attrs.get("select_last_index", 0))
    if last:
        x = e.op("ReverseV2", x, e.control([axis]), Tidx=kind("int32"))
    made = e.op(node.op, x, e.control(axis), dtype="int32", Tidx=kind("int32"), output_type=kind("int32"))
    if last:
        made = e.op("Sub", e.const(np.int32(e.size(node.inputs[0], axis) - 1)), made)
    if not node.attrs["keepdims"]:
        return made
    return e.reshape(made, [1 if i == axis else size for i, size in enumerate(e.shape(node.inputs[0]))])


@lowering("CumSum", "CumProd", emits=["Cumsum", "Cumprod"], exactness=ROUNDED)
def running(e: Emission, node: Node) -> Tensor:
    x, rank = e.data(node.inputs[0]), e.rank(node.inputs[0])
    axis = int(e.constant(node.inputs[1], "axis").ravel()[0]) % rank
    if x.dtype == "int32":
        e.right_on("cpu", "wasm")
        bound, size = e.bound(node.inputs[0]), e.size(node.inputs[0], axis)
        if bound is None or node.op == "CumProd":
            raise CannotLower("how large its integers become is not known")
        e.bounds[node.outputs[0]] = min(0, bound[0] * size), max(0, bound[1] * size)
    flags: dict[str, Any] = {name: {"b": bool(node.attrs[name])} for name in ("exclusive", "reverse")}
    return e.op("Cumsum" if node.op == "CumSum" else "Cumprod", x, e.control(axis), Tidx=kind("int32"), **flags)
