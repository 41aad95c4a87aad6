"""Nodes of a TF.js graph, written so that every backend answers alike: casts, moves, choices and the like.

Each goes round what TF.js does wrong without a word (docs/web_networks.md).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from isoship.tfjs.emitter import TF_DTYPES, GraphDef, Tensor
from isoship.tfjs.network.registry import BACKENDS, CannotLower

#: Integers that callers give, and that are computed, stay below this in size: webgl and webgpu hold them in float32.
MOST = 2**24


class Writer:
    """g: the graph. backends: those that all of it is right on. wide: the node that is being written has an input of
    integers that float32 may not hold."""

    def __init__(self) -> None:
        self.g = GraphDef()
        self.backends: tuple[str, ...] = BACKENDS
        self.wide = False

    def right_on(self, *backends: str) -> None:
        """Says that what is written for a node, as it is, is right on these backends alone."""
        self.backends = tuple(backend for backend in self.backends if backend in backends)

    def op(self, op: str, *inputs: Tensor, dtype: str | None = None, **attrs: Any) -> Tensor:
        return self.g.op(op, *inputs, dtype=dtype, **attrs)

    def const(self, value: Any, dtype: str | None = None) -> Tensor:
        """A constant that is data."""
        return self.g.const(value, dtype)

    def like(self, tensor: Tensor, value: float) -> Tensor:
        """A number in a tensor's dtype."""
        return self.g.const(np.asarray(value), tensor.dtype)

    def control(self, value: Any) -> Tensor:
        """A constant that steers an operator: int32."""
        return self.g.control(np.asarray(value, np.int32))

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """To bool by NotEqual 0: Cast on wasm keeps 0.5 as 0. To reals with 0 added: Cast relabels what is there, and
        what only moves numbers (webgpu's Transpose) then takes them for integers."""
        if tensor.dtype == dtype:
            return tensor
        if dtype == "bool":
            return self.op("NotEqual", tensor, self.like(tensor, 0), dtype="bool")
        made = self.op("Cast", tensor, dtype=dtype, SrcT=kind(tensor.dtype), DstT=kind(dtype))
        return self.op("AddV2", made, self.like(made, 0)) if dtype == "float32" else made

    def transpose(self, tensor: Tensor, order: Sequence[int], *, wide: bool | None = None) -> Tensor:
        """Bools and integers go as reals, which hold them: webgpu's Transpose of int32 gives the bits of floats.

        wide: the integers may be beyond what float32 holds, and go as they are; None: if one of the node's inputs is
        so."""
        if list(order) == list(range(len(order))):
            return tensor
        if tensor.name in self.g.weights:
            return self.g.const(self.g.weights[tensor.name].transpose(order))
        before = self.g.node(tensor)
        if before["op"] == "Transpose":
            first = [int(i) for i in self.g.weights[before["input"][1]]]
            both = [first[i] for i in order]
            source = Tensor(before["input"][0], tensor.dtype)
            if both == list(range(len(both))):
                return source
            return self.op("Transpose", source, self.control(both), Tperm=kind("int32"))
        if tensor.dtype == "bool" or (tensor.dtype == "int32" and not (self.wide if wide is None else wide)):
            return self.cast(self.transpose(self.cast(tensor, "float32"), order), tensor.dtype)
        if tensor.dtype == "int32":
            self.right_on("cpu", "wasm")
        return self.op("Transpose", tensor, self.control(order), Tperm=kind("int32"))

    def gather(self, table: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
        """Never with batch_dims, which is wrong on wasm; bools as int32."""
        if table.dtype == "bool":
            return self.cast(self.gather(self.cast(table, "int32"), indices, axis), "bool")
        types: dict[str, Any] = {name: kind("int32") for name in ("Tindices", "Taxis")}
        types |= {"Tparams": kind(table.dtype), "batch_dims": {"i": "0"}}
        return self.op("GatherV2", table, indices, self.control(axis), **types)

    def reduce(self, op: str, tensor: Tensor, axes: Iterable[int], keep: bool = False) -> Tensor:
        return self.op(op, tensor, self.control(list(axes)), keep_dims={"b": keep}, Tidx=kind("int32"))

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        """Bools go as int32."""
        if len(parts) == 1:
            return parts[0]
        if parts[0].dtype == "bool":
            return self.cast(self.concat([self.cast(part, "int32") for part in parts], axis), "bool")
        return self.op("ConcatV2", *parts, self.control(axis), N={"i": str(len(parts))}, Tidx=kind("int32"))

    def slice(self, tensor: Tensor, begin: Sequence[int], size: Sequence[int]) -> Tensor:
        """size: -1 up to the end."""
        if tensor.dtype == "bool":
            return self.cast(self.slice(self.cast(tensor, "int32"), begin, size), "bool")
        return self.op("Slice", tensor, self.control(begin), self.control(size), Index=kind("int32"))

    def select(self, where: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        """Bools go as int32."""
        if yes.dtype == "bool":
            return self.cast(self.select(where, self.cast(yes, "int32"), self.cast(no, "int32")), "bool")
        return self.op("SelectV2", where, yes, no, dtype=yes.dtype)

    def scatter(self, table: Tensor, places: Tensor, values: Tensor) -> Tensor:
        """Into a copy: cpu writes into the buffer that it is given, which a constant, another node or the caller
        reads as well."""
        copy = self.op("AddV2", table, self.like(table, -0.0))
        return self.op("TensorScatterUpdate", copy, places, values, Tindices=kind("int32"))

    def pad(self, tensor: Tensor, pads: Sequence[tuple[int, int]], fill: float = 0.0) -> Tensor:
        """A constant around it."""
        if all(pair == (0, 0) for pair in pads):
            return tensor
        if tensor.dtype == "bool":
            return self.cast(self.pad(self.cast(tensor, "int32"), pads, fill), "bool")
        if tensor.dtype == "int32" and abs(fill) > MOST:
            raise CannotLower("what it pads integers with is beyond 2**24, and wasm makes a float32 of it")
        # A number that TF.js reads to steer by: never one that is data, too, which webgpu holds on its own side.
        value = self.g.control(np.asarray(fill), tensor.dtype)
        return self.op("PadV2", tensor, self.control(pads), value, Tpaddings=kind("int32"))


def kind(dtype: str) -> dict[str, str]:
    """A dtype as an attribute."""
    return {"type": TF_DTYPES[dtype]}


def ints(values: Iterable[int]) -> dict[str, Any]:
    """Integers as an attribute."""
    return {"list": {"i": [str(int(value)) for value in values]}}


def text(value: str) -> dict[str, str]:
    """A string as an attribute."""
    return {"s": base64.b64encode(value.encode()).decode()}


def declared(node: dict[str, Any]) -> list[int]:
    """The shape of an input, -1 where callers choose."""
    return [int(dim["size"]) for dim in node["attr"]["shape"]["shape"]["dim"]]
