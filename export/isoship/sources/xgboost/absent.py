"""XGBoost on a scipy sparse matrix: a value that the matrix does not store is missing to XGBoost, and no zero.

Rows of a bundle are dense. A 0 in them stands for a value that was not stored, as it does in `matrix.toarray()`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.errors import SampleError


def refuse_stored_zeros(sample: Any, notes: list[str]) -> bool:
    """Whether the sample is sparse, so that zeros count as missing; a note says so.

    Raises:
        SampleError: it stores zeros as well, and a dense row could not say which of the two its 0 is.
    """
    if not hasattr(sample, "tocoo"):
        return False
    stored = sample.tocoo()
    if np.any(stored.data == 0):
        raise SampleError(
            "the sample is a sparse matrix that stores zeros beside what it leaves out. XGBoost takes the first for 0"
            " and the second for missing, and a row of plain values has one 0 for both. Call eliminate_zeros() on the"
            " training matrix and train again, or train on a dense array with NaN where a value is missing"
        )
    notes.append("the sample is a sparse matrix: a 0 in a row is what it does not store, missing to XGBoost")
    return True


def absent_zeros(frame: Any) -> Any:
    """The rows with NaN for 0, which XGBoost answers as it answers a sparse matrix without zeros."""
    return frame.where(frame != 0) if hasattr(frame, "columns") else np.where(frame == 0, np.nan, frame)
