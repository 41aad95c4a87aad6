"""TEMPORARY"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isoship.sources.sklearn.contract.faster_model import one_tree
from isoship.sources.sklearn.walk import fallback
from isoship.sources.sklearn.walk.inside import Member
from isoship.sources.sklearn.walk.registry import Record, carries


def _preprocessed(model: Any) -> Iterator[Member]:
    """What makes columns of numbers of categories."""
    if getattr(model, "_preprocessor", None) is not None:
        yield Member("_preprocessor", model._preprocessor, prepares=True)


for names, record in (
    (
        ("DecisionTreeClassifier", "ExtraTreeClassifier"),
        Record(same_bits=False, jumps=True, settles=True, label="lookup"),
    ),
    (("DecisionTreeRegressor", "ExtraTreeRegressor"), Record(same_bits=False, jumps=True, settles=True)),
    (
        ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"),
        Record(same_bits=False, jumps=True, faster_model=one_tree),
    ),
    (
        ("GradientBoostingClassifier", "GradientBoostingRegressor", "IsolationForest"),
        Record(same_bits=False, jumps=True),
    ),
    (
        ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
        Record(same_bits=False, jumps=True, members=_preprocessed, looks_itself=True),
    ),
    (("RandomTreesEmbedding",), Record(same_bits=True, jumps=True, settles=True)),
    (("GaussianProcessRegressor",), Record(same_bits=False, jumps=False, training_rows=("X_train_",))),
):
    carries(*names, record=record)(fallback.carry)
