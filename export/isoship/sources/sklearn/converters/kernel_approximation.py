"""Chi-squared kernels by random or fixed features. What scikit-learn refuses (negative values) becomes NaN.

SkewedChi2Sampler    x -> Add (skewedness) -> Log -> MatMul (random_weights_) -> Add (random_offset_) -> Cos -> Mul
AdditiveChi2Sampler  x -> Sqrt(x * interval) | sqrt(2 x interval / cosh) * cos and sin(j * interval * log x)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row
from isoship.sources.sklearn.walk.registry import Record, carries

#: sklearn.kernel_approximation.AdditiveChi2Sampler: the interval for each number of steps.
_INTERVALS = {1: 0.8, 2: 0.5, 3: 0.4}


@carries("SkewedChi2Sampler", record=Record(same_bits=False, jumps=False, sums=True))
def skewed_chi2_sampler(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Cosines of random projections of log(x + skewedness)."""
    x = c.doubles(frame, model)
    logs = c.g.op("Log", c.g.op("Add", x.name, np.float64(model.skewedness)))
    return _cosines(c, model, logs, float(np.sqrt(2.0) / np.sqrt(model.n_components)))


@carries("AdditiveChi2Sampler", record=Record(same_bits=False, jumps=False, sums=True))
def additive_chi2_sampler(c: Carrier, model: Any, frame: Frame) -> Parts:
    """All first components, then all cosines and sines of each step; 0 stays 0."""
    x = c.doubles(frame, model)
    width = x.width or 0
    interval = float(_INTERVALS[model.sample_steps] if model.sample_interval is None else model.sample_interval)
    zero = c.g.op("Equal", x.name, np.float64(0))
    safe = c.g.op("Where", zero, np.float64(1), x.name)
    parts = [c.g.op("Sqrt", c.g.op("Mul", safe, row(np.full(width, interval))))]
    logs = c.g.op("Mul", np.float64(interval), c.g.op("Log", safe))
    steps = c.g.op("Mul", c.g.op("Mul", np.float64(2), safe), np.float64(interval))
    for j in range(1, model.sample_steps):
        factor = c.g.op("Sqrt", c.g.op("Div", steps, np.float64(np.cosh(np.pi * j * interval))))
        angle = c.g.op("Mul", np.float64(j), logs)
        parts += [c.g.op("Mul", factor, c.g.op(operator, angle)) for operator in ("Cos", "Sin")]
    kept = [Block(c.g.op("Where", zero, np.float64(0), part), "double", width) for part in parts]
    return {"transform": (join(c.g, kept),)}


def _cosines(c: Carrier, model: Any, x: str, scale: float) -> Parts:
    weights = np.asarray(model.random_weights_, np.float64)
    product = c.g.op("MatMul", x, np.ascontiguousarray(weights))
    cosines = c.g.op("Cos", c.g.op("Add", product, row(model.random_offset_)))
    name = c.g.op("Mul", cosines, row(np.full(weights.shape[1], scale)))
    return {"transform": (Block(name, "double", weights.shape[1]),)}
