"""Ascending knots: where a value lies among them, and lines between them, as `numpy.interp` draws them.

    x [N, F] -> (Gather (the knot to ask next) -> GreaterOrEqual -> Where -> Add) ... = how many knots are <= x
             -> Gather (knot, slope, height) -> Sub -> Mul -> Add

The search halves what is left in each round: 1,000 knots are ten rounds of element-wise nodes, in double throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.walk.frame import row

Array = np.ndarray[Any, np.dtype[np.float64]]


def write_positions(g: GraphBuilder, x: str, knots: Sequence[Array], *, below: bool = False) -> str:
    """How many knots of its own column each value reaches (knot <= x), or exceeds where `below`; int64 [N, F].

    knots: one ascending array a column. NaN reaches none.
    """
    rounds = max(len(each) for each in knots).bit_length()
    size = 2**rounds - 1
    # beyond a column's own knots stands NaN, which nothing reaches
    table = np.full((len(knots), size), np.nan)
    for f, each in enumerate(knots):
        table[f, : len(each)] = each
    first = np.arange(len(knots), dtype=np.int64).reshape(1, -1) * size
    flat, position = table.ravel(), ""
    for step in (2**k for k in reversed(range(rounds))):
        if position:
            asked = g.op("Gather", flat, g.op("Add", position, first + (step - 1)), axis=0)
        else:
            asked = g.const(table[:, step - 1].reshape(1, -1))
        reached = g.op("Greater" if below else "GreaterOrEqual", x, asked)
        more = g.op("Where", reached, np.int64(step), np.int64(0))
        position = g.op("Add", position, more) if position else more
    return position


def write_columns(g: GraphBuilder, tables: Sequence[Array], position: str) -> str:
    """The entry of its own column's table at each position: [N, F], or [N, F, ...] where tables have more dimensions.

    tables: one array a column, padded here to one length.
    """
    longest = max(len(each) for each in tables)
    flat = np.concatenate([np.concatenate([t, np.zeros((longest - len(t), *t.shape[1:]))]) for t in tables])
    if len(tables) > 1:
        first = np.arange(len(tables), dtype=np.int64).reshape(1, -1) * longest
        position = g.op("Add", position, first)
    return g.op("Gather", flat, position, axis=0)


def write_lines(
    g: GraphBuilder, x: str, knots: Sequence[Array], heights: Sequence[Array], *, leftward: bool = False
) -> str:
    """numpy.interp of each column over its own knots, double [N, F]: bit-equal, level beyond both ends. NaN stays NaN.

    leftward: the line is drawn from the knot to the right of x (which differs where knots repeat), as
    `-numpy.interp(-x, -knots[::-1], -heights[::-1])` does.

    Raises:
        OverflowError: two knots lie so close that a slope is infinite.
    """
    position = write_positions(g, x, knots, below=leftward)
    tables: tuple[list[Array], ...] = ([], [], [])
    for knot, height in zip(knots, heights, strict=True):
        knot, height = np.asarray(knot, np.float64), np.asarray(height, np.float64)
        with np.errstate(all="ignore"):
            slope = np.diff(height) / np.diff(knot)
        slope = np.where(np.diff(knot) == 0, 0.0, slope)  # between equal knots lies nothing
        if not np.isfinite(slope).all():
            raise OverflowError("two knots lie so close that the line between them has no finite slope")
        # rightward, position p is at or behind knot p - 1; leftward, at or before knot p. The row left over is for
        # values beyond that end, which get its height below
        level = np.zeros(1)
        parts = (knot, np.append(level, slope) if leftward else np.append(slope, level), height)
        for table, part in zip(tables, parts, strict=True):
            table.append(np.append(part, level) if leftward else np.append(level, part))
    start, slope_, height_ = (write_columns(g, table, position) for table in tables)
    line = g.op("Add", g.op("Mul", g.op("Sub", x, start), slope_), height_)
    for side, operator in ((0, "Less"), (-1, "Greater")):
        beyond = g.op(operator, x, row([each[side] for each in knots]))
        line = g.op("Where", beyond, row([each[side] for each in heights]), line)
    return line
