"""QuantileTransformer: the mean of two lines between quantiles, then the bounds, then the inverse normal CDF.

x [N, F] -> lines to the right + lines to the left -> Mul 0.5 -> Where (upper bound, 1) -> Where (lower bound, 0)
         -> output_distribution="normal": min(p, 1 - p) -> Log -> Sqrt -> a polynomial -> Where (sign) -> bounds
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.interpolation import write_lines
from isoship.sources.sklearn.converters.preprocessing.scalers import bounded
from isoship.sources.sklearn.truth.last_bits import rounded_by
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.raw_columns import columnwise
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.sklearn.walk.sparsity import sees_sparse

#: Quantiles nearer than this are one value of many training rows.
_STEEP = 1e-9


#: The normal quantile's rounding, as an offset: its slope is steep at both ends.
_NORMAL = 1e3


@carries(
    "QuantileTransformer",
    record=Record(
        same_bits=lambda step: step.output_distribution == "uniform",
        jumps=False,
        output_places=columnwise,
        offset=_NORMAL,
    ),
)
def quantile_transformer(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """The share of the training values below each value, or that share's normal quantile."""
    from sklearn.preprocessing._data import BOUNDS_THRESHOLD

    if sees_sparse(c):
        raise c.unsupported(
            transformer,
            "it is given a sparse matrix, in which scikit-learn leaves zeros as they are",
            "Set sparse_output=False on the encoder before it, or sparse_threshold=0 on the ColumnTransformer, and"
            " train again",
        )
    x = c.doubles(frame, transformer)
    quantiles = np.asarray(transformer.quantiles_, np.float64)
    heights = np.asarray(transformer.references_, np.float64)
    steps = np.diff(quantiles, axis=0)
    if (steps <= _STEEP * (1 + np.abs(quantiles[1:]))).any() and (before := rounded_by(c)):
        raise c.unsupported(
            transformer,
            f"many training rows have one value, where it jumps, and {before} before it gives that value with other"
            " last bits",
            "Put it before that step, or use a StandardScaler in its place, and train again",
        )
    knots, levels = list(quantiles.T), [heights] * quantiles.shape[1]
    try:
        right = write_lines(c.g, x.name, knots, levels)
        left = write_lines(c.g, x.name, knots, levels, leftward=True)
    except OverflowError as err:
        raise c.unsupported(transformer, str(err), "Round the column before training") from err
    share = c.g.op("Mul", np.float64(0.5), c.g.op("Add", right, left))
    low, high = row(quantiles[0]), row(quantiles[-1])
    normal = transformer.output_distribution == "normal"
    margin = np.float64(BOUNDS_THRESHOLD)
    if normal:
        above = c.g.op("Greater", c.g.op("Add", x.name, margin), high)
        below = c.g.op("Less", c.g.op("Sub", x.name, margin), low)
    else:
        above, below = c.g.op("Equal", x.name, high), c.g.op("Equal", x.name, low)
    share = c.g.op("Where", above, np.float64(1), share)
    share = c.g.op("Where", below, np.float64(0), share)
    if normal:
        share = write_normal_quantile(c.g, share, float(BOUNDS_THRESHOLD - np.spacing(1)))
    return {"transform": (Block(share, "double", x.width),)}


def write_normal_quantile(g: GraphBuilder, p: str, least: float) -> str:
    """The inverse of the normal CDF, within 1e-12, p held to [least, 1 - least].

    With q = min(p, 1 - p) and u = sqrt(-2 log q), the quantile is a smooth function of u: one polynomial, fitted to
    scipy's own `ndtri` at Chebyshev points, covers u from sqrt(2 log 2) to sqrt(-2 log least).
    """
    from scipy.special import ndtri

    upper = g.op("Greater", p, np.float64(0.5))
    q = g.op("Where", upper, g.op("Sub", np.float64(1), p), p)
    q = bounded(g, q, least, 0.5)
    u = g.op("Sqrt", g.op("Mul", np.float64(-2), g.op("Log", q)))
    middle, half, powers = _polynomial(least)
    t = g.op("Div", g.op("Sub", u, np.float64(middle)), np.float64(half))
    value = g.const(np.float64(powers[-1]))
    for power in powers[-2::-1]:
        value = g.op("Add", g.op("Mul", value, t), np.float64(power))
    value = g.op("Where", upper, g.op("Neg", value), value)
    return bounded(g, value, float(ndtri(least)), float(ndtri(1 - least)))


@cache
def _polynomial(least: float, degree: int = 25) -> tuple[float, float, tuple[float, ...]]:
    """ndtri(exp(-u^2 / 2)) over [sqrt(2 log 2), sqrt(-2 log least)]: the interval's middle and half, and the powers."""
    from scipy.special import ndtri

    low, high = np.sqrt(2 * np.log(2)), np.sqrt(-2 * np.log(least))
    middle, half = (low + high) / 2, (high - low) / 2

    def quantile(t: Any) -> Any:
        return ndtri(np.minimum(np.exp(-((middle + half * t) ** 2) / 2), 0.5))

    chebyshev = np.polynomial.chebyshev.chebinterpolate(quantile, degree)
    return float(middle), float(half), tuple(float(k) for k in np.polynomial.chebyshev.cheb2poly(chebyshev))
