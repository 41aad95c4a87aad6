"""Margins of estimators whose members vote: a row is as far from another answer as the member nearest to a change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.parts import bag

Margin = np.ndarray[Any, np.dtype[np.float64]]

#: Members whose labels no rounding can turn.
_SETTLED = ("DecisionTreeClassifier", "ExtraTreeClassifier", "DummyClassifier", "_ConstantPredictor")


def of_one_vs_one(model: Any, x: Any) -> Margin:
    """How near a member's score is to its threshold, or two classes' votes and confidences to each other."""
    threshold = 0.0 if hasattr(model.estimators_[0], "decision_function") else 0.5
    found: Margin = np.abs(_scores(model, x) - threshold).min(axis=1)
    decision = np.asarray(model.decision_function(x))
    return found if decision.ndim == 1 else np.minimum(found, best_gap(decision))


def of_code_words(model: Any, x: Any) -> Margin:
    """The gap between the two nearest code words, against the size of scores and words; equal words are one."""
    words = np.unique(model.code_book_, axis=0)
    said = _scores(model, x)
    near = np.sort(((said[:, None] - words) ** 2).sum(axis=2), axis=1)
    if near.shape[1] == 1:
        return np.full(len(said), np.inf)
    found: Margin = (near[:, 1] - near[:, 0]) / (near[:, 0] + (said**2).sum(axis=1))
    return found


def of_vote(model: Any, x: Any) -> Margin | None:
    """The least margin of the members' labels; None where the model weighs probabilities and not labels."""
    name = type(model).__name__
    pairs: Iterable[tuple[Any, Any]] = ((member, x) for member in model.estimators_ if not isinstance(member, str))
    if name == "VotingClassifier" and model.voting != "hard":
        return None
    if name == "StackingClassifier":
        if "predict" not in model.stack_method_:
            return None
        methods = dict(zip(map(id, model.estimators_), model.stack_method_, strict=True))
        pairs = ((member, rows) for member, rows in pairs if methods[id(member)] == "predict")
    if name == "BaggingClassifier":
        pairs = ((member, rows) for member, rows in bag(model, x) if not hasattr(member, "predict_proba"))
    return _least(pairs)


def of_chain(model: Any, x: Any) -> Margin | None:
    """The least margin of the links whose labels later links are given."""
    if getattr(model, "chain_method_", "predict") != "predict":
        return None
    x = np.asarray(x, np.float64)
    pairs = []
    for link in model.estimators_:
        pairs.append((link, x))
        x = np.column_stack([x, link.predict(x)])
    return _least(pairs[:-1])


def best_gap(scores: Any) -> Margin:
    """The gap of the two best columns."""
    two = np.sort(scores, axis=1)[:, -2:]
    found: Margin = two[:, -1] - two[:, 0]
    return found


def _least(pairs: Iterable[tuple[Any, Any]]) -> Margin | None:
    from isoship.sources.sklearn.truth.answers import label_margin

    margins = [label_margin(member, rows) for member, rows in pairs if type(member).__name__ not in _SETTLED]
    return np.min(margins, axis=0) if margins else None


def _scores(model: Any, x: Any) -> Any:
    from sklearn.multiclass import _predict_binary

    return np.array([_predict_binary(member, x) for member in model.estimators_]).T
