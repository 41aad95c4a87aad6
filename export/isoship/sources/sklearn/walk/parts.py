"""The estimators inside a model, each with the rows as it is given them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from isoship.sources.sklearn.walk.inside import is_pipeline, is_table, members
from isoship.sources.sklearn.walk.registry import Record, key_of, record_of


def parts_with_rows(model: Any, frame: Any) -> Iterator[tuple[Any, Any]]:
    """(estimator, rows) for the model itself and every part of it that can be followed; chains are not entered."""
    yield model, frame
    if is_pipeline(model):
        for _, step in model.steps:
            if step is not None and not isinstance(step, str):
                yield from parts_with_rows(step, frame)
                if step is not model.steps[-1][1]:
                    frame = step.transform(frame)
        return
    if type(model).__name__ in ("ClassifierChain", "RegressorChain"):
        return
    for member in members(model):
        if isinstance(member.estimator, str) or member.prepares:
            continue
        if member.before:
            yield from parts_with_rows(member.estimator, model.transform(frame))
        elif member.columns is None:
            yield from parts_with_rows(member.estimator, frame)
        elif member.columns:
            yield from parts_with_rows(member.estimator, _columns(model, frame, member.columns))


def _columns(model: Any, frame: Any, places: Sequence[int]) -> Any:
    import numpy as np

    by_name = is_table(model) and hasattr(model, "feature_names_in_")
    if by_name and hasattr(frame, "loc"):  # columns that the model drops are not in the frame
        return frame.loc[:, [str(model.feature_names_in_[i]) for i in places]]
    return (np.asarray(frame) if hasattr(frame, "loc") else frame)[:, places]


def bagged_members(model: Any, frame: Any) -> Iterator[tuple[Any, Any]]:
    """The members of a bag with their columns."""
    import numpy as np

    for member, places in zip(model.estimators_, model.estimators_features_, strict=True):
        yield member, np.asarray(frame)[:, places]


def holds(model: Any, wanted: Callable[[Record], bool]) -> bool:
    """Whether the model, or any fitted part of it, has a record of which this is true."""
    return any(wanted(record_of(part)) for part in fitted_parts(model))


def fitted_parts(thing: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """A fitted model and every estimator that it holds, wherever it keeps them."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, (list, tuple)):
        for each in thing:
            yield from fitted_parts(each, seen)
    elif isinstance(thing, dict):
        for each in thing.values():
            yield from fitted_parts(each, seen)
    elif hasattr(thing, "get_params") or key_of(thing) is not None:
        yield thing
        # no list of them: the next one could get the id of this one, and would count as seen
        for each in getattr(thing, "__dict__", {}).values():
            yield from fitted_parts(each, seen)
