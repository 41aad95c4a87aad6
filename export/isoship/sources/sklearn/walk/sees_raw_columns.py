"""Whether an estimator is given the model's own columns, so that what it refuses is a range of the input contract."""

from __future__ import annotations

from itertools import pairwise, takewhile
from typing import Any

from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.inside import is_pipeline
from isoship.sources.sklearn.walk.registry import record_of


def sees_raw_columns(c: Carrier) -> bool:
    """The present estimator sees input columns, scaled or with missing values filled at most."""
    return all(_reaches(outer, inner) for outer, inner in pairwise(c.walk))


def _reaches(outer: Any, inner: Any) -> bool:
    if is_pipeline(outer):
        steps = [step for _, step in outer.steps if step is not None and not isinstance(step, str)]
        return all(record_of(step).keeps_order for step in takewhile(lambda step: step is not inner, steps))
    return record_of(outer).passes_columns
