"""Columns inside a graph: blocks of one type side by side, joined only where an estimator needs one matrix.

scikit-learn stacks what its transformers return, `[N, 3]` of doubles beside `[N, 2]` of strings; here a frame is the
tuple of those blocks, so an encoder still sees each column in its own type and a scaler gets one `Concat`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder

NUMPY = {"double": np.float64, "float": np.float32, "int64": np.int64, "bool": np.bool_}


@dataclass(frozen=True)
class Block:
    """One tensor of the graph: [N, width], or [N] where width is None. dtype: double, float, int64, bool or string.

    name "" stands for a column that the model never reads. category: it holds the values of a pandas category column.
    none: the model sees a missing string in it as None, which to scikit-learn is not NaN.
    """

    name: str
    dtype: str
    width: int | None
    category: bool = False
    none: bool = False


Frame = tuple[Block, ...]


def width_of(frame: Frame) -> int:
    return sum(block.width or 0 for block in frame)


def cast(g: GraphBuilder, block: Block, dtype: str) -> Block:
    """The block in another numeric type."""
    if block.dtype == dtype:
        return block
    if "string" in (block.dtype, dtype):
        raise TypeError(f"a {block.dtype} block cannot become {dtype}")
    return Block(g.cast(block.name, NUMPY[dtype]), dtype, block.width)


def join(g: GraphBuilder, blocks: Sequence[Block]) -> Block:
    """Blocks of one type as one block."""
    if len(blocks) == 1:
        return blocks[0]
    name = g.op("Concat", *(block.name for block in blocks), axis=1)
    return Block(name, blocks[0].dtype, width_of(tuple(blocks)))


def matrix(g: GraphBuilder, frame: Frame, dtype: str | None = None) -> Block:
    """The frame as one block of `dtype`, else of the type that numpy would give the columns together.

    Neighbours of one type are joined before they are cast: one `Cast` for thirteen integer columns, not thirteen.

    Raises:
        TypeError: strings beside numbers.
    """
    target = dtype or common_dtype(frame)
    joined = [join(g, list(run)) for _, run in groupby(frame, key=lambda block: block.dtype)]
    return join(g, [cast(g, block, target) for block in joined])


def common_dtype(frame: Frame) -> str:
    """What numpy makes of these columns together; booleans beside numbers count as numbers, as scikit-learn has it.

    Raises:
        TypeError: strings beside numbers.
    """
    kinds = {block.dtype for block in frame}
    if len(kinds) == 1:
        return kinds.pop()
    if "string" in kinds:
        raise TypeError("strings beside numbers have no common type")
    return "double" if kinds & {"double", "float"} else "int64"


def take(g: GraphBuilder, frame: Frame, indices: Iterable[int]) -> Frame:
    """The columns at these positions, in this order. Neighbours out of one block cost one `Gather`."""
    places = [(block, i) for block in frame for i in range(block.width or 0)]
    wanted = [places[i] for i in indices]
    taken: list[Block] = []
    for block, run in groupby(wanted, key=lambda place: place[0]):
        inside = [i for _, i in run]
        if inside == list(range(block.width or 0)):
            taken.append(block)
        else:
            name = g.op("Gather", block.name, np.array(inside, np.int64), axis=1)
            taken.append(Block(name, block.dtype, len(inside)))
    return tuple(taken)


def split(g: GraphBuilder, frame: Frame) -> list[Block]:
    """Every column as a block of width 1."""
    return [take(g, (block,), [i])[0] for block in frame for i in range(block.width or 0)]


def row(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A per-column constant: float64 [1, F]."""
    return np.asarray(values, dtype=np.float64).reshape(1, -1)
