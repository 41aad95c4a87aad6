"""Shape and place: nothing is computed."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.reading import Dim, Node
from isoship.tfjs.network.registry import CannotLower, lowering
from isoship.tfjs.network.writing import kind


@lowering("Reshape", "Squeeze", "Unsqueeze", "Flatten", emits=[])
def reshape(e: Emission, node: Node) -> Tensor:
    """To the shape that is known, one size of it by what is left. A Reshape may be told sizes that inference lost."""
    shape = e.value(node.outputs[0]).shape
    if node.op == "Reshape":
        told = e.graph.constants.get(node.inputs[1])
        known = e.graph.sizes.get(node.inputs[1])
        flat = [int(x) for x in told.ravel()] if told is not None else list(known.flat) if known else None
        if flat is not None:
            before = e.value(node.inputs[0]).shape
            if not node.attrs.get("allowzero", 0) and before is not None:
                flat = [before[i] if size == 0 else size for i, size in enumerate(flat)]
            better = [None if size == -1 else size for size in flat]
            if shape is None or sum(not isinstance(s, int) for s in better) <= sum(
                not isinstance(s, int) for s in shape
            ):
                shape = (
                    tuple(better)
                    if shape is None
                    else tuple(b if isinstance(b, int) else s for b, s in zip(better, shape, strict=True))
                )
    if shape is None:
        raise CannotLower("the shape of its result is computed from the data")
    return e.reshape(e.data(node.inputs[0]), shape)


@lowering("Transpose", emits=[])
def transpose(e: Emission, node: Node) -> Tensor:
    name, rank = node.inputs[0], e.rank(node.inputs[0])
    order = node.attrs.get("perm") or list(range(rank))[::-1]
    return e.transpose(e.data(name), [int(i) for i in order])


@lowering("Concat", emits=["ConcatV2"], since=4)
def concat(e: Emission, node: Node) -> Tensor | Last:
    rank = e.rank(node.outputs[0])
    axis = int(node.attrs["axis"]) % rank
    if rank > 2 and all(name in e.last for name in node.inputs):
        place = [0, rank - 1, *range(1, rank - 1)][axis]
        return Last(e.concat([e.last[name] for name in node.inputs], place))
    return e.concat([e.data(name) for name in node.inputs], axis)


@lowering("Split", emits=["Slice"])
def split(e: Emission, node: Node) -> tuple[Tensor, ...]:
    x, shape = e.data(node.inputs[0]), e.shape(node.inputs[0])
    axis = int(node.attrs.get("axis", 0)) % len(shape)
    lengths = e.list_of(node, 1, "split")
    if lengths is None:
        size, count = e.size(node.inputs[0], axis), len(node.outputs)
        each = -(-size // count)
        lengths = [each] * (count - 1) + [size - each * (count - 1)]
    made, start = [], 0
    for length in lengths:
        begin = [start if i == axis else 0 for i in range(len(shape))]
        made.append(e.slice(x, begin, [length if i == axis else -1 for i in range(len(shape))]))
        start += length
    return tuple(made)


@lowering(
    "Slice", since=10, emits=["Slice", "GatherV2", "Cumsum", "Equal", "ZerosLike", "SelectV2", "Greater", "AddV2"]
)
def slice_(e: Emission, node: Node) -> Tensor:
    """A run of places by Slice, others by GatherV2: StridedSlice is wrong for integers on wasm."""
    x, shape = e.data(node.inputs[0]), e.shape(node.inputs[0])
    starts, ends = (told_sizes(e, node.inputs[i]) for i in (1, 2))
    axes, steps = e.given(node, 3, "axes"), e.given(node, 4, "steps")
    axes = np.arange(len(starts)) if axes is None else axes.ravel()
    steps = np.ones(len(starts), np.int64) if steps is None else steps.ravel()
    begin, size = [0] * len(shape), [-1] * len(shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = int(axis) % len(shape)
        length = shape[at]
        if not isinstance(start, int):
            raise CannotLower("where it begins is computed from the data")
        if end == length and end is not None and start == 0 and step == 1:
            continue
        if not isinstance(end, int):
            x = _as_many(e, x, at, len(shape), start, end, length) if step == 1 else _unknown(at)
        elif step < 0 and end in (2**31 - 1, 2**63 - 1):
            raise CannotLower("it ends at the largest integer, backwards: nothing in ONNX, all in onnxruntime")
        elif not isinstance(length, int):
            if step != 1 or start < 0 or end < 2**31 - 1:
                _unknown(at)
            begin[at] = start
        else:
            places = range(length)[_slice(start, end, int(step), length)]
            if step == 1:
                begin[at], size[at] = (places.start, len(places)) if len(places) else (0, 0)
            else:
                x = e.gather(x, e.control(list(places)), at)
                size[at] = len(places)
    return e.slice(x, begin, size)


def _unknown(axis: int) -> Tensor:
    raise CannotLower(f"it slices axis {axis}, and where it ends is not known")


def _as_many(e: Emission, x: Tensor, axis: int, rank: int, start: int, end: Dim, length: Dim) -> Tensor:
    """The places from `start` up to a size that a caller chooses, of an axis of a known length: a table of positions.
    Beyond its end ONNX gives fewer, which TF.js has no shape for: cpu and wasm say that a place is not there, graphics
    give NaN."""
    if not isinstance(length, int) or start < 0:
        return _unknown(axis)
    ones = e.spread(e.const(np.ones(1, np.float32)), 0, 1, end)
    # of reals: webgpu's Cumsum of int32 gives the bits of floats
    counted = e.op("Cumsum", ones, e.control(0), Tidx=kind("int32"), exclusive={"b": True}, reverse={"b": False})
    places = e.cast(counted, "int32")
    if start:
        places = e.slice(places, [start], [-1])
    made = e.gather(x, places, axis)
    if x.dtype != "float32":
        e.right_on("cpu", "wasm")
        return made
    beyond = e.op("Greater", e.reshape(places, [None if i == axis else 1 for i in range(rank)]),
                  e.const(np.int32(length - 1)), dtype="bool")  # fmt: skip
    return e.select(beyond, e.const(np.float32(np.nan)), made)


def _slice(start: int, end: int, step: int, size: int) -> slice:
    """ONNX's clamping: with a negative step an end below -size reaches the first element, and a start below it is
    that element."""
    if step < 0:
        return slice(max(start, -size), None if end < -size else end, step)
    return slice(start, end, step)


@lowering("Tile", since=6, emits=["Tile"])
def tile(e: Emission, node: Node) -> Tensor:
    repeats, x = e.constant(node.inputs[1], "repeats").ravel(), e.data(node.inputs[0])
    if x.dtype == "bool":
        made = e.op("Tile", e.cast(x, "int32"), e.control(repeats), Tmultiples=kind("int32"))
        return e.cast(made, "bool")
    return e.op("Tile", x, e.control(repeats), Tmultiples=kind("int32"))


@lowering("Expand", emits=["Tile", "SelectV2", "Equal", "ZerosLike", "Slice"])
def expand(e: Emission, node: Node) -> Tensor:
    """Both shapes broadcast: what is asked for may be 1 where x is longer."""
    name = node.inputs[0]
    wanted = told_sizes(e, node.inputs[1])
    shape = list(e.shape(name))
    rank = max(len(wanted), len(shape))
    shape = [*[1] * (rank - len(shape)), *shape]
    wanted = [*[1] * (rank - len(wanted)), *wanted]
    return widened(e, e.reshape(e.data(name), shape), shape, wanted)


def told_sizes(e: Emission, name: str) -> list[Dim]:
    """What is known of a shape that a graph is told."""
    told, known = e.graph.constants.get(name), e.graph.sizes.get(name)
    if told is not None:
        return [int(x) for x in told.ravel()]
    if known is None:
        raise CannotLower("its shape is computed from the data")
    return list(known.flat)


def widened(e: Emission, x: Tensor, shape: list[Dim], wanted: list[Dim]) -> Tensor:
    """Axes of size 1 made as long as they are wanted."""
    repeats, spread = [], []
    for axis, (has, wants) in enumerate(zip(shape, wanted, strict=True)):
        repeats.append(wants if has == 1 and isinstance(wants, int) else 1)
        if has == 1 and not isinstance(wants, int):
            spread.append(axis)
        elif has != 1 and (wants is None or wants not in (1, has)):
            raise CannotLower("it expands to a size that is not known")
    if any(count != 1 for count in repeats):
        bits = e.cast(x, "int32") if x.dtype == "bool" else x
        x = e.cast(e.op("Tile", bits, e.control(repeats), Tmultiples=kind("int32")), x.dtype)
    for axis in spread:
        x = e.spread(x, axis, len(wanted), wanted[axis])
    return x


@lowering("ConstantOfShape", emits=["Tile", "SelectV2", "Equal", "ZerosLike", "Slice"])
def constant_of_shape(e: Emission, node: Node) -> Tensor:
    """Where a size of it is a caller's; else it is known ahead."""
    wanted = told_sizes(e, node.inputs[0])
    value = np.ravel(node.attrs.get("value", np.zeros(1, np.float32)))[0]
    if np.isfinite(value):
        e.bounds[node.outputs[0]] = float(value), float(value)
    filled = np.full([size if isinstance(size, int) else 1 for size in wanted], value)
    shape: list[Dim] = list(filled.shape)
    return widened(e, e.const(e.narrow(filled)), shape, wanted)


@lowering("Pad", since=2, emits=["PadV2", "MirrorPad", "GatherV2", "Slice"])
def pad(e: Emission, node: Node) -> Tensor:
    """constant, reflect, edge and wrap; a negative width cuts."""
    x, shape = e.data(node.inputs[0]), e.shape(node.inputs[0])
    widths = e.list_of(node, 1, "pads")
    if widths is None:
        raise CannotLower("its pads are missing")
    given = e.given(node, 3, "axes")
    axes = list(range(len(shape))) if given is None else [int(a) % len(shape) for a in given.ravel()]
    pads = [(0, 0)] * len(shape)
    for i, axis in enumerate(axes):
        pads[axis] = widths[i], widths[len(axes) + i]
    mode = str(node.attrs.get("mode", "constant"))
    if mode == "constant":
        fill = e.given(node, 2, "value")
        value = float(node.attrs.get("value", 0.0)) if fill is None else float(fill.ravel()[0])
        if any(min(pair) < 0 for pair in pads):
            x = _cut(e, x, shape, pads)
        return e.pad(x, [(max(0, a), max(0, b)) for a, b in pads], value)
    for axis, (before, after) in enumerate(pads):
        if (before, after) == (0, 0):
            continue
        size = e.size(node.inputs[0], axis)
        places = np.arange(-before, size + after)
        if mode == "reflect":
            turn = max(1, 2 * (size - 1))
            places = np.abs((places + turn * 8) % turn)
            places = np.where(places >= size, turn - places, places)
        elif mode == "edge":
            places = places.clip(0, size - 1)
        else:
            places = places % size
        x = e.gather(x, e.control(places), axis)
    return x


def _cut(e: Emission, x: Tensor, shape: object, pads: list[tuple[int, int]]) -> Tensor:
    sizes = list(shape)  # type: ignore[call-overload]
    begin = [max(0, -before) for before, _ in pads]
    size = []
    for length, (before, after) in zip(sizes, pads, strict=True):
        if before >= 0 and after >= 0:
            size.append(-1)
        elif isinstance(length, int):
            size.append(length - max(0, -before) - max(0, -after))
        else:
            raise CannotLower("it cuts an axis whose size is not known")
    return e.slice(x, begin, size)


@lowering("DepthToSpace", "SpaceToDepth", emits=[])
def blocks(e: Emission, node: Node) -> Tensor:
    """By a Reshape, a Transpose and a Reshape, as ONNX defines both."""
    x = e.data(node.inputs[0])
    n, c, h, w = e.shape(node.inputs[0])
    block = int(node.attrs["blocksize"])
    if not all(isinstance(size, int) for size in (c, h, w)):
        raise CannotLower("the shape of its input is not known")
    c, h, w = int(c or 0), int(h or 0), int(w or 0)
    if node.op == "SpaceToDepth":
        parts = e.reshape(x, [n, c, h // block, block, w // block, block])
        order = [0, 3, 5, 1, 2, 4] if node.attrs.get("mode", "DCR") == "DCR" else [0, 1, 3, 5, 2, 4]
        return e.reshape(e.transpose(parts, order), [n, c * block * block, h // block, w // block])
    deep = c // (block * block)
    if node.attrs.get("mode", "DCR") == "DCR":
        parts, order = e.reshape(x, [n, block, block, deep, h, w]), [0, 3, 4, 1, 5, 2]
    else:
        parts, order = e.reshape(x, [n, deep, block, block, h, w]), [0, 1, 4, 2, 5, 3]
    return e.reshape(e.transpose(parts, order), [n, deep, h * block, w * block])


@lowering("Shape", since=1, emits=["Shape", "Slice"])
def shape_of(e: Emission, node: Node) -> Tensor:
    """Where it is not known ahead."""
    x, rank = e.data(node.inputs[0]), e.rank(node.inputs[0])
    start, end, _ = slice(node.attrs.get("start", 0), node.attrs.get("end")).indices(rank)
    made = e.op("Shape", x, dtype="int32", out_type=kind("int32"))
    return made if (start, end) == (0, rank) else e.slice(made, [start], [max(0, end - start)])
