"""The estimators directly inside a fitted one, each with the columns that it is given.

Every estimator of scikit-learn that asks others for its answers is here; a test holds the list against
`sklearn.utils.all_estimators`. Steps of a Pipeline follow each other and are `walk`'s and `parts`' own to go through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

#: Estimators whose `estimators_` are given what they are given themselves.
_PASS_ON = (
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "OneVsOneClassifier",
    "OneVsRestClassifier",
    "OutputCodeClassifier",
    "StackingClassifier",
    "StackingRegressor",
    "VotingClassifier",
    "VotingRegressor",
)
#: The attribute that holds the one estimator inside.
_WRAPPERS = {
    "FixedThresholdClassifier": "estimator_",
    "FrozenEstimator": "estimator",
    "RANSACRegressor": "estimator_",
    "SelfTrainingClassifier": "estimator_",
    "TransformedTargetRegressor": "regressor_",
    "TunedThresholdClassifierCV": "estimator_",
}
#: Estimators that look at every column themselves before they pass any on, and refuse a table without one of them.
_LOOK = (
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "BaggingClassifier",
    "BaggingRegressor",
    "ClassifierChain",
    "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
    "OneVsOneClassifier",
    "RANSACRegressor",
    "RFE",
    "RFECV",
    "RegressorChain",
    "SelfTrainingClassifier",
)


class Member(NamedTuple):
    """An estimator inside another one.

    columns: which of the outer one's columns it is given, by place; None: all of them, in order.
    before, after: how many columns of the outer one's making (answers of other members) stand beside these.
    """

    path: str
    estimator: Any
    columns: Sequence[int] | None = None
    before: int = 0
    after: int = 0


def members(model: Any) -> list[Member]:
    """The members of a fitted estimator other than a Pipeline; empty for one that computes its answers itself."""
    return list(_members(model, type(model).__name__))


def is_pipeline(estimator: Any) -> bool:
    """Whether the estimator has steps of its own; a FrozenEstimator answers for those of the Pipeline inside it."""
    return "steps" in getattr(estimator, "__dict__", {})


def looks_itself(model: Any) -> bool:
    """Whether the estimator refuses rows for a column that none of its members reads."""
    name = type(model).__name__
    return name in _LOOK or (name.startswith("Stacking") and bool(getattr(model, "passthrough", False)))


def _members(model: Any, name: str) -> Iterator[Member]:
    if hasattr(model, "best_estimator_"):
        yield Member("best_estimator_", model.best_estimator_)
    elif name in _WRAPPERS:
        if hasattr(model, _WRAPPERS[name]):
            yield Member(_WRAPPERS[name], getattr(model, _WRAPPERS[name]))
    elif name == "ColumnTransformer":
        places = getattr(model, "_transformer_to_input_indices", {})
        for i, (key, transformer, _) in enumerate(getattr(model, "transformers_", ())):
            if not (isinstance(transformer, str) and transformer == "drop"):
                yield Member(f"transformers[{i}]", transformer, [int(place) for place in places.get(key, ())])
    elif name == "FeatureUnion":
        for i, (_, transformer) in enumerate(model.transformer_list):
            if transformer is not None and not (isinstance(transformer, str) and transformer == "drop"):
                yield Member(f"transformer_list[{i}]", transformer)
    elif name == "CalibratedClassifierCV":
        for i, calibrated in enumerate(getattr(model, "calibrated_classifiers_", ())):
            yield Member(f"calibrated_classifiers_[{i}].estimator", calibrated.estimator)
    elif name in ("BaggingClassifier", "BaggingRegressor"):
        features = getattr(model, "estimators_features_", ())
        for i, (member, places) in enumerate(zip(getattr(model, "estimators_", ()), features, strict=True)):
            yield Member(f"estimators_[{i}]", member, [int(place) for place in places])
    elif name in ("ClassifierChain", "RegressorChain"):
        for i, member in enumerate(getattr(model, "estimators_", ())):
            yield Member(f"estimators_[{i}]", member, after=i)
    elif name in ("RFE", "RFECV"):
        if hasattr(model, "estimator_"):
            yield Member("estimator_", model.estimator_, [int(place) for place in model.get_support(indices=True)])
    elif getattr(model, "_preprocessor", None) is not None:  # HistGradientBoosting with categories
        yield Member("_preprocessor", model._preprocessor)
    elif name in _PASS_ON:
        for i, member in enumerate(getattr(model, "estimators_", ())):
            if not isinstance(member, str):
                yield Member(f"estimators_[{i}]", member)
        if hasattr(model, "final_estimator_"):
            yield _final(model)


def _final(model: Any) -> Member:
    """What a stack's members say, and behind it the stack's own columns where it passes them on."""
    own = None if model.passthrough else ()
    given = int(getattr(model.final_estimator_, "n_features_in_", 0))
    kept = int(getattr(model, "n_features_in_", 0)) if model.passthrough else 0
    return Member("final_estimator_", model.final_estimator_, own, before=max(given - kept, 0))
