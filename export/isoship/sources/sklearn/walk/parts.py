"""The estimators inside a model, each with the rows as it is given them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from isoship.sources.sklearn.walk.inside import is_pipeline, members


def given(model: Any, frame: Any) -> Iterator[tuple[Any, Any]]:
    """(estimator, rows) for the model itself and every part of it that can be followed; chains are not entered."""
    yield model, frame
    if is_pipeline(model):
        for _, step in model.steps:
            if step is not None and not isinstance(step, str):
                yield from given(step, frame)
                if step is not model.steps[-1][1]:
                    frame = step.transform(frame)
        return
    if type(model).__name__ in ("ClassifierChain", "RegressorChain"):
        return
    for member in members(model):
        if isinstance(member.estimator, str) or member.path == "_preprocessor":
            continue
        if member.before:
            yield from given(member.estimator, model.transform(frame))
        elif member.columns is None:
            yield from given(member.estimator, frame)
        elif member.columns:
            yield from given(member.estimator, _columns(model, frame, member.columns))


def _columns(model: Any, frame: Any, places: Sequence[int]) -> Any:
    import numpy as np

    by_name = type(model).__name__ == "ColumnTransformer" and hasattr(model, "feature_names_in_")
    if by_name and hasattr(frame, "loc"):  # columns that the model drops are not in the frame
        return frame.loc[:, [str(model.feature_names_in_[i]) for i in places]]
    return (np.asarray(frame) if hasattr(frame, "loc") else frame)[:, places]


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
