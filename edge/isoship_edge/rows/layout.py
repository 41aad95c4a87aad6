"""Operators that only rearrange: most of them are nothing at all on the flat data of one row."""

from __future__ import annotations

from isoship_edge.errors import BundleError
from isoship_edge.rows.elementwise import spread_to
from isoship_edge.rows.values import around, axis_of, broadcast, known, size_of, strides_of, walked

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value


def _identity(_board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    return [inputs[0]]


def _reshape(_board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, wanted = inputs
    shape = [x.shape[i] if length == 0 else length for i, length in enumerate(known(wanted, "shape"))]
    if -1 in shape:
        free = shape.index(-1)
        rest = size_of(shape[:free]) * size_of(shape[free + 1 :])
        shape[free] = x.size // rest if rest else 0
    if size_of(shape) != x.size:
        raise BundleError(f"a value of shape {list(x.shape)} has no shape {shape}")
    return [x.as_shape(shape)]


def _flatten(_board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x = inputs[0]
    axis = attrs["axis"] + len(x.shape) if attrs["axis"] < 0 else attrs["axis"]
    return [x.as_shape((size_of(x.shape[:axis]), size_of(x.shape[axis:])))]


def _squeeze(_board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, axes = inputs
    gone = {axis_of(axis, len(x.shape)) for axis in known(axes, "axes")}
    if any(x.shape[axis] != 1 for axis in gone):
        raise BundleError(f"a value of shape {list(x.shape)} has more than one element along {sorted(gone)}")
    return [x.as_shape([length for axis, length in enumerate(x.shape) if axis not in gone])]


def _unsqueeze(_board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, axes = inputs
    wanted = known(axes, "axes")
    rank = len(x.shape) + len(wanted)
    added = {axis_of(axis, rank) for axis in wanted}
    if len(added) != len(wanted):
        raise BundleError(f"it adds an axis twice: {wanted}")
    own = iter(x.shape)
    return [x.as_shape([1 if axis in added else next(own) for axis in range(rank)])]


def _transpose(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, perm = inputs[0], attrs["perm"]
    if sorted(perm) != list(range(len(x.shape))):
        raise BundleError(f"{perm} is no order of {len(x.shape)} axes")
    strides = strides_of(x.shape)
    shape = [x.shape[axis] for axis in perm]
    return [board.picked(x, shape, walked(shape, [strides[axis] for axis in perm]))]


def _concat(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    first = inputs[0]
    axis = axis_of(attrs["axis"], len(first.shape))
    shape = list(first.shape)
    shape[axis] = sum(x.shape[axis] for x in inputs)
    for x in inputs:
        if x.dtype != first.dtype or [*x.shape[:axis], *x.shape[axis + 1 :]] != [*shape[:axis], *shape[axis + 1 :]]:
            raise BundleError(f"Concat of {first.dtype} {list(first.shape)} and {x.dtype} {list(x.shape)}")
    joined = board.value(first.dtype, (sum(x.size for x in inputs),))
    places, o = [x.place for x in inputs], joined.place

    def run(v: list[Any]) -> None:
        made: list[Any] = []
        for place in places:
            made += v[place]
        v[o] = made

    board.runs.append(run)
    order: list[int] = []
    before = size_of(shape[:axis])
    for outer in range(before):
        start = 0
        for x in inputs:
            run_length = x.size // before
            order += range(start + outer * run_length, start + (outer + 1) * run_length)
            start += x.size
    return [board.picked(joined, shape, order)]


def _expand(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, wanted = inputs
    shape = broadcast(x.shape, known(wanted, "shape"))
    return [spread_to(board, x, shape, single=False).as_shape(shape)]


def _tile(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, repeats = inputs
    made = x
    for axis, times in enumerate(known(repeats, "repeats")):
        before, length, after = around(made.shape, axis)
        shape = [*made.shape]
        shape[axis] *= times
        board.fits(shape)
        strides = [length * after, 0, after, 1]
        made = board.picked(made, shape, walked([before, times, length, after], strides))
    return [made]


def _shape(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    part = list(inputs[0].shape[slice(attrs["start"] or None, attrs["end"])])
    return [board.value("int64", (len(part),), part)]


PREPARE: dict[str, Prepare] = {
    "Identity": _identity,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "Expand": _expand,
    "Tile": _tile,
    "Shape": _shape,
}
