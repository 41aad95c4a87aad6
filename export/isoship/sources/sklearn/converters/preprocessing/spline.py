"""SplineTransformer: the B-splines that are not zero at each value, by de Boor's recursion, put into their columns.

    x -> the knot interval (interpolation.py) -> Gather (the knots around it) [N, F, 2 degree]
      -> (Div -> Mul -> Add) for each degree = values of degree + 1 splines [N, F, degree + 1]
      -> GatherElements, Where = every spline [N, F, S] -> what lies outside the knots -> Reshape [N, F S]

scikit-learn asks scipy's BSpline, whose recursion (scipy/interpolate/src/__fitpack.h, `_deBoor_D`) has this order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.interpolation import write_columns, write_positions
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.sklearn.walk.sees_raw_columns import sees_raw_columns

_THIRD = np.array([2])


@dataclass(frozen=True)
class _Ends:
    """Where the knots of one column end, and the splines beyond: at[side] + slope[side] * (x - end[side]), [2, S].

    leaning: the splines that have a slope there, which may be 0: an infinite x makes them NaN.
    """

    end: tuple[float, float]
    at: np.ndarray[Any, Any]
    slope: np.ndarray[Any, Any]
    leaning: np.ndarray[Any, Any]


@carries("SplineTransformer", record=Record(same_bits=False, jumps=lambda step: step.degree == 0))
def spline_transformer(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """Splines of each column side by side, without the last of each unless include_bias."""
    how = transformer.extrapolation
    if how == "error" and not sees_raw_columns(c):
        raise c.unsupported(
            transformer,
            "extrapolation='error' refuses values outside the knots, and a contract speaks of input columns alone",
            "Set extrapolation='constant' on the fitted transformer: between the knots it answers the same",
        )
    if how == "constant" and transformer.degree == 0:
        raise c.unsupported(
            transformer,
            "with degree=0 and extrapolation='constant' scikit-learn fails on values above the last knot",
            "Use a KBinsDiscretizer, or degree=1",
        )
    block = c.doubles(frame, transformer)
    x, splines = block.name, transformer.bsplines_
    missing = c.g.op("Unsqueeze", c.g.op("IsNaN", x), _THIRD)
    if how == "periodic":
        x = _wrapped(c, x, splines)
    values = _basis(c, x, splines)
    count = splines[0].c.shape[1]
    if how == "periodic":
        values = _folded(c, values, transformer.degree, count)
    elif how in ("constant", "linear"):
        values = _extrapolated(c, x, values, _ends(transformer))
    if getattr(transformer, "handle_missing", "error") == "zeros":  # since scikit-learn 1.8
        values = c.g.op("Where", missing, np.float64(0), values)
    if not transformer.include_bias:
        count -= 1
        values = c.g.op("Gather", values, np.arange(count, dtype=np.int64), axis=2)
    width = count * len(splines)
    return {"transform": (Block(c.g.op("Reshape", values, np.array([-1, width])), "double", width),)}


def _basis(c: Carrier, x: str, splines: Any) -> str:
    """Every spline at every value, [N, F, len(knots) - degree - 1]; beyond the knots the outermost polynomials."""
    g, degree = c.g, splines[0].k
    knots = [np.asarray(spline.t, np.float64) for spline in splines]
    last = len(knots[0]) - degree - 1
    # the interval starts at knot `degree + interval`; the last one is closed
    interval = write_positions(g, x, [t[degree + 1 : last] for t in knots]) if last > degree + 1 else ""
    if not interval:
        interval = g.cast(g.op("IsNaN", x), np.int64)
        interval = g.op("Mul", interval, np.int64(0))
    wide = g.op("Unsqueeze", x, _THIRD)
    one = g.op("Where", g.op("Equal", wide, wide), np.float64(1), np.float64(np.nan))
    values = one
    if degree:
        windows = [np.stack([t[i + 1 : i + 1 + 2 * degree] for i in range(last - degree)]) for t in knots]
        around = write_columns(g, windows, interval)
    repeated = any((np.diff(t) == 0).any() for t in knots)
    for j in range(1, degree + 1):
        right = g.op("Gather", around, np.arange(degree, degree + j), axis=2)
        left = g.op("Gather", around, np.arange(degree - j, degree), axis=2)
        gap = g.op("Sub", right, left)
        if repeated:
            gap = g.op("Where", g.op("Equal", gap, np.float64(0)), np.float64(np.inf), gap)
        share = g.op("Div", values, gap)
        falling = g.op("Mul", share, g.op("Sub", right, wide))
        rising = g.op("Mul", share, g.op("Sub", wide, left))
        nothing = g.op("Sub", one, one)
        values = g.op(
            "Add",
            g.op("Concat", nothing, rising, axis=2),
            g.op("Concat", falling, nothing, axis=2),
        )
    place = g.op("Sub", np.arange(last).reshape(1, 1, -1), g.op("Unsqueeze", interval, _THIRD))
    low = g.op("GreaterOrEqual", place, np.int64(0))
    high = g.op("LessOrEqual", place, np.int64(degree))
    inside = g.op("And", low, high)
    spread = g.op("GatherElements", values, g.op("Where", inside, place, np.int64(0)), axis=2)
    # scipy adds 0 * value of every spline to every column: a NaN or an overflow is in all of them
    poison = g.op("ReduceSum", g.op("Mul", values, np.float64(0)), _THIRD, keepdims=1)
    return g.op("Add", g.op("Where", inside, spread, np.float64(0)), poison)


def _wrapped(c: Carrier, x: str, splines: Any) -> str:
    """x moved by whole periods into the knots, as numpy's % does."""
    degree = splines[0].k
    start = row([spline.t[degree] for spline in splines])
    period = row([spline.t[-degree - 1] for spline in splines]) - start
    constant = period == 0  # scikit-learn takes 0 for every value of a column that was constant in training
    period = np.where(constant, 1.0, period)
    rest = c.g.op("Mod", c.g.op("Sub", x, start), period, fmod=1)
    rest = c.g.op("Where", c.g.op("Less", rest, np.float64(0)), c.g.op("Add", rest, period), rest)
    wrapped = c.g.op("Add", start, rest)
    return c.g.op("Where", constant, np.float64(0), wrapped) if constant.any() else wrapped


def _folded(c: Carrier, values: str, degree: int, count: int) -> str:
    """Periodic splines: the last `degree` of count + degree are the first ones again."""
    if not degree:
        return values
    own = c.g.op("Gather", values, np.arange(count), axis=2)
    again = np.array([count + i if i < degree else 0 for i in range(count)], np.int64)
    twice = c.g.op("Gather", values, again, axis=2)
    once = np.arange(count).reshape(1, 1, -1) < degree
    return c.g.op("Where", once, c.g.op("Add", own, twice), own)


def _extrapolated(c: Carrier, x: str, values: str, ends: list[_Ends]) -> str:
    """What scikit-learn writes below and above the knots."""
    wide = c.g.op("Unsqueeze", x, _THIRD)
    for side, operator in enumerate(("Less", "Greater")):
        end = np.array([each.end[side] for each in ends]).reshape(1, -1, 1)
        at = np.stack([each.at[side] for each in ends])[None]
        slope = np.stack([each.slope[side] for each in ends])[None]
        leaning = np.stack([each.leaning[side] for each in ends])[None]
        beyond = c.g.const(at)
        if leaning.any():
            distance = c.g.op("Sub", wide, end)
            beyond = c.g.op("Where", leaning, c.g.op("Add", at, c.g.op("Mul", distance, slope)), at)
        values = c.g.op("Where", c.g.op(operator, wide, end), beyond, values)
    return values


def _ends(transformer: Any) -> list[_Ends]:
    """The ends of each column as `SplineTransformer.transform` finds them.

    For extrapolation="linear" it raises a degree below 2 by one at each column and takes the next column's ends from
    that, so with degree 0 and 1 the later columns end one knot or two further inside. The graph does the same.
    """
    degree, linear = transformer.degree, transformer.extrapolation == "linear"
    ends = []
    for spline in transformer.bsplines_:
        count = spline.c.shape[1]
        end = (float(spline.t[degree]), float(spline.t[-degree - 1]))
        at, slope, leaning = np.zeros((2, count)), np.zeros((2, count)), np.zeros((2, count), bool)
        heights = [spline(each) for each in end]
        if linear:
            degree += degree <= 1
            slopes = [spline(each, nu=1) for each in end]
            slope[0, :degree], slope[1, -degree:] = slopes[0][:degree], slopes[1][-degree:]
            leaning[0, :degree] = leaning[1, -degree:] = True
        at[0, :degree] = heights[0][:degree]
        at[1, count - degree :] = heights[1][count - degree :]
        ends.append(_Ends(end, at, slope, leaning))
    return ends
