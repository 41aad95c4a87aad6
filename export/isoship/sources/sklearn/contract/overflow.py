"""The rows that overflow on their way through the model's pipelines: a guess at what the model refuses.

Scalers and powers pass on infinities, which the next step refuses, one exception a batch. What they pass on shows the
rows one by one, so that one question serves many. Whether the model refuses a row is still for the model to say.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from isoship.sources.sklearn.truth.answers import REFUSALS
from isoship.sources.sklearn.walk.parts import fitted_parts

#: A model of many pipelines (a fold each) is judged by the first few.
_MOST_PIPELINES = 5


class Finite(NamedTuple):
    """double, single: bool [N], what steps pass on is finite wherever it is for the first row, as float64 and float32.
    size: float64 [N], the largest finite magnitude that they pass on."""

    double: np.ndarray[Any, np.dtype[np.bool_]]
    single: np.ndarray[Any, np.dtype[np.bool_]]
    size: np.ndarray[Any, np.dtype[np.float64]]


def finite_rows(model: Any, frame: Any) -> Finite | None:
    """What becomes of each row of the frame, whose first row the model answers; None where no step shows it."""
    pipelines = [part for part in fitted_parts(model) if hasattr(part, "steps")][:_MOST_PIPELINES]
    passed = [
        _varying(array) for pipeline in pipelines for array in _passed_on(pipeline, frame) if len(array) == len(frame)
    ]
    if not passed:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        singles = [array.astype(np.float32) for array in passed]
    sizes = [np.abs(np.where(np.isfinite(array), array, 0.0)).max(axis=1, initial=0.0) for array in passed]
    return Finite(_as_the_first(passed), _as_the_first(singles), np.max(sizes, axis=0))


def _passed_on(pipeline: Any, frame: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The numeric output of each step but the last, up to the first that refuses the frame."""
    import joblib

    for _, step in pipeline.steps[:-1]:
        if step is None or isinstance(step, str):
            continue
        with warnings.catch_warnings(), np.errstate(all="ignore"), joblib.parallel_config(backend="sequential"):
            warnings.simplefilter("ignore")
            try:
                frame = step.transform(frame)
            except REFUSALS:
                return
        array = np.asarray(frame.toarray() if hasattr(frame, "toarray") else frame)
        if array.ndim == 2 and array.dtype.kind in "fiub":
            yield array


def _varying(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The columns of which some row differs from the first: of hundreds of categories none does."""
    varying: np.ndarray[Any, Any] = array[:, np.any(array != array[:1], axis=0)]
    return varying


def _as_the_first(arrays: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    fine = [np.all(np.isfinite(array) | ~np.isfinite(array[:1]), axis=1) for array in arrays]
    found: np.ndarray[Any, np.dtype[np.bool_]] = np.all(fine, axis=0)
    return found
