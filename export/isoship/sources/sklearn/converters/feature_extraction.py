"""TfidfTransformer: counts weighted by how rare their term is, and each row divided by its length.

x -> (Log, Add 1 where not 0) -> Mul (idf_) -> squares, CumSum, Gather -1 -> Sqrt -> Div
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])


@carries("TfidfTransformer", record=Record(same_bits=False, jumps=False))
def tfidf_transformer(c: Carrier, model: Any, frame: Frame) -> Parts:
    """scikit-learn keeps what is not 0 alone, so a 0 stays 0, and a row of length 0 is not divided."""
    g = c.g
    x = c.doubles(frame, model)
    zero, name = g.op("Equal", x.name, np.float64(0)), x.name
    if model.sublinear_tf:
        logs = g.op("Log", g.op("Where", zero, np.float64(1), name))
        name = g.op("Where", zero, np.float64(0), g.op("Add", logs, np.float64(1)))
    if hasattr(model, "idf_"):
        name = g.op("Mul", name, row(model.idf_))
    if model.norm is not None:
        name = _divided(c, name, x.width or 0, model.norm)
    return {"transform": (Block(g.op("Where", zero, np.float64(0), name), "double", x.width),)}


def _divided(c: Carrier, name: str, width: int, norm: str) -> str:
    g = c.g
    if norm == "max":
        length = g.op("ReduceMax", g.op("Abs", name), _LAST, keepdims=1)
    else:
        terms = g.op("Mul", name, name) if norm == "l2" else g.op("Abs", name)
        # one after the other, as scikit-learn adds what a sparse row holds
        length = g.op("Gather", g.op("CumSum", terms, np.int64(1)), np.array([width - 1]), axis=1)
        length = g.op("Sqrt", length) if norm == "l2" else length
    none = g.op("Equal", length, np.float64(0))
    return g.op("Div", name, g.op("Where", none, np.float64(1), length))
