"""Whether a model answers rows rebuilt from plain values as it answers the sample that they were taken from."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.contract import Answers

Array = np.ndarray[Any, Any]

#: Float32 samples differ in the last digits: the model is asked in float64.
_RTOL, _ATOL = 1e-3, 1e-4
#: Margins up to which a label is a tie: as in `isoship.parity.verdict.compare`, and for a sample in float32.
_TIE, _TIE_FLOAT32 = 1e-9, 1e-5


def in_row_order(sample: Any, container: str) -> Any:
    """The sample's rows in the memory order in which the model is always asked: an array's row by row.

    The order decides how sums are added, and on a decision boundary the last bit decides the label.
    """
    if container != "ndarray":
        return sample
    array = sample.to_numpy() if hasattr(sample, "to_numpy") else np.asarray(sample)
    return np.ascontiguousarray(array)


def same_answers(theirs: Any, ours: Any, sample: Any, settled: Answers, *, labels: bool) -> bool:
    """theirs: one method's answer for the sample; ours: for the rebuilt rows, of which `settled` knows the ties.

    Labels are equal, or the row lies on a decision boundary; numbers are near, or the row lies on a jump.
    """
    tie = _TIE_FLOAT32 if _narrow(sample) else _TIE
    excused = settled.margin <= tie if labels else settled.unsettled(tie)
    pairs = zip(*(answer if isinstance(answer, list) else [answer] for answer in (theirs, ours)), strict=True)
    return all(_same(np.asarray(a), np.asarray(b), excused, labels=labels) for a, b in pairs)


def _same(one: Array, other: Array, excused: Array, *, labels: bool) -> bool:
    if one.shape != other.shape:
        return False
    if labels or one.dtype.kind not in "fiub":
        near = np.asarray(one == other)
    else:
        near = np.isclose(one, other, rtol=_RTOL, atol=_ATOL, equal_nan=True)
    return bool((near.reshape(len(near), -1).all(axis=1) | excused).all())


def _narrow(sample: Any) -> bool:
    dtypes = sample.dtypes if hasattr(sample, "columns") else [getattr(sample, "dtype", np.asarray(sample).dtype)]
    return any(dtype in (np.float32, np.float16) for dtype in dtypes)
