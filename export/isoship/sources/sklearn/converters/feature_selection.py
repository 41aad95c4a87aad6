"""Feature selection: one `Gather` of the chosen columns, none where all are kept."""

from __future__ import annotations

from typing import Any

from isoship.sources.sklearn.walk.carrier import Carrier, Parts, carries
from isoship.sources.sklearn.walk.frame import Frame, take


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
)
def selection(c: Carrier, selector: Any, frame: Frame) -> Parts:
    """The columns of get_support()."""
    return {"transform": take(c.g, frame, selector.get_support(indices=True))}


@carries("RFE", "RFECV")
def elimination(c: Carrier, selector: Any, frame: Frame) -> Parts:
    """The chosen columns, and what the estimator fitted on them answers."""
    chosen = take(c.g, frame, selector.get_support(indices=True))
    with c.at("estimator_"):
        parts = c.carry(selector.estimator_, chosen)
    return {**parts, "transform": chosen}
