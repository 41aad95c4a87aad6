"""Outliers by Mahalanobis distance.

x -> Sub (location_) -> MatMul (precision) -> Mul (itself) -> ReduceSum -> Neg = score -> Sub (offset_) = decision
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("EllipticEnvelope", record=Record(same_bits=False, jumps=False))
def elliptic_envelope(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Inliers (1) where -distance^2 reaches offset_, else -1."""
    g = c.g
    x = c.doubles(frame, model)
    centred = g.op("Sub", x.name, row(model.location_))
    turned = g.op("MatMul", centred, np.ascontiguousarray(model.get_precision(), dtype=np.float64))
    squared = g.op("ReduceSum", g.op("Mul", turned, centred), np.array([1]), keepdims=1)
    # scikit-learn squares scipy's distance, which is NaN where rounding makes the square negative
    distance = g.op("Sqrt", squared)
    score = g.op("Neg", g.op("Mul", distance, distance))
    raw = g.op("Sub", score, row(model.offset_))
    inlier = g.cast(g.op("GreaterOrEqual", raw, np.float64(0)), np.int64)
    return {
        "decision_function": (Block(raw, "double", 1),),
        "score_samples": (Block(score, "double", 1),),
        "predict": (links.label(g, [-1, 1], g.op("Squeeze", inlier, np.array([1]))),),
    }
