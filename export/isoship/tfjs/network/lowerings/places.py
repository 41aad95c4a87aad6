"""What is taken from places, and what is put there."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import STANDS_FOR, Emission
from isoship.tfjs.network.lowerings.elementwise import negated
from isoship.tfjs.network.reading import Dim, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering
from isoship.tfjs.network.writing import kind


def in_front(e: Emission, name: str, size: object) -> Tensor:
    """Places, counted from the front: ONNX counts negative ones from the end.

    Places that are outside are an error in ONNX and anything in TF.js: of those that a caller brings the contract
    says so.
    """
    array = e.graph.constants.get(name)
    if array is not None and isinstance(size, int):
        if array.size and not (-size <= array.min() and array.max() < size):
            raise CannotLower("a place is outside of its axis")
        return e.const(np.where(array < 0, array + size, array).astype(np.int32))
    x, bound = e.data(name), e.bound(name)
    if bound is not None and bound[0] >= 0:
        return x
    if not isinstance(size, int):
        raise CannotLower("its places may be counted from the end of an axis whose size is not known")
    return e.select(e.op("Less", x, e.like(x, 0), dtype="bool"), e.op("AddV2", x, e.like(x, size)), x)


@lowering("Gather", emits=["GatherV2", "SelectV2", "Less", "AddV2"])
def gather(e: Emission, node: Node) -> Tensor:
    table, indices = node.inputs
    axis = int(node.attrs["axis"]) % e.rank(table)
    return e.gather(e.data(table), in_front(e, indices, e.shape(table)[axis]), axis)


@lowering("GatherElements", emits=["GatherV2", "SelectV2", "Less", "AddV2", "Mul"])
def gather_elements(e: Emission, node: Node) -> Tensor:
    """From the flat tensor: batch_dims is wrong on wasm, and GatherNd of many axes slow."""
    name, where = node.inputs
    sizes, wanted = e.sizes(name), e.sizes(where)
    axis = int(node.attrs["axis"]) % len(sizes)
    places = flat_places(e, in_front(e, where, sizes[axis]), sizes, wanted, axis)
    return e.gather(e.reshape(e.data(name), [int(np.prod(sizes))]), places)


def flat_places(e: Emission, along: Tensor, sizes: tuple[int, ...], wanted: tuple[int, ...], axis: int) -> Tensor:
    """Where elements of a tensor lie in its flat data: at `along` in one axis, at their own places in the others."""
    strides = [int(np.prod(sizes[i + 1 :])) for i in range(len(sizes))]
    if int(np.prod(sizes)) > 2**24:
        raise CannotLower("the tensor it takes from has more than 2**24 elements")
    rest = sum(
        np.arange(count).reshape([-1 if j == i else 1 for j in range(len(wanted))]) * strides[i]
        for i, count in enumerate(wanted)
        if i != axis
    )
    own = e.const(np.broadcast_to(np.asarray(rest, np.int32), wanted).copy())
    return e.op("AddV2", e.op("Mul", along, e.like(along, strides[axis])), own)


@lowering("GatherND", emits=["GatherV2", "SelectV2", "Less", "AddV2", "Mul", "Sum", "Slice"])
def gather_nd(e: Emission, node: Node) -> Tensor:
    """Rows of the tensor with its leading axes joined, by their numbers."""
    name, where = node.inputs
    sizes, wanted = e.sizes(name), e.sizes(where)
    batch, depth = int(node.attrs.get("batch_dims", 0)), wanted[-1]
    lead, tail = sizes[: batch + depth], sizes[batch + depth :]
    numbers = row_numbers(e, where, lead, batch, wanted)
    table = e.reshape(e.data(name), [int(np.prod(lead)), *tail])
    return e.gather(table, numbers)


def row_numbers(e: Emission, where: str, lead: tuple[int, ...], batch: int, wanted: tuple[int, ...]) -> Tensor:
    """The numbers of rows that tuples of places name, in a tensor whose axes `lead` are joined."""
    if int(np.prod(lead)) > 2**24:
        raise CannotLower("the tensor it takes from has more than 2**24 rows")
    strides = [int(np.prod(lead[i + 1 :])) for i in range(len(lead))]
    total: Tensor | None = None
    rank = len(wanted) - 1
    for i, size in enumerate(lead[batch:]):
        x = e.slice(e.data(where), [*[0] * rank, i], [*[-1] * rank, 1])
        x = e.reshape(x, wanted[:-1])
        x = e.select(e.op("Less", x, e.like(x, 0), dtype="bool"), e.op("AddV2", x, e.like(x, size)), x)
        x = e.op("Mul", x, e.like(x, strides[batch + i]))
        total = x if total is None else e.op("AddV2", total, x)
    if batch:
        own = sum(
            np.arange(lead[i]).reshape([-1 if j == i else 1 for j in range(rank)]) * strides[i] for i in range(batch)
        )
        numbers = e.const(np.asarray(np.broadcast_to(own, wanted[:-1]), np.int32).copy())
        total = numbers if total is None else e.op("AddV2", total, numbers)
    assert total is not None
    return total


@lowering("ScatterElements", "Scatter",
          emits=["TensorScatterUpdate", "SelectV2", "Less", "AddV2", "Mul", "ScatterNd"],
          exactness=ROUNDED, backends=("cpu", "wasm"))  # fmt: skip
def scatter_elements(e: Emission, node: Node) -> Tensor:
    """Into the flat tensor. webgl adds what is written to one place twice."""
    name, where, given = node.inputs
    sizes, wanted = e.sizes(name), e.sizes(where)
    axis = int(node.attrs.get("axis", 0)) % len(sizes)
    places = flat_places(e, in_front(e, where, sizes[axis]), sizes, wanted, axis)
    count, many = int(np.prod(sizes)), int(np.prod(wanted))
    flat = e.reshape(e.data(name), [count])
    made = _scattered(e, node, flat, e.reshape(places, [many, 1]), e.reshape(e.data(given), [many]), [count])
    return e.reshape(made, sizes)


@lowering("ScatterND", emits=["TensorScatterUpdate", "SelectV2", "Less", "AddV2", "Mul", "ScatterNd", "Slice"],
          exactness=ROUNDED, backends=("cpu", "wasm"))  # fmt: skip
def scatter_nd(e: Emission, node: Node) -> Tensor:
    name, where, given = node.inputs
    sizes, wanted = e.sizes(name), e.sizes(where)
    lead, tail = sizes[: wanted[-1]], sizes[wanted[-1] :]
    numbers = row_numbers(e, where, lead, 0, wanted)
    rows, many = int(np.prod(lead)), int(np.prod(wanted[:-1]))
    made = _scattered(
        e,
        node,
        e.reshape(e.data(name), [rows, *tail]),
        e.reshape(numbers, [many, 1]),
        e.reshape(e.data(given), [many, *tail]),
        [rows, *tail],
    )
    return e.reshape(made, sizes)


def _scattered(e: Emission, node: Node, table: Tensor, places: Tensor, given: Tensor, shape: list[int]) -> Tensor:
    reduction = str(node.attrs.get("reduction", "none"))
    if table.dtype == "bool":
        raise CannotLower("it scatters bools")
    if reduction == "none":
        return e.scatter(table, places, given)
    if reduction == "add":
        added = e.op("ScatterNd", places, given, e.control(shape), dtype=given.dtype, Tindices=kind("int32"))
        return e.op("AddV2", table, added)
    raise CannotLower(f"it scatters with the reduction {reduction}")


@lowering("TensorScatter", emits=["ConcatV2", "Slice"])
def tensor_scatter(e: Emission, node: Node) -> Tensor:
    raise CannotLower("it writes into a cache at places that are known at run time alone")


@lowering("OneHot", since=9, emits=["Equal", "Cast", "SelectV2", "AddV2", "Less", "Slice"])
def one_hot(e: Emission, node: Node) -> Tensor:
    """By comparing: OneHot is wrong on wasm. A place outside has no 1 anywhere."""
    depth = int(e.constant(node.inputs[1], "depth").ravel()[0])
    off, on = (e.slice(e.data(node.inputs[2]), [i], [1]) for i in (0, 1))
    x, shape = e.cast(e.data(node.inputs[0]), "int32"), list(e.shape(node.inputs[0]))
    axis = int(node.attrs["axis"]) % (len(shape) + 1)
    x = e.select(e.op("Less", x, e.like(x, 0), dtype="bool"), e.op("AddV2", x, e.like(x, depth)), x)
    x = e.reshape(x, [*shape[:axis], 1, *shape[axis:]])
    places = np.arange(depth, dtype=np.int32).reshape([-1 if i == axis else 1 for i in range(len(shape) + 1)])
    hit = e.op("Equal", x, e.const(places), dtype="bool")
    rank = len(shape) + 1
    return e.select(hit, e.reshape(on, [1] * rank), e.reshape(off, [1] * rank))


@lowering("TopK", since=10, emits=["TopKV2", "Neg", "Sub"])
def top_k(e: Emission, node: Node) -> tuple[Tensor, Tensor]:
    """Ties by their place, as ONNX has them."""
    name, rank = node.inputs[0], e.rank(node.inputs[0])
    axis = int(node.attrs.get("axis", -1)) % rank
    count = int(e.constant(node.inputs[1], "k").ravel()[0])
    x = e.data(name)
    order = [i for i in range(rank) if i != axis] + [axis]
    back = [order.index(i) for i in range(rank)]
    x = e.transpose(x, order)
    smallest = not node.attrs.get("largest", 1)
    x = negated(e, x) if smallest else x
    values = e.op("TopKV2", x, e.control(count), sorted={"b": True})
    places = Tensor(f"{values.name}:1", "int32")
    values = negated(e, values) if smallest else values
    return e.transpose(values, back), e.transpose(e.reshape(places, _known(e, node.outputs[1], order)), back)


def _known(e: Emission, name: str, order: list[int]) -> list[Dim]:
    shape = e.shape(name)
    return [shape[i] for i in order]


@lowering("Trilu", emits=["SelectV2"])
def trilu(e: Emission, node: Node) -> Tensor:
    """What is kept is known ahead."""
    x, shape = e.data(node.inputs[0]), e.shape(node.inputs[0])
    k = 0 if not e.has(node, 1) else int(e.constant(node.inputs[1], "diagonal").ravel()[0])
    rows, columns = e.size(node.inputs[0], len(shape) - 2), e.size(node.inputs[0], len(shape) - 1)
    ones = np.ones((rows, columns), bool)
    kept = np.triu(ones, k) if node.attrs["upper"] else np.tril(ones, k)
    mask = e.const(kept.reshape([1] * (len(shape) - 2) + [rows, columns]))
    zero = e.cast(e.const(np.int32(0)), "bool") if x.dtype == "bool" else e.like(x, 0)
    return e.select(mask, x, zero)


@lowering("ReverseSequence", emits=["GatherV2", "SelectV2", "Less", "AddV2", "Mul", "Sub"])
def reverse_sequence(e: Emission, node: Node) -> Tensor:
    """By each element's place: front of the sequence mirrored, the rest as it is."""
    name, lengths = node.inputs
    sizes = e.sizes(name)
    batch, time = int(node.attrs["batch_axis"]), int(node.attrs["time_axis"])
    length = e.reshape(e.data(lengths), [sizes[i] if i == batch else 1 for i in range(len(sizes))])
    steps = e.const(np.arange(sizes[time], dtype=np.int32).reshape([-1 if i == time else 1 for i in range(len(sizes))]))
    mirrored = e.op("Sub", e.op("AddV2", length, e.like(length, -1)), steps)
    along = e.select(e.op("Less", steps, length, dtype="bool"), mirrored, steps)
    places = flat_places(e, along, sizes, sizes, time)
    return e.reshape(
        e.gather(e.reshape(e.data(name), [int(np.prod(sizes))]), e.reshape(places, [int(np.prod(sizes))])), sizes
    )


@lowering("Compress", emits=["Where", "GatherV2"])
def compress(e: Emission, node: Node) -> Tensor:
    """How many stay hangs on the data, unless it is known ahead."""
    keep = e.graph.constants.get(node.inputs[1])
    x, shape = e.data(node.inputs[0]), e.shape(node.inputs[0])
    axis = node.attrs.get("axis")
    if axis is None:
        x, axis = (
            e.reshape(
                x, [None if any(not isinstance(s, int) for s in shape) else int(np.prod(e.sizes(node.inputs[0])))]
            ),
            0,
        )
    if keep is not None:
        return e.gather(x, e.control(np.flatnonzero(keep)), int(axis) % max(1, len(shape)))
    e.asynchronous = True
    where = e.op("Where", e.data(node.inputs[1]), dtype="int32")
    return e.gather(x, e.reshape(where, [None]), int(axis) % max(1, len(shape)))


@lowering("NonZero", emits=["Where"])
def non_zero(e: Emission, node: Node) -> Tensor:
    e.asynchronous = True
    where = e.op("Where", e.cast(e.data(node.inputs[0]), "bool"), dtype="int32")
    return e.transpose(where, [1, 0])


@lowering("EyeLike", emits=["Cast"])
def eye_like(e: Emission, node: Node) -> Tensor:
    rows, columns = e.sizes(node.inputs[0])
    e.bounds[node.outputs[0]] = (0, 1)
    made = np.eye(rows, columns, int(node.attrs["k"]))
    return e.const(
        made.astype({"float32": np.float32, "int32": np.int32, "bool": bool}[STANDS_FOR[e.dtype(node.outputs[0])]])
    )


@lowering("Range", "Constant", emits=[])
def known_ahead(e: Emission, node: Node) -> Tensor:
    """Whatever could be computed ahead is a constant by now."""
    raise CannotLower("the shape of its result is computed from the data")
