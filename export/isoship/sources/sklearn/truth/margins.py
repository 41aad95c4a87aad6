"""How far rows are from where the answer of some part of a model turns on rounding: pairs, centres, neighbours, votes.

Each formula stands beside its converter (`Record.margin`): for estimators whose labels are not the argmax of an output,
and for those whose values jump where two training rows are equally far. Where distances decide it is relative to the
size of the row: scikit-learn's own squared distances carry a rounding error of that size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.parts import holds, parts_with_rows
from isoship.sources.sklearn.walk.registry import Record, record_of

Margin = np.ndarray[Any, np.dtype[np.float64]]


def has_margin(record: Record) -> bool:
    """The estimators whose margin is their own."""
    return record.margin is not None


def numbers_jump(record: Record) -> bool:
    """Those of them whose numbers jump, too."""
    return record.margin is not None and record.numbers_jump


def margin_of_parts(model: Any, frame: Any, wanted: Callable[[Record], bool]) -> Margin | None:
    """The least `margin` of the model's parts with such a record, each on what it is given; None without one."""
    if not holds(model, wanted):
        return None
    found: Margin | None = None
    for part, seen in parts_with_rows(model, frame):
        own = margin(part, seen) if wanted(record_of(part)) else None
        if own is not None:
            found = own if found is None else np.minimum(found, own)
    return found


def margin(estimator: Any, x: Any) -> Margin | None:
    """float64 [N] for estimators with a margin of their own, given the columns that they see; None for all others."""
    record = record_of(estimator)
    if record.margin is None:
        return None
    if hasattr(x, "toarray") and not record.margin_of_sparse:
        x = x.toarray()
    with np.errstate(all="ignore"):
        found = record.margin(estimator, x)
    return None if found is None else np.nan_to_num(found, nan=0.0, posinf=np.inf)
