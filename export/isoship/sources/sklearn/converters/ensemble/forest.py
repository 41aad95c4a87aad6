"""RandomForest* and ExtraTrees*: the mean of the trees' leaf values; `converters.tree` draws the graph."""

from __future__ import annotations

from typing import Any

from isoship.sources.sklearn.contract.faster_model import one_tree
from isoship.sources.sklearn.converters.tree import answers, write_mean
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Frame
from isoship.sources.sklearn.walk.registry import Record, carries

_RECORD = Record(same_bits=False, jumps=True, faster_model=one_tree)


@carries("ExtraTreesClassifier", "RandomForestClassifier", record=_RECORD)
def forest_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean of the trees' shares, and the first class with the highest."""
    return answers(c, model, write_mean(c, model, frame, model.estimators_))


@carries("ExtraTreesRegressor", "RandomForestRegressor", record=_RECORD)
def forest_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean of the trees' values, a column a target."""
    return {"predict": (write_mean(c, model, frame, model.estimators_),)}
