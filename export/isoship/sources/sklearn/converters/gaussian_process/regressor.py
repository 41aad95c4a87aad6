"""Gaussian process regression: the graph that skl2onnx writes, measured exact in double."""

from __future__ import annotations

from typing import Any

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.fallback import by_skl2onnx
from isoship.sources.sklearn.walk.frame import Frame
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("GaussianProcessRegressor", record=Record(same_bits=False, jumps=False, training_rows=("X_train_",)))
def gaussian_process_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean of the process."""
    return by_skl2onnx(c, model, frame, "predict")
