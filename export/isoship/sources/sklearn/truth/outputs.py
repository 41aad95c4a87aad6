"""Which outputs a model ships, found by asking it: names, types, shapes and classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources.sklearn.truth.answers import ask, last_step
from isoship.sources.sklearn.walk.registry import record_of
from isoship_edge.manifest import Output

#: kind -> the method that answers it.
METHODS = {
    "label": "predict",
    "probabilities": "predict_proba",
    "scores": "decision_function",
    "score_samples": "score_samples",
    "value": "predict",
    "transformed": "transform",
}


def kinds_for(estimator: Any, more: Sequence[str] | None) -> list[str]:
    """The kinds of output that an estimator ships: its defaults, and those of `more` that it has.

    Raises:
        InputError: `more` names a kind that does not exist or that the estimator has no method for.
    """
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

    if own := record_of(last_step(estimator)).kinds:
        kinds = list(own)
    elif is_classifier(estimator):
        kinds = ["label"]
        if hasattr(estimator, "predict_proba"):
            kinds.append("probabilities")
        elif hasattr(estimator, "decision_function"):
            kinds.append("scores")
    elif is_outlier_detector(estimator):
        kinds = ["label", "scores"] if hasattr(estimator, "decision_function") else ["label"]
    elif is_regressor(estimator):
        kinds = ["value"]
    elif is_clusterer(estimator) and hasattr(estimator, "predict"):
        kinds = ["label"]
    elif hasattr(estimator, "predict_proba"):  # mixtures
        kinds = ["label", "probabilities"]
    elif hasattr(estimator, "transform"):
        kinds = ["transformed"]
    elif hasattr(estimator, "predict"):
        kinds = ["value"]
    else:
        kinds = ["score_samples"]
    for kind in more or ():
        if kind not in METHODS:
            raise InputError(f"--outputs {kind}: there is no such output. They are {', '.join(METHODS)}")
        if not hasattr(estimator, METHODS[kind]):
            raise InputError(
                f"--outputs {kind}: {type(estimator).__name__} has no {METHODS[kind]}. Leave it out, or train a model"
                " that has it"
            )
        if kind not in kinds and not (METHODS[kind] == "predict" and {"label", "value"} & set(kinds)):
            kinds.append(kind)
    return kinds


def outputs_for(estimator: Any, frame: Any, more: Sequence[str] | None) -> tuple[Output, ...]:
    """The outputs, their types and shapes as the model gives them for this frame.

    Raises:
        InputError: see `kinds_for`; two classes have one string.
        UnsupportedModelError: an output has no tensor form.
    """
    outputs: list[Output] = []
    for kind in kinds_for(estimator, more):
        answer = ask(estimator, METHODS[kind], frame)
        several = isinstance(answer, list)
        for i, array in enumerate(answer if several else [answer]):
            name = f"{kind}_{i}" if several else kind
            shape: tuple[str | int, ...] = ("N", *array.shape[1:])
            if len(shape) > 2:
                raise _no_tensor(estimator, name, f"it has {len(shape)} dimensions")
            classes = _classes(estimator, kind, array, i if several else None)
            if (
                kind != "label"
                and not several
                and outputs
                and outputs[0].kind == "label"
                and len(outputs[0].shape) == 2
            ):
                classes = None  # a column a target, not a column a class
            dtype = _dtype(estimator, name, array)
            if kind == "label":
                held = array.ravel().tolist() if array.dtype == object else ()
                _check_integers(estimator, name, dtype, [*(classes or ()), *held])
            outputs.append(Output(name, kind, dtype, shape, classes))
    return tuple(outputs)


def _dtype(estimator: Any, name: str, array: np.ndarray[Any, Any]) -> str:
    kind = array.dtype.kind
    if kind == "O":
        inner = {type(value) for value in array.ravel().tolist()}
        if inner <= {str}:
            return "string"
        if inner <= {bool, int, float}:  # numpy stacks booleans beside numbers as objects
            return "double"
        raise _no_tensor(estimator, name, f"it holds Python objects ({', '.join(sorted(t.__name__ for t in inner))})")
    dtypes = {"f": "double", "i": "int64", "u": "int64", "b": "bool", "U": "string"}
    if kind not in dtypes:
        raise _no_tensor(estimator, name, f"it has dtype {array.dtype}")
    return dtypes[kind]


def _check_integers(estimator: Any, name: str, dtype: str, values: Sequence[Any]) -> None:
    """Raises:
    UnsupportedModelError: the tensor has another number in an integer's place: 64 bits of int64, 53 of a double.
    """
    least, most = (-(2**63), 2**63 - 1) if dtype == "int64" else (-(2**53), 2**53)
    for value in values:
        if type(value) is int and dtype in ("int64", "double") and not least <= value <= most:
            held = "64 bits with a sign" if dtype == "int64" else "a double's 53 bits"
            raise UnsupportedModelError(
                f"{type(estimator).__name__}, output {name!r}",
                f"the class {value} does not fit in {held}, which is what a tensor of such classes has",
                "Train on the classes as text: y.astype(str)",
            )


def _no_tensor(estimator: Any, name: str, why: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{type(estimator).__name__}, output {name!r}", why, "Make every output column numbers, or every one strings"
    )


def _classes(estimator: Any, kind: str, array: np.ndarray[Any, Any], target: int | None) -> tuple[Any, ...] | None:
    if kind in ("value", "transformed", "score_samples"):
        return None
    classes = getattr(estimator, "classes_", None)
    values: list[Any]
    if classes is None:
        values = _labels_without_classes(estimator) if kind == "label" else []
    elif isinstance(classes, list):  # several targets
        if kind == "label":
            values = sorted({value for each in classes for value in np.asarray(each).tolist()}, key=str)
        else:
            values = np.asarray(classes[target or 0]).tolist()
    elif kind == "label" and array.ndim == 2:  # several labels at once
        values = [0, 1]
    else:
        values = np.asarray(classes).tolist()
    if kind != "label" and (array.ndim != 2 or array.shape[1] != len(values)):
        return None
    by_text: dict[str, Any] = {}
    for value in values:
        if str(value) in by_text:
            raise InputError(
                f"the classes {by_text[str(value)]!r} and {value!r} have one string, and answers are keyed by strings."
                " Rename one and train again"
            )
        by_text[str(value)] = value
    return tuple(values) or None


def _labels_without_classes(estimator: Any) -> list[Any]:
    from sklearn.base import is_outlier_detector

    if is_outlier_detector(estimator):
        return [-1, 1]
    last = estimator
    while hasattr(last, "steps"):
        last = last.steps[-1][1]
    last = getattr(last, "best_estimator_", last)
    for attribute in ("cluster_centers_", "means_", "subcluster_labels_"):
        if hasattr(last, attribute):
            return list(range(len(getattr(last, attribute))))
    return []
