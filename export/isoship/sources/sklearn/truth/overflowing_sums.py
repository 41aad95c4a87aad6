"""Rows on which a linear model's sum overflows on its way, so that the answer depends on the order of the sum.

1e308 + 1e308 - 1e308 is infinite from the left and finite from the right. A fused product or a sum of four lanes has
other orders again: BLAS on this processor, onnxruntime and JavaScript each have their own. Where all terms have one
sign, every order ends in the same infinity.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.sklearn.walk.parts import holds, parts_with_rows

Array = np.ndarray[Any, Any]

#: Numbers below this do not overflow, whatever scalers multiply them by on the way.
_LARGE = 1e60
#: Less than this does not bring a sum back from where it overflows: half of the largest double's last bit is 1e292.
_FELT = 1e290


def overflowing(model: Any, frame: Any) -> Array | None:
    """bool [N]: rows on which the order of some sum inside the model decides; None where all numbers are ordinary."""
    large = (
        np.arange(frame.shape[0])
        if holds(model, lambda record: record.enlarges)
        else np.flatnonzero(_largest(frame) >= _LARGE)
    )
    if not len(large):
        return None
    few = frame.iloc[large] if hasattr(frame, "iloc") else frame[large]
    found = np.zeros(len(large), dtype=bool)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            for part, x in parts_with_rows(model, few):
                own = _of_one(part, x)
                if own is not None and len(own) == len(large):
                    found |= own
        except (InputError, ValueError, TypeError):
            pass  # a step cannot be followed on these rows: what was found before it stands
    if not found.any():
        return None
    rows = np.zeros(frame.shape[0], dtype=bool)
    rows[large] = found
    return rows


def _largest(frame: Any) -> Array:
    """The largest finite magnitude of each row."""
    columns = [frame.iloc[:, k] for k in range(frame.shape[1])] if hasattr(frame, "iloc") else list(np.asarray(frame).T)
    largest = np.zeros(frame.shape[0])
    for column in columns:
        if getattr(column.dtype, "kind", "O") not in "fiub":
            continue
        size = np.abs(np.asarray(column, dtype=np.float64))
        largest = np.maximum(largest, np.where(np.isfinite(size), size, 0.0))
    return largest


def _of_one(part: Any, x: Any) -> Array | None:
    coef = getattr(part, "coef_", None)
    if not isinstance(coef, np.ndarray) or coef.ndim not in (1, 2) or not hasattr(part, "intercept_"):
        return None
    x = np.asarray(x.toarray() if hasattr(x, "toarray") else x)
    if x.dtype.kind not in "fiu" or x.ndim != 2 or coef.shape[-1] != x.shape[1]:
        return None
    weights = np.atleast_2d(coef).T.astype(np.float64)
    shift = np.asarray(part.intercept_, dtype=np.float64).ravel()
    above, below = np.maximum(x, 0.0), np.maximum(-x, 0.0)
    raising, lowering = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
    up = above @ raising + below @ lowering + np.maximum(shift, 0.0)
    down = above @ lowering + below @ raising + np.maximum(-shift, 0.0)
    both = np.isinf(np.maximum(up, down)) & (np.minimum(up, down) > _FELT)
    return np.asarray(both.any(axis=1))
