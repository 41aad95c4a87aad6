"""Scalers: one or two element-wise nodes over all columns, in the order in which scikit-learn rounds.

StandardScaler  x -> Sub (mean) -> Div (scale)
MinMaxScaler    x -> Mul (scale) -> Add (min) -> bounds
RobustScaler    x -> Sub (center) -> Div (scale)
MaxAbsScaler    x -> Div (scale) -> bounds

Columns of a sparse matrix are multiplied by 1 / scale instead, which ends in other last bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.raw_columns import columnwise
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.sklearn.walk.sparsity import sees_sparse, still_stored


@carries("StandardScaler", record=Record(same_bits=True, jumps=False, output_places=columnwise, keeps_order=True))
def standard_scaler(c: Carrier, scaler: Any, frame: Frame) -> Parts:
    """(x - mean_) / scale_, either left out as the parameters say."""
    x = c.doubles(frame, scaler)
    return _affine(c, x, scaler.mean_ if scaler.with_mean else None, scaler.scale_ if scaler.with_std else None)


@carries("RobustScaler", record=Record(same_bits=True, jumps=False, output_places=columnwise, keeps_order=True))
def robust_scaler(c: Carrier, scaler: Any, frame: Frame) -> Parts:
    """(x - center_) / scale_, either left out as the parameters say."""
    x = c.doubles(frame, scaler)
    return _affine(
        c, x, scaler.center_ if scaler.with_centering else None, scaler.scale_ if scaler.with_scaling else None
    )


@carries("MinMaxScaler", record=Record(same_bits=True, jumps=False, output_places=columnwise, keeps_order=True))
def min_max_scaler(c: Carrier, scaler: Any, frame: Frame) -> Parts:
    """x * scale_ + min_, held to feature_range where clip is on."""
    x = c.doubles(frame, scaler)
    y = c.g.op("Add", c.g.op("Mul", x.name, row(scaler.scale_)), row(scaler.min_))
    if scaler.clip:
        y = bounded(c.g, y, *scaler.feature_range)
    return {"transform": (Block(y, "double", x.width),)}


@carries("MaxAbsScaler", record=Record(same_bits=True, jumps=False, output_places=columnwise, keeps_order=True))
def max_abs_scaler(c: Carrier, scaler: Any, frame: Frame) -> Parts:
    """x / scale_, held to [-1, 1] where clip is on."""
    x = c.doubles(frame, scaler)
    y = _divided(c, x.name, scaler.scale_)
    if getattr(scaler, "clip", False):  # since scikit-learn 1.8
        y = bounded(c.g, y, -1.0, 1.0)
    return {"transform": (Block(y, "double", x.width),)}


def bounded(g: GraphBuilder, x: str, low: float, high: float) -> str:
    """numpy's clip: NaN stays NaN, which ai.onnx `Clip` does not promise."""
    x = g.op("Where", g.op("Less", x, np.float64(low)), np.float64(low), x)
    return g.op("Where", g.op("Greater", x, np.float64(high)), np.float64(high), x)


def _affine(c: Carrier, x: Block, center: Any, scale: Any) -> Parts:
    name = x.name
    if center is not None:
        name = c.g.op("Sub", name, row(center))
    if scale is not None:
        name = _divided(c, name, scale)
    return {"transform": (Block(name, "double", x.width),)}


def _divided(c: Carrier, x: str, scale: Any) -> str:
    if sees_sparse(c):
        return still_stored(c, x, c.g.op("Mul", x, row(1.0 / np.asarray(scale, np.float64))))
    return c.g.op("Div", x, row(scale))
