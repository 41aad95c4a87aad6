"""Reductions along axes, and running sums."""

from __future__ import annotations

from typing import Any

from isoship.tfjs.canonical import Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering

_PLAIN = {
    "ReduceMax": "Max",
    "ReduceMean": "Mean",
    "ReduceMin": "Min",
    "ReduceProd": "Prod",
    "ReduceSum": "Sum",
}


@lowering(*_PLAIN)
def plain(e: Emission, node: Node) -> Tensor:
    return _reduce(e, node, _PLAIN[node.op], e.data(node.inputs[0]))


@lowering("ReduceSumSquare")
def sum_of_squares(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    return _reduce(e, node, "Sum", e.op("Mul", x, x))


@lowering("ReduceL1")
def norm_1(e: Emission, node: Node) -> Tensor:
    return _reduce(e, node, "Sum", e.op("Abs", e.data(node.inputs[0])))


@lowering("ReduceL2")
def norm_2(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    return e.op("Sqrt", _reduce(e, node, "Sum", e.op("Mul", x, x)))


@lowering("ReduceLogSumExp")
def log_sum_exp(e: Emission, node: Node) -> Tensor:
    """The highest value subtracted before exp and added after log."""
    x = e.data(node.inputs[0])
    axes = _axes(e, node)
    highest = e.reduce("Max", x, axes, keep=True)
    total = e.op("Log", e.reduce("Sum", e.op("Exp", e.op("Sub", x, highest)), axes, keep=True))
    return e.reshape(e.op("AddV2", total, highest), e.shape(node.outputs[0]))


@lowering("CumSum")
def running_sum(e: Emission, node: Node) -> Tensor:
    axis = int(e.constant(node.inputs[1], "axis").ravel()[0]) % len(e.shape(node.inputs[0]))
    flags: dict[str, Any] = {name: {"b": bool(node.attrs[name])} for name in ("exclusive", "reverse")}
    x = e.data(node.inputs[0])
    if x.dtype != "float32":
        raise CannotLower("it adds integers")
    return e.op("Cumsum", x, e.control(axis), Tidx={"type": "DT_INT32"}, **flags)


def _axes(e: Emission, node: Node) -> list[int]:
    rank = len(e.shape(node.inputs[0]))
    given = e.constant(node.inputs[1], "axes") if len(node.inputs) > 1 and node.inputs[1] else None
    if given is None or given.size == 0:
        if node.attrs.get("noop_with_empty_axes"):
            raise CannotLower("it reduces nothing")
        return list(range(rank))
    return [int(axis) % rank for axis in given]


def _reduce(e: Emission, node: Node, op: str, x: Tensor) -> Tensor:
    return e.reduce(op, x, _axes(e, node), keep=bool(node.attrs["keepdims"]))
