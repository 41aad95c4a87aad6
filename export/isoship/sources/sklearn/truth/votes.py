"""Margins of estimators whose members vote: a row is as far from another answer as the member nearest to a change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from isoship.sources.sklearn.truth.answers import label_margin
from isoship.sources.sklearn.walk.parts import bagged_members
from isoship.sources.sklearn.walk.registry import record_of

Margin = np.ndarray[Any, np.dtype[np.float64]]


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


def of_members(model: Any, x: Any) -> Margin | None:
    """The least margin of the members' labels."""
    return _least((member, x) for member in model.estimators_ if not isinstance(member, str))


def of_vote(model: Any, x: Any) -> Margin | None:
    """That of the members; None where the model weighs probabilities and not labels."""
    return of_members(model, x) if model.voting == "hard" else None


def of_stack(model: Any, x: Any) -> Margin | None:
    """That of the members whose labels the final estimator is given."""
    methods = zip(model.estimators_, model.stack_method_, strict=True)
    return _least((member, x) for member, method in methods if method == "predict" and not isinstance(member, str))


def of_bag(model: Any, x: Any) -> Margin | None:
    """That of the members without probabilities, which vote."""
    return _least((member, rows) for member, rows in bagged_members(model, x) if not hasattr(member, "predict_proba"))


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
    margins = [label_margin(member, rows) for member, rows in pairs if record_of(member).label != "lookup"]
    return np.min(margins, axis=0) if margins else None


def _scores(model: Any, x: Any) -> Any:
    from sklearn.multiclass import _predict_binary

    return np.array([_predict_binary(member, x) for member in model.estimators_]).T
