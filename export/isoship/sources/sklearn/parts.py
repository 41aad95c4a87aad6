"""The estimators inside a model, each with the rows as it is given them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: Estimators whose members are given what they are given themselves.
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


def given(model: Any, frame: Any) -> Iterator[tuple[Any, Any]]:
    """(estimator, rows) for the model itself and every part of it that can be followed; chains are not entered."""
    yield model, frame
    name = type(model).__name__
    if hasattr(model, "steps"):
        for _, step in model.steps:
            if step is not None and not isinstance(step, str):
                yield from given(step, frame)
                if step is not model.steps[-1][1]:
                    frame = step.transform(frame)
    elif hasattr(model, "best_estimator_"):
        yield from given(model.best_estimator_, frame)
    elif name in _WRAPPERS:
        yield from given(getattr(model, _WRAPPERS[name]), frame)
    elif name == "ColumnTransformer":
        for key, transformer, _ in model.transformers_:
            places = list(model._transformer_to_input_indices.get(key, ()))
            if not isinstance(transformer, str) and places:
                if hasattr(frame, "loc"):  # by name: columns that the model drops are not in the frame
                    chosen = frame.loc[:, [str(model.feature_names_in_[i]) for i in places]]
                else:
                    chosen = frame[:, places]
                yield from given(transformer, chosen)
    elif name == "FeatureUnion":
        for _, transformer in model.transformer_list:
            if not isinstance(transformer, str):
                yield from given(transformer, frame)
    elif name in ("BaggingClassifier", "BaggingRegressor"):
        for member, rows in bag(model, frame):
            yield from given(member, rows)
    elif name == "CalibratedClassifierCV":
        for calibrated in model.calibrated_classifiers_:
            yield from given(calibrated.estimator, frame)
    elif name in _PASS_ON:
        for member in model.estimators_:
            if not isinstance(member, str):
                yield from given(member, frame)
        if hasattr(model, "final_estimator_"):
            yield from given(model.final_estimator_, model.transform(frame))


def bag(model: Any, frame: Any) -> Iterator[tuple[Any, Any]]:
    """The members of a bag with their columns."""
    import numpy as np

    for member, places in zip(model.estimators_, model.estimators_features_, strict=True):
        yield member, np.asarray(frame)[:, places]


def held(thing: Any, names: frozenset[str], seen: set[int] | None = None) -> bool:
    """Whether the thing, or any fitted part of it, is an estimator of one of these classes."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return False
    seen.add(id(thing))
    if isinstance(thing, (list, tuple)):
        return any(held(each, names, seen) for each in thing)
    if not hasattr(thing, "get_params") or isinstance(thing, type):
        return type(thing).__name__ == "_CalibratedClassifier" and held(thing.estimator, names, seen)
    return type(thing).__name__ in names or any(held(value, names, seen) for value in vars(thing).values())
