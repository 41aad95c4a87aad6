"""Cross decomposition: the centred rows times coefficients, and the scaled rows times rotations.

x -> Sub (mean) -> MatMul (coef_.T) -> Add (intercept_) = value
x -> Sub (mean) -> Div (std) -> MatMul (x_rotations_) = transformed
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("PLSRegression", "PLSCanonical", "CCA", record=Record(same_bits=False, jumps=False))
def partial_least_squares(c: Carrier, model: Any, frame: Frame) -> Parts:
    """predict and transform of the rows; the targets' own scores are no output."""
    x = c.doubles(frame, model)
    centred = c.g.op("Sub", x.name, row(model._x_mean))
    product = c.g.op("MatMul", centred, np.ascontiguousarray(np.asarray(model.coef_, np.float64).T))
    value = c.g.op("Add", product, row(model.intercept_))
    return {"predict": (Block(value, "double", len(model.coef_)),), **_scores(c, model, centred, model.x_rotations_)}


@carries("PLSSVD", record=Record(same_bits=False, jumps=False))
def singular_vectors(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The scaled rows times x_weights_."""
    x = c.doubles(frame, model)
    return _scores(c, model, c.g.op("Sub", x.name, row(model._x_mean)), model.x_weights_)


def _scores(c: Carrier, model: Any, centred: str, weights: Any) -> Parts:
    scaled = c.g.op("Div", centred, row(model._x_std))
    weights = np.ascontiguousarray(np.asarray(weights, np.float64))
    return {"transform": (Block(c.g.op("MatMul", scaled, weights), "double", weights.shape[1]),)}
