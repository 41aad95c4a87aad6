"""The TF.js graph of a network under construction, and what lowerings write it with.

Reals are float32, integers int32, bools bool. A value of four axes may lie channels last, as TF.js computes pictures:
what asks for it in ONNX's order gets a Transpose, what computes channels last as well gets it as it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.intervals import interval_of
from isoship.tfjs.network.reading import Array, Dim, Graph, Node, Value
from isoship.tfjs.network.registry import CannotLower, lowering_of
from isoship.tfjs.network.writing import MOST, Writer, declared, kind

#: What stands for each dtype of ONNX.
STANDS_FOR = {
    "float": "float32",
    "double": "float32",
    "float16": "float32",
    "int64": "int32",
    "int32": "int32",
    "int16": "int32",
    "int8": "int32",
    "uint8": "int32",
    "uint16": "int32",
    "bool": "bool",
}

#: What each dtype of integers holds, of int64 what int32 does: ONNX's arithmetic wraps there, TF.js's does not.
HELD = {
    "int64": (-(2**31) + 1, 2**31 - 1),
    "int32": (-(2**31) + 1, 2**31 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "uint16": (0, 2**16 - 1),
}

#: Operators that move or rename what is there; every lowering may write them.
PLUMBING = frozenset(
    [
        "Cast", "Const", "Identity", "NotEqual", "Placeholder", "Reshape", "Transpose", "ExpandDims", "Squeeze",
        "Shape", "Slice", "ConcatV2", "AddV2",
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Last:
    """A value that lies channels last."""

    tensor: Tensor


class Emission(Writer):
    """tensors: by ONNX's names, in ONNX's order of axes. last: those that lie channels last. bounds: the least and the
    greatest of what is known of integers (and of reals, where something is)."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self.tensors: dict[str, Tensor] = {}
        self.last: dict[str, Tensor] = {}
        self.bounds: dict[str, tuple[float, float]] = {}
        self.said: dict[str, Value] = {}
        self.asynchronous = False

    # -- what is known -----------------------------------------------------------------------------------------

    def value(self, name: str) -> Value:
        found = self.graph.values.get(name) or self.said.get(name)
        if found is None:
            raise CannotLower(f"nothing is known of the value {name!r}")
        return found

    def say(self, name: str, dtype: str, shape: tuple[Dim, ...]) -> None:
        """What a lowering knows of a result, where ONNX's inference knows nothing of its operator."""
        self.said[name] = Value(dtype, shape)

    def dtype(self, name: str) -> str:
        return self.value(name).dtype

    def shape(self, name: str) -> tuple[Dim, ...]:
        """Sizes, names and None."""
        shape = self.value(name).shape
        if shape is None:
            raise CannotLower(f"the rank of {name!r} is not known")
        return shape

    def rank(self, name: str) -> int:
        return len(self.shape(name))

    def sizes(self, name: str) -> tuple[int, ...]:
        """The whole shape."""
        shape = self.shape(name)
        if not all(isinstance(size, int) for size in shape):
            raise CannotLower(f"the shape {list(shape)} of {name!r} is not known as a whole")
        return tuple(size for size in shape if isinstance(size, int))

    def size(self, name: str, axis: int) -> int:
        size = self.shape(name)[axis]
        if not isinstance(size, int):
            raise CannotLower(f"the size of axis {axis} of {name!r} is not known")
        return size

    def has(self, node: Node, i: int) -> bool:
        return i < len(node.inputs) and node.inputs[i] != ""

    def constant(self, name: str, what: str) -> Array:
        """The value of an input that has to be known."""
        array = self.graph.constants.get(name)
        if array is None:
            raise CannotLower(f"its {what} is computed from the data")
        return array

    def given(self, node: Node, i: int, what: str) -> Array | None:
        """The same of an input that may be absent."""
        return self.constant(node.inputs[i], what) if self.has(node, i) else None

    def list_of(self, node: Node, i: int, attribute: str) -> list[int] | None:
        """Integers that older versions have as an attribute and newer ones as an input."""
        if self.has(node, i):
            return [int(x) for x in self.constant(node.inputs[i], attribute).ravel()]
        found = node.attrs.get(attribute)
        return None if found is None else [int(x) for x in np.ravel(found)]

    # -- values ------------------------------------------------------------------------------------------------

    def data(self, name: str) -> Tensor:
        """The tensor of a value, in ONNX's order of axes."""
        if name in self.tensors:
            return self.tensors[name]
        if name in self.last:
            rank = self.rank(name)
            order = [0, rank - 1, *range(1, rank - 1)]
            self.tensors[name] = self.transpose(self.last[name], order, wide=self.is_wide(name))
            return self.tensors[name]
        array = self.graph.constants.get(name)
        if array is None:
            raise CannotLower(f"its input {name!r} is not there")
        return self.g.const(self.narrow(array))

    def channels_last(self, name: str) -> Tensor:
        """The tensor of a value [N, C, ...] as [N, ..., C]."""
        if name not in self.last:
            rank = self.rank(name)
            array = self.graph.constants.get(name)
            order = [0, *range(2, rank), 1]
            if array is not None:
                self.last[name] = self.g.const(self.narrow(array.transpose(order)))
            else:
                shape = [self.shape(name)[i] for i in order]
                self.last[name] = self._turned(self.data(name), shape, order, wide=self.is_wide(name))
        return self.last[name]

    def _turned(self, tensor: Tensor, shape: Sequence[Dim], order: Sequence[int], *, wide: bool) -> Tensor:
        """[N, C, ...] as [N, ..., C] of this shape. One channel, or one place, moves nothing, and what turned a gray
        picture the other way is undone."""
        *places, channels = shape[1:]
        moves_nothing = channels == 1 or all(size == 1 for size in places)
        unknown = sum(not isinstance(size, int) for size in shape)
        before = self.g.node(tensor)
        if not moves_nothing or unknown > 1 or 0 in shape or before["op"] == "Transpose":
            return self.transpose(tensor, order, wide=wide)
        if before["op"] == "Reshape":
            source = self.g.node(Tensor(before["input"][0], tensor.dtype))
            if source["op"] == "Placeholder" and declared(source) == [s if isinstance(s, int) else -1 for s in shape]:
                return Tensor(source["name"], tensor.dtype)
        return self.reshape(tensor, shape)

    def narrow(self, array: Array) -> Array:
        """A constant as TF.js holds it."""
        if array.dtype.kind == "b":
            return array
        if array.dtype.kind in "iu":
            if array.size and not (int(array.min()) >= -(2**31) and int(array.max()) < 2**31):
                raise CannotLower("a constant holds integers that int32 does not")
            if array.size and max(-int(array.min()), int(array.max())) > MOST:
                self.right_on("cpu", "wasm")  # graphics hold integers in float32
            return array.astype(np.int32)
        if array.dtype.kind != "f":
            raise CannotLower("one of its inputs is a table of strings")
        with np.errstate(over="ignore"):
            narrow = array.astype(np.float32)
        if (np.isinf(narrow) & np.isfinite(array)).any():
            raise CannotLower("a constant is too large for float32")
        return narrow

    def bound(self, name: str) -> tuple[float, float] | None:
        """Between what a value lies, where that is known."""
        if name in self.bounds:
            return self.bounds[name]
        array = self.graph.constants.get(name)
        if array is not None and array.dtype.kind in "iufb" and array.size and np.isfinite(array).all():
            return float(array.min()), float(array.max())
        known = self.graph.sizes.get(name)
        if known is not None:
            whole = [size for size in known.flat if isinstance(size, int)]
            return (
                0 if len(whole) < len(known.flat) else min(whole),
                MOST if len(whole) < len(known.flat) else max(whole),
            )
        value = self.graph.values.get(name)
        if value is not None and value.dtype == "bool":
            return 0, 1
        return None

    # -- shapes ------------------------------------------------------------------------------------------------

    def reshape(self, tensor: Tensor, shape: Sequence[Dim]) -> Tensor:
        """To a shape. One size may be what is left; more must be callers' choices, which are looked up as the graph
        runs (webgpu reads nothing back then)."""
        sizes = [size if isinstance(size, int) else -1 for size in shape]
        if sizes.count(-1) > 1:
            return self._reshaped_at_run_time(tensor, shape)
        if sizes.count(-1) == 1 and 0 in sizes:
            raise CannotLower(f"a size of its shape {list(shape)} is 0 and another is not known")
        if tensor.name in self.g.weights:
            return self.g.const(self.g.weights[tensor.name].reshape(sizes))
        return self.op("Reshape", tensor, self.control(sizes), Tshape=kind("int32"))

    def _reshaped_at_run_time(self, tensor: Tensor, shape: Sequence[Dim]) -> Tensor:
        self.right_on("cpu", "wasm", "webgl")
        unknown = [i for i, size in enumerate(shape) if not isinstance(size, int)]
        chosen = {size for name in self.graph.inputs for size in self.shape(name)}
        left_over = next((i for i in unknown if shape[i] not in chosen), unknown[-1])
        parts = []
        for i, size in enumerate(shape):
            if isinstance(size, int) or i == left_over:
                parts.append(self.control([size if isinstance(size, int) else -1]))
                continue
            name, at = self._of_size(size)
            sizes = self.op("Shape", self.data(name), dtype="int32", out_type=kind("int32"))
            parts.append(self.slice(sizes, [at], [1]))
        return self.op("Reshape", tensor, self.concat(parts, 0), Tshape=kind("int32"))

    def is_wide(self, name: str) -> bool:
        """Whether a value holds integers that float32 may not."""
        if not name or name not in self.graph.values or STANDS_FOR.get(self.dtype(name)) != "int32":
            return False
        bound = self.bound(name)
        return bound is None or max(-bound[0], bound[1]) > MOST

    def spread(self, tensor: Tensor, axis: int, rank: int, size: Dim) -> Tensor:
        """Along an axis of size 1, as often as a size says that a caller chooses: a choice between it and itself, over
        a condition of that length. No size is read back from the graph, which webgpu could not."""
        if tensor.dtype == "bool":
            return self.cast(self.spread(self.cast(tensor, "int32"), axis, rank, size), "bool")
        some, at = self._of_size(size)
        shape = self.shape(some)
        first = self.slice(self.data(some), [0] * len(shape), [-1 if i == at else 1 for i in range(len(shape))])
        yes = self.op("Equal", *[self.op("ZerosLike", first)] * 2, dtype="bool")
        long = self.reshape(yes, [None if i == axis else 1 for i in range(rank)])
        return self.select(long, tensor, tensor)

    def _of_size(self, size: Dim) -> tuple[str, int]:
        """An input that has a size, and where."""
        for name in self.graph.inputs:
            shape = self.shape(name)
            others = [s for s in shape if s != size]
            if isinstance(size, str) and size in shape and 0 not in others and self.dtype(name) != "bool":
                return name, shape.index(size)
        raise CannotLower("the size of its result is computed from the data")

    # -- lowering ----------------------------------------------------------------------------------------------

    def lower(self, node: Node) -> None:
        """Writes a node.

        Raises:
            CannotLower: it has no lowering, or none for these dtypes, shapes or values.
        """
        found = lowering_of(node.domain, node.op, node.version)
        if found is None:
            raise CannotLower("TF.js has no lowering of it")
        for name in (*node.inputs, *node.outputs):
            if name and name in self.graph.values and self.dtype(name) not in STANDS_FOR:
                raise CannotLower(f"it is asked for {self.dtype(name)}")
        self.right_on(*found.backends)
        if any(
            (self.graph.values[name].shape or ())[4:]
            for name in (*node.inputs, *node.outputs)
            if name in self.graph.values
        ):
            self.right_on("cpu", "wasm")  # not every kernel of graphics has more than four axes
        self.wide = any(map(self.is_wide, node.inputs))
        first = len(self.g.nodes)
        made = found.function(self, node)
        written = {each["op"] for each in self.g.nodes[first:]} - PLUMBING
        if not written <= found.emits:
            raise AssertionError(
                f"the lowering of {node} writes {sorted(written - found.emits)}, which it does not declare"
            )
        results = made if isinstance(made, tuple) else (made,)
        for name, result in zip(node.outputs, results, strict=False):
            if name:
                self._keep(node, name, result)

    def _keep(self, node: Node, name: str, result: Tensor | Last) -> None:
        tensor = result.tensor if isinstance(result, Last) else result
        wanted = STANDS_FOR[self.dtype(name)] if name in self.graph.values else tensor.dtype
        if tensor.dtype != wanted:
            raise AssertionError(f"the lowering of {node} makes {tensor.dtype}, where {wanted} stands for {name!r}")
        bound = self.bounds.get(name) or interval_of(node, name, self)
        if bound is not None:
            self.bounds[name] = bound
        if tensor.dtype == "int32":
            if bound is None:
                raise CannotLower("how large its integers become is not known")
            dtype = self.dtype(name) if name in self.graph.values else "int32"
            least, most = HELD[dtype]
            if not (least <= bound[0] and bound[1] <= most):
                narrow = "int32" if dtype == "int64" else dtype
                raise CannotLower(
                    f"its integers may become {bound[0]:.0f} to {bound[1]:.0f}, which {narrow} does not hold"
                )
            if max(-bound[0], bound[1]) > MOST:
                self.right_on("cpu", "wasm")  # graphics hold integers in float32
        (self.last if isinstance(result, Last) else self.tensors)[name] = tensor
