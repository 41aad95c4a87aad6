"""Clusterers that assign by the nearest centre.

x -> MatMul (-2 centres.T) -> Add (|centre|^2) -> ArgMin = label
x -> MatMul (-2 centres.T) -> Add (|x|^2) -> Add (|centre|^2) -> Max 0 -> Sqrt = distances
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.cluster.margins import distances_lost, of_squares
from isoship.sources.sklearn.truth.rounding import distance_noise
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries


@carries(
    "KMeans",
    "MiniBatchKMeans",
    record=Record(same_bits=False, jumps=False, dense=True, margin=of_squares, lost=distances_lost),
)
def k_means(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The nearest centre, and the distances to all."""
    x = c.doubles(frame, model)
    centres = np.asarray(model.cluster_centers_, dtype=np.float64)
    squares = row((centres**2).sum(axis=1))
    # a factor of 2 is exact, so it may move into the constant
    product = c.g.op("MatMul", x.name, np.ascontiguousarray(-2.0 * centres.T))
    number = c.g.op("ArgMin", c.g.op("Add", product, squares), axis=1, keepdims=0)
    parts: Parts = {"predict": (Block(number, "int64", None),)}
    if _far(model, centres):
        c.leave_out(
            model,
            "transform",
            "its centres are so far from zero, and its rows so near to them, that scikit-learn's distances,"
            " |x|^2 - 2 x.c + |c|^2, are mostly rounding error",
            "Put a StandardScaler in front and train again, or ask for the label alone",
        )
        return parts
    own = c.g.op("ReduceSum", c.g.op("Mul", x.name, x.name), np.array([1]), keepdims=1)
    squared = c.g.op("Add", c.g.op("Add", product, own), squares)
    distances = c.g.op("Sqrt", c.g.op("Max", squared, np.float64(0)))
    return {**parts, "transform": (Block(distances, "double", len(centres)),)}


def _far(model: Any, centres: np.ndarray[Any, Any]) -> bool:
    """Whether rounding shows in the distance of a row ten times nearer to its centre than the training rows are."""
    rows = len(getattr(model, "labels_", ())) or len(centres)
    squared = np.array([float(model.inertia_) / rows / 100.0])
    size = 2.0 * np.array([(centres**2).sum(axis=1).max()])
    noise = distance_noise(squared, size, centres.shape[1])
    return not bool(noise[0] <= 1e-9 * (1.0 + np.sqrt(squared[0])))
