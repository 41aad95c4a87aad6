"""IsotonicRegression: straight lines between its thresholds.

x [N, 1] -> Where (X_min_, X_max_) -> lines between X_thresholds_ (interpolation.py) = value
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.interpolation import write_lines
from isoship.sources.sklearn.converters.preprocessing.scalers import bounded
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.sklearn.walk.sees_raw_columns import sees_raw_columns


@carries("IsotonicRegression", record=Record(same_bits=False, jumps=True))
def isotonic_regression(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Clipped to the range it was trained on, or NaN outside, as out_of_bounds says."""
    x = c.doubles(frame, model)
    if model.out_of_bounds == "raise" and not sees_raw_columns(c):
        raise c.unsupported(
            model,
            "out_of_bounds='raise' refuses values outside the range of training, which an input contract says of input"
            " columns alone",
            "Set out_of_bounds='clip' or 'nan' on the fitted model",
        )
    name = write_isotonic(c, model, x.name)
    if model.out_of_bounds == "nan" and len(model.X_thresholds_) > 1:
        inside = c.g.op("Equal", x.name, bounded(c.g, x.name, model.X_thresholds_[0], model.X_thresholds_[-1]))
        name = c.g.op("Where", inside, name, np.float64(np.nan))
    block = Block(name, "double", 1)
    return {"predict": (block,), "transform": (block,)}


def write_isotonic(c: Carrier, model: Any, x: str) -> str:
    """The lines of a fitted IsotonicRegression, level beyond both ends: double [N, 1] from [N, 1].

    Raises:
        UnsupportedModelError: it was trained on float32, or on values too close to each other.
    """
    if model.X_thresholds_.dtype != np.float64 or model.y_thresholds_.dtype != np.float64:
        inside = any("Calibrated" in type(each).__name__ for each in c.walk)
        raise c.unsupported(
            model,
            f"it was trained on {model.X_thresholds_.dtype} and computes in it"
            + (", the type in which the model that it calibrates answers" if inside else ""),
            "Calibrate with method='sigmoid'" if inside else "Train it on float64 values",
        )
    try:
        return write_lines(c.g, x, [model.X_thresholds_], [model.y_thresholds_])
    except OverflowError as err:
        raise c.unsupported(model, str(err), "Round its training values before training") from err
