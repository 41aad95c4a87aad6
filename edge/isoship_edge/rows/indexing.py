"""Operators that pick elements by place."""

from __future__ import annotations

from isoship_edge.errors import BundleError
from isoship_edge.rows.values import WARM, around, axis_of, known, strides_of, walked

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Run, Value


_INTEGERS = ("int64", "int32")


def _along(board: Board, x: Value, axis: int, taken: Sequence[int]) -> Value:
    """Whole slices along one axis, by their places from the front."""
    before, length, after = around(x.shape, axis)
    shape = [*x.shape]
    shape[axis] = len(taken)
    board.fits(shape)
    rows = [outer * length + place for outer in range(before) for place in taken]
    return board.picked(x, shape, [row * after + i for row in rows for i in range(after)])


def _fronts(indices: Sequence[int], length: int) -> list[int]:
    """Raises: BundleError."""
    for index in indices:
        if not -length <= index < length:
            raise BundleError(f"index {index} outside an axis of {length}")
    return [index + length if index < 0 else index for index in indices]


def _taken(board: Board, x: Value, indices: Value, axis: int, shape: Sequence[int]) -> Value:
    """Slices of x along an axis, whose places a row may bring."""
    if indices.dtype not in _INTEGERS:
        raise BundleError(f"its indices are {indices.dtype}")
    before, length, after = around(x.shape, axis)
    if indices.data is not None:
        return _along(board, x, axis, _fronts(indices.data, length)).as_shape(shape)
    out = board.value(x.dtype, shape)
    p, q, o = x.place, indices.place, out.place

    def run(v: list[Any]) -> None:
        """Raises: BundleError."""
        data, places = v[p], v[q]
        if places and (min(places) < 0 or max(places) >= length):
            places = _fronts(places, length)
        made: list[Any] = []
        for start in range(0, before * length, length):
            if after == 1:
                made += [data[start + i] for i in places]
            else:
                for i in places:
                    made += data[(start + i) * after : (start + i + 1) * after]
        v[o] = made

    if x.data is not None and after == 1 and x.size <= board.spare:
        board.spare -= x.size
        board.runs.append(_from_table(x, q, o, length))
    else:
        board.runs.append(run)
    return out


def _from_table(x: Value, q: int, o: int, length: int) -> Run:
    """The same from the lines of a constant, which become lists once it was asked often. A place below 0 counts from a
    line's end, as ONNX has it and Python."""
    lines: list[Any] = [x.data[start : start + length] for start in range(0, x.size, length)]
    asks = 0

    def run(v: list[Any]) -> None:
        """Raises: IndexError."""
        nonlocal asks
        if asks <= WARM:
            asks += 1
            if asks > WARM:
                lines[:] = map(list, lines)
        places = v[q]
        made: list[Any] = []
        for line in lines:
            made += [line[i] for i in places]
        v[o] = made

    return run


def _gather(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, indices = inputs
    axis = axis_of(attrs["axis"], len(x.shape))
    return [_taken(board, x, indices, axis, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))]


def _extracted(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    """Along the last axis; a vector counts as one row."""
    x, indices = inputs
    axis = len(x.shape) - 1
    return [_taken(board, x, indices, axis, (*(x.shape[:axis] or (1,)), indices.size))]


def _gather_elements(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, indices = inputs
    axis = axis_of(attrs["axis"], len(x.shape))
    length, strides = x.shape[axis], strides_of(x.shape)
    stride = strides[axis]
    if any(i != axis and asked > has for i, (asked, has) in enumerate(zip(indices.shape, x.shape, strict=True))):
        raise BundleError(f"indices of shape {list(indices.shape)} for a value of {list(x.shape)}")
    starts = walked(indices.shape, [0 if i == axis else s for i, s in enumerate(strides)])
    out = board.value(x.dtype, indices.shape)
    p, q, o = x.place, indices.place, out.place

    def run(v: list[Any]) -> None:
        """Raises: BundleError."""
        data, places = v[p], _fronts(v[q], length)
        v[o] = [data[start + i * stride] for start, i in zip(starts, places, strict=True)]

    board.runs.append(run)
    return [out]


def _slice(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    made, starts, ends, axes, steps = inputs
    bounds = (known(each, "bounds") for each in (starts, ends, axes, steps))
    for start, end, given, step in zip(*bounds, strict=True):
        axis = axis_of(given, len(made.shape))
        length = made.shape[axis]
        lowest, highest = (0, length) if step > 0 else (-1, length - 1)
        edges = (edge + length if edge < 0 else edge for edge in (start, end))
        first, last = (min(max(edge, lowest), highest) for edge in edges)
        made = _along(board, made, axis, range(first, last, step))
    return [made]


def _split(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, lengths = inputs
    axis = axis_of(attrs["axis"], len(x.shape))
    made, start = [], 0
    if min(known(lengths, "lengths"), default=0) < 0 or sum(lengths.data) != x.shape[axis]:
        raise BundleError(f"it splits an axis of {x.shape[axis]} into {known(lengths, 'lengths')}")
    for length in lengths.data:
        made.append(_along(board, x, axis, range(start, start + length)))
        start += length
    return made


PREPARE: dict[str, Prepare] = {
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "Slice": _slice,
    "Split": _split,
    "ml.ArrayFeatureExtractor": _extracted,
}
