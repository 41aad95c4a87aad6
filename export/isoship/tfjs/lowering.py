"""The registry of lowerings and the emission they write into: one ONNX node -> TF.js nodes on float32, int32, bool.

    @lowering("Add")
    def add(e: Emission, node: Node) -> Tensor:
        return e.op("AddV2", e.data(node.inputs[0]), e.data(node.inputs[1]))

A lowering that cannot carry its node raises `CannotLower`; the partition then puts the node into JavaScript, or
refuses. Doubles and floats become float32, int64 becomes int32 where its values are proven to stay below 2**24 (webgl
and webgpu hold int32 in floats), bool stays bool, strings never enter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from isoship.tfjs import lowerings as families
from isoship.tfjs.bounds import interval_of
from isoship.tfjs.canonical import Array, Graph, Node, Value
from isoship.tfjs.emitter import TF_DTYPES, GraphDef, Tensor

#: int32 values stay below this in size: webgl and webgpu keep them in float32.
EXACT = 2**24

#: The least and the greatest value an integer tensor can have: int64 arrays that broadcast to the tensor.
Interval = tuple[Array, Array]
#: One tensor, or one for each output of the node.
Lowering = Callable[["Emission", Node], "Tensor | tuple[Tensor, ...]"]

_LOWERINGS: dict[str, Lowering] = {}

_DTYPES = {"double": "float32", "float": "float32", "int64": "int32", "int32": "int32", "bool": "bool"}


class CannotLower(Exception):
    """This node, as it is, has no form in TF.js that is right on every backend. The message is the reason."""


def lowering(*ops: str) -> Callable[[Lowering], Lowering]:
    """Registers a lowering under ONNX op names (`ml.` in front for ai.onnx.ml). Duplicates raise."""

    def register(function: Lowering) -> Lowering:
        for op in ops:
            if op in _LOWERINGS:
                raise ValueError(f"two lowerings for {op}")
            _LOWERINGS[op] = function
        return function

    return register


def lowerings() -> Mapping[str, Lowering]:
    """Every lowering by op name."""
    families.load()
    return _LOWERINGS


class Emission:
    """The TF.js graph under construction and what is known of its values."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.g = GraphDef()
        self.tensors: dict[str, Tensor] = {}
        self.feeds: dict[str, Tensor] = {}
        self.bounds: dict[str, Interval] = {}
        self.producers = {out: node for node in graph.nodes for out in node.outputs}
        self.prefix: dict[str, Value] = {name: graph.values[name] for name in graph.inputs}
        """What JavaScript has computed before the graph runs: the values that can be fed."""

    # -- values ------------------------------------------------------------------------------------------------

    def shape(self, name: str) -> tuple[int | str | None, ...]:
        return self.graph.values[name].shape

    def constant(self, name: str, what: str) -> Array:
        """The value of an input that has to be constant."""
        array = self.graph.constant(name)
        if array is None:
            raise CannotLower(f"its {what} is computed from the data")
        return array

    def raw(self, name: str) -> Tensor:
        """The tensor of a value as it was written, which may be int32 where ONNX has a real type."""
        if name in self.tensors:
            return self.tensors[name]
        array = self.graph.constant(name)
        if array is not None:
            return self.g.const(self._narrow(name, array))
        if name in self.prefix:
            return self.feed(name)
        raise CannotLower("one of its inputs is computed after the graph")

    def data(self, name: str) -> Tensor:
        """The tensor of a value in the dtype that stands for its ONNX dtype."""
        tensor = self.raw(name)
        wanted = _DTYPES.get(self.graph.values[name].dtype, tensor.dtype)
        return tensor if tensor.dtype == wanted else self.cast(tensor, wanted)

    def feed(self, name: str) -> Tensor:
        """The placeholder of a value that JavaScript computes."""
        if name not in self.feeds:
            value = self.prefix[name]
            if value.dtype not in ("double", "float", "int32", "bool"):
                raise CannotLower(f"its input {name!r} is {value.dtype}, which TF.js does not hold")
            seed = "ranks" if value.dtype == "int32" else "X"
            self.feeds[name] = self.g.placeholder(seed, _DTYPES[value.dtype], value.shape)
        return self.feeds[name]

    def interval(self, name: str) -> Interval | None:
        """The interval of a value, None where it is unknown."""
        if name in self.bounds:
            return self.bounds[name]
        array = self.graph.constant(name)
        if array is not None and array.dtype.kind in "ib" and array.size:
            return array.astype(np.int64), array.astype(np.int64)
        return (np.array(0), np.array(1)) if self.graph.values[name].dtype == "bool" else None

    def inside(self, name: str, size: int | str | None) -> bool:
        """Whether a value is proven to hold indices into a table of this size."""
        bound = self.interval(name)
        return bound is not None and isinstance(size, int) and bound[0].min() >= 0 and bound[1].max() < size

    # -- nodes -------------------------------------------------------------------------------------------------

    def op(self, op: str, *inputs: Tensor, dtype: str | None = None, **attrs: Any) -> Tensor:
        return self.g.op(op, *inputs, dtype=dtype, **attrs)

    def const(self, value: Any, dtype: str | None = None) -> Tensor:
        return self.g.const(value, dtype)

    def control(self, value: Any) -> Tensor:
        return self.g.control(np.asarray(value, np.int32))

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """To bool by NotEqual 0 and never by Cast: on wasm that keeps 0.5 as 0 and NaN as any byte."""
        if tensor.dtype == dtype:
            return tensor
        if dtype == "bool":
            return self.op("NotEqual", tensor, self.const(0, tensor.dtype), dtype="bool")
        attrs: dict[str, Any] = {"SrcT": _tf(tensor.dtype), "DstT": _tf(dtype)}
        return self.op("Cast", tensor, dtype=dtype, **attrs)

    def reshape(self, tensor: Tensor, shape: tuple[int | str | None, ...]) -> Tensor:
        """To a shape of which at most one size follows the batch."""
        sizes = [size if isinstance(size, int) else -1 for size in shape]
        if sizes.count(-1) > 1:
            raise CannotLower(f"two sizes of its shape {list(shape)} follow the batch")
        return self.op("Reshape", tensor, self.control(sizes), Tshape=_tf("int32"))

    def gather(self, table: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
        """Never with batch_dims, which is wrong on wasm."""
        attrs: dict[str, Any] = {name: _tf("int32") for name in ("Tindices", "Taxis")}
        attrs |= {"Tparams": _tf(table.dtype), "batch_dims": {"i": "0"}}
        return self.op("GatherV2", table, indices, self.control(axis), **attrs)

    def reduce(self, op: str, tensor: Tensor, axes: list[int], keep: bool = False) -> Tensor:
        return self.op(op, tensor, self.control(axes), keep_dims={"b": keep}, Tidx=_tf("int32"))

    def row_numbers(self, tensor: Tensor) -> Tensor:
        """0, 1, ... for the rows of a tensor: int32 [N, 1]."""
        sizes = self.op("Shape", tensor, dtype="int32", out_type=_tf("int32"))
        masks: dict[str, Any] = {k: {"i": "0"} for k in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask")}
        count = self.op(
            "StridedSlice",
            sizes,
            self.control([0]),
            self.control([1]),
            self.control([1]),
            Index=_tf("int32"),
            shrink_axis_mask={"i": "1"},
            **masks,
        )
        numbers = self.op("Range", self.control(0), count, self.control(1), dtype="int32", Tidx=_tf("int32"))
        return self.reshape(numbers, ("N", 1))

    def end(self, tensor: Tensor, name: str) -> Tensor:
        """A node of that name for a value that leaves the graph.

        The cpu backend casts bool to int32 by relabelling, and who reads the result gets bytes: hence the addition.
        """
        if self.g.made_by(tensor) == "Cast":
            return self.g.op("AddV2", tensor, self.const(0, tensor.dtype), name=name)
        return self.g.op("Identity", tensor, name=name)

    # -- lowering ----------------------------------------------------------------------------------------------

    def lower(self, node: Node) -> None:
        """Writes the node.

        Raises:
            CannotLower: it has no lowering, or none for these dtypes, shapes or values.
        """
        function = lowerings().get(node.op)
        if function is None:
            raise CannotLower("it has no lowering to TF.js")
        if any(self.graph.values[out].dtype == "string" for out in node.outputs if out):
            raise CannotLower("its result is a string")
        made = function(self, node)
        tensors = made if isinstance(made, tuple) else (made,)
        for out, tensor in zip(node.outputs, tensors, strict=True):
            if tensor.dtype == "int32" and out not in self.bounds:
                bound = interval_of(node, self)
                if bound is None or max(-bound[0].min(), bound[1].max()) >= EXACT:
                    raise CannotLower("its integers are not known to stay below 2**24")
                self.bounds[out] = bound
        self.tensors.update(zip(node.outputs, tensors, strict=True))

    def _narrow(self, name: str, array: Array) -> Array:
        """A constant in the dtype that TF.js holds."""
        dtype = self.graph.values[name].dtype
        if dtype == "string":
            raise CannotLower("one of its inputs is a table of strings")
        if dtype in ("int64", "int32"):
            if array.size and np.abs(array.astype(np.float64)).max() >= EXACT:
                raise CannotLower("an integer constant of 2**24 or more")
            return array.astype(np.int32)
        if dtype == "bool":
            return array
        with np.errstate(over="ignore"):
            narrow = array.astype(np.float32)
        if (np.isinf(narrow) & np.isfinite(array)).any():
            raise CannotLower("a constant is too large for float32")
        return narrow


def _tf(dtype: str) -> dict[str, str]:
    return {"type": TF_DTYPES[dtype]}
