"""The truth: the fitted model's own answers, serial, on the rows as one batch.

joblib's sequential backend takes the place of every `n_jobs` inside the model, so nothing of the model is changed:
forests add their trees in parallel otherwise, and vary in the last bits from run to run.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.libraries import LIBRARIES
from isoship.sources.sklearn.truth import margins, rounding
from isoship.sources.sklearn.walk.registry import record_of

#: What scikit-learn raises when it refuses rows: ValueError from its checks, the others from inside numpy and pandas.
REFUSALS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    AttributeError,
    FloatingPointError,
    NotImplementedError,  # LinearDiscriminantAnalysis(solver="lsqr").transform
)

#: The other libraries' own errors, which are plain exceptions; by name, so that none is imported.
_ERRORS = frozenset(library.error for library in LIBRARIES)


def ask(estimator: Any, method: str, frame: Any) -> Any:
    """One method's answer as a dense array (a list of them for several targets).

    Raises:
        InputError: the model refuses the rows; the message is its own.
    """
    answer = _serially(lambda: getattr(estimator, method)(frame))
    if isinstance(answer, list):
        return [as_array(each) for each in answer]
    dense = as_array(answer)
    tidy = record_of(last_step(estimator)).tidy
    return dense if tidy is None else tidy(method, dense, len(frame))


def ask_each(estimator: Any, methods: Sequence[str], frame: Any) -> dict[str, Any]:
    """`ask` for several methods: what stands before the last step of a pipeline works once for all of them.

    Raises:
        InputError: the model refuses the rows.
    """
    last, shared = before_last(estimator, frame) if len(methods) > 1 and LABELS.issuperset(methods) else (None, None)
    if shared is None or not _copies(shared):
        return {method: ask(estimator, method, frame) for method in methods}
    # a step may write into its input, which no other method must see
    return {method: ask(last, method, shared.copy(order="K")) for method in methods}


#: The methods of which `Pipeline` has nothing of its own: it transforms, and asks the last step.
LABELS = frozenset({"predict", "predict_proba", "decision_function"})


def before_last(estimator: Any, frame: Any) -> tuple[Any, Any]:
    """The last step of a pipeline and what reaches it; None for both where the estimator is none.

    Raises:
        InputError: a step before the last one refuses the rows.
    """
    from sklearn import get_config
    from sklearn.pipeline import Pipeline

    if type(estimator) is not Pipeline or len(estimator.steps) < 2 or get_config().get("enable_metadata_routing"):
        return None, None

    def transformed() -> Any:
        found = frame
        for _, step in estimator.steps[:-1]:
            if step is not None and not isinstance(step, str):
                found = step.transform(found)
        return found

    return estimator.steps[-1][1], _serially(transformed)


def _copies(passed: Any) -> bool:
    """It is an array that a copy repeats exactly."""
    return type(passed) is np.ndarray and (passed.flags.c_contiguous or passed.flags.f_contiguous)


def _serially(asked: Callable[[], Any]) -> Any:
    """What a model says, without its warnings and in one thread.

    Raises:
        InputError: it refuses the rows.
    """
    import joblib

    with warnings.catch_warnings(), np.errstate(all="ignore"), joblib.parallel_config(backend="sequential"):
        warnings.simplefilter("ignore")
        try:
            return asked()
        except Exception as err:
            if not isinstance(err, REFUSALS) and type(err).__name__ not in _ERRORS:
                raise
            first = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
            raise InputError(f"the model refuses these rows: {first}") from err


def margin_of(estimator: Any, outputs: Mapping[str, np.ndarray[Any, Any]], frame: Any, rows: int) -> Any:
    """How far each row is from another label, float64 [N].

    +inf where routing or lookup decides and every other label is a flip, and where there is no label at all.
    """
    several = "label" in outputs and outputs["label"].ndim == 2
    gaps = [
        np.abs(array - 0.5).min(axis=1) if several and name == "probabilities" else _gap(array)
        for name, array in outputs.items()
        if name == "probabilities" or name.startswith("probabilities_")
    ]
    last = last_step(estimator)
    own = own_margin(estimator, frame)
    label = record_of(last).label
    if own is not None and (label == "votes" or "label" not in outputs):
        return own
    if label == "lookup" or "label" not in outputs:
        return np.full(rows, np.inf)
    decided = _decided(estimator, last, gaps, outputs, frame, rows)
    return decided if own is None else np.minimum(decided, own)


def own_margin(estimator: Any, frame: Any) -> Any:
    """The margin of parts whose answers turn on pairs, centres, neighbours or votes; None without such a part."""
    return _quietly(margins.margin_of_parts, estimator, frame, margins.has_margin)


def value_margin_of(estimator: Any, outputs: Mapping[str, np.ndarray[Any, Any]], frame: Any) -> Any:
    """How far the numbers of each row are from a jump, 0 where they are rounding error; None for most models.

    See `Answers.value_margin`.
    """
    found = _quietly(margins.margin_of_parts, estimator, frame, margins.numbers_jump)
    lost = _quietly(rounding.lost, estimator, frame, frozenset(outputs))
    if lost is None:
        return found
    settled = np.where(lost, 0.0, np.inf)
    return settled if found is None else np.minimum(found, settled)


def label_margin(estimator: Any, frame: Any) -> Any:
    """`margin_of` for a member of a model, by the scores or probabilities that it decides by."""
    from sklearn.base import is_classifier

    label = ask(estimator, "predict", frame)
    outputs = {"label": label} if is_classifier(estimator) else {}
    if outputs and not hasattr(estimator, "decision_function") and hasattr(estimator, "predict_proba"):
        outputs["probabilities"] = ask(estimator, "predict_proba", frame)
    return margin_of(estimator, outputs, frame, len(label))


def _quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*arguments)


def _decided(
    estimator: Any,
    last: Any,
    gaps: list[np.ndarray[Any, Any]],
    outputs: Mapping[str, np.ndarray[Any, Any]],
    frame: Any,
    rows: int,
) -> Any:
    """The margin of a label that is the best of some scores."""
    own_gap = record_of(last).label_gap
    if own_gap is not None:
        return own_gap(last, estimator, frame)
    if not gaps and "scores" in outputs:
        gaps = [_gap(outputs["scores"])]
    if not gaps and hasattr(estimator, "decision_function"):
        gaps = [_gap(ask(estimator, "decision_function", frame))]
    if not gaps and hasattr(last, "cluster_centers_") and hasattr(estimator, "transform"):
        gaps = [_gap(-ask(estimator, "transform", frame))]
    return np.min(gaps, axis=0) if gaps else np.full(rows, np.inf)


def last_step(estimator: Any) -> Any:
    """The estimator that answers, behind pipelines, searches and frozen ones."""
    while True:
        if hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif type(estimator).__name__ == "FrozenEstimator":
            estimator = estimator.estimator
        else:
            return estimator


def _gap(scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The gap of the two best columns, or |score| of a single one."""
    if scores.ndim == 1:
        distance: np.ndarray[Any, Any] = np.abs(scores)
        return distance
    if scores.shape[1] == 1:
        return np.full(len(scores), np.inf)
    two = np.partition(scores, -2, axis=1)[:, -2:]
    gap: np.ndarray[Any, Any] = np.nan_to_num(two[:, 1] - two[:, 0], nan=0.0, posinf=np.inf)
    return gap


def as_array(answer: Any) -> np.ndarray[Any, Any]:
    """An answer, which may be sparse or a DataFrame, as an array."""
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    if hasattr(answer, "to_numpy"):
        answer = answer.to_numpy()
    array = np.asarray(answer)
    return array.astype(object) if array.dtype.kind == "U" else array
