"""Whether the input of an estimator may differ in its last bits from what scikit-learn gives it.

Sums of another order, logarithms and square roots make such a difference. It matters to steps that jump at values which
training rows have: edges at quantiles, and categories. Such a step turns a last bit into another answer for those very
rows.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.inside import is_pipeline, is_table, is_union, members
from isoship.sources.sklearn.walk.registry import fact, record_of


def rounded_by(c: Carrier) -> str | None:
    """The class of an earlier step whose numbers may differ in their last bits; None where there is none."""
    if c.rounding:
        return c.rounding[-1]
    for parent, child in pairwise(c.walk):
        if is_pipeline(parent):
            for _, step in parent.steps:
                if step is child:
                    break
                name = rounding_step(step)
                if name:
                    return name
    return None


def rounding_step(step: Any) -> str | None:
    """The class of the step, or of one inside it, whose numbers may differ in their last bits; None where none is."""
    if step is None or isinstance(step, str):
        return None
    if hasattr(step, "steps"):
        parts = [each for _, each in step.steps]
    elif is_table(step) or is_union(step):
        parts = [member.estimator for member in members(step)]
    else:
        return None if fact(record_of(step).same_bits, step) else type(step).__name__
    return next((found for part in parts if (found := rounding_step(part))), None)
