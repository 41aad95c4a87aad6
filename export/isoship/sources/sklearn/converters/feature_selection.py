"""Feature selection: one `Gather` of the chosen columns, none where all are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Frame, take
from isoship.sources.sklearn.walk.inside import Member
from isoship.sources.sklearn.walk.registry import Record, carries


def _of_chosen_columns(selector: Any) -> Iterator[Member]:
    if hasattr(selector, "estimator_"):
        yield Member("estimator_", selector.estimator_, [int(place) for place in selector.get_support(indices=True)])


@carries(
    "GenericUnivariateSelect",
    "SelectFdr",
    "SelectFpr",
    "SelectFromModel",
    "SelectFwe",
    "SelectKBest",
    "SelectPercentile",
    "SequentialFeatureSelector",
    "VarianceThreshold",
    record=Record(same_bits=True, jumps=False),
)
def selection(c: Carrier, selector: Any, frame: Frame) -> Parts:
    """The columns of get_support()."""
    return {"transform": take(c.g, frame, selector.get_support(indices=True))}


@carries("RFE", "RFECV", record=Record(same_bits=True, jumps=False, members=_of_chosen_columns, looks_itself=True))
def elimination(c: Carrier, selector: Any, frame: Frame) -> Parts:
    """The chosen columns, and what the estimator fitted on them answers."""
    chosen = take(c.g, frame, selector.get_support(indices=True))
    with c.at("estimator_"):
        parts = c.carry(selector.estimator_, chosen)
    return {**parts, "transform": chosen}
