"""Clusterers that assign by the nearest centre.

x -> MatMul (-2 centres.T) -> Add (|centre|^2) -> ArgMin = label
x -> MatMul (-2 centres.T) -> Add (|x|^2) -> Add (|centre|^2) -> Max 0 -> Sqrt = distances
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.carrier import Carrier, Parts, carries
from isoship.sources.sklearn.frame import Block, Frame, row


@carries("KMeans", "MiniBatchKMeans")
def k_means(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The nearest centre, and the distances to all."""
    x = c.doubles(frame, model)
    centres = np.asarray(model.cluster_centers_, dtype=np.float64)
    squares = row((centres**2).sum(axis=1))
    # a factor of 2 is exact, so it may move into the constant
    product = c.g.op("MatMul", x.name, np.ascontiguousarray(-2.0 * centres.T))
    number = c.g.op("ArgMin", c.g.op("Add", product, squares), axis=1, keepdims=0)
    own = c.g.op("ReduceSum", c.g.op("Mul", x.name, x.name), np.array([1]), keepdims=1)
    squared = c.g.op("Add", c.g.op("Add", product, own), squares)
    distances = c.g.op("Sqrt", c.g.op("Max", squared, np.float64(0)))
    return {
        "predict": (Block(number, "int64", None),),
        "transform": (Block(distances, "double", len(centres)),),
    }
