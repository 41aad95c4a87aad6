"""Votes and stacks: VotingClassifier, VotingRegressor, StackingClassifier, StackingRegressor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, cast, join, row, take
from isoship.sources.sklearn.walk.inside import Member, every_estimator
from isoship.sources.sklearn.walk.members import answer, column
from isoship.sources.sklearn.walk.registry import Record, carries


def _stacked(stack: Any) -> Iterator[Member]:
    """The members, and the final estimator: it is given their answers, and the stack's own columns behind them."""
    yield from every_estimator(stack)
    if hasattr(stack, "final_estimator_"):
        own = None if stack.passthrough else ()
        given = int(getattr(stack.final_estimator_, "n_features_in_", 0))
        kept = int(getattr(stack, "n_features_in_", 0)) if stack.passthrough else 0
        yield Member("final_estimator_", stack.final_estimator_, own, before=max(given - kept, 0))


@carries("VotingRegressor", record=Record(same_bits=False, jumps=False, members=every_estimator))
def voting_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The weighted mean of the members' predictions."""
    answers = [c.doubles(part, model) for part in _members(c, model.estimators_, frame, "predict")]
    total = join(c.g, [column(c, (part,)) for part in answers])
    weights = _weights(model)
    weighted = c.g.op("ReduceSum", c.g.op("Mul", total.name, row(weights)), np.array([1]), keepdims=1)
    return {"predict": (Block(c.g.op("Div", weighted, row([weights.sum()])), "double", 1),), "transform": (total,)}


@carries("VotingClassifier", record=Record(same_bits=False, jumps=False, members=every_estimator, margin=votes.of_vote))
def voting_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Soft: the weighted mean of probabilities. Hard: the class with the most weight, the first of equals."""
    weights, classes = _weights(model), len(model.classes_)
    if model.voting == "soft":
        total = ""
        for part, weight in zip(_members(c, model.estimators_, frame, "predict_proba"), weights, strict=True):
            weighted = c.g.op("Mul", part[0].name, row(np.full(classes, weight)))
            total = c.g.op("Add", total, weighted) if total else weighted
        mean = c.g.op("Div", total, row(np.full(classes, weights.sum())))
        label = links.label(c.g, model.classes_, links.highest(c.g, mean))
        return {"predict": (label,), "predict_proba": (Block(mean, "double", classes),)}
    votes = ""
    for part, weight in zip(_members(c, model.estimators_, frame, "predict"), weights, strict=True):
        number = column(c, (cast(c.g, part[0], "int64"),))
        chosen = c.g.op("Equal", number.name, np.arange(classes).reshape(1, -1))
        vote = c.g.op("Where", chosen, np.float64(weight), np.float64(0))
        votes = c.g.op("Add", votes, vote) if votes else vote
    return {"predict": (links.label(c.g, model.classes_, links.highest(c.g, votes)),)}


@carries(
    "StackingClassifier",
    record=Record(
        same_bits=False,
        jumps=False,
        members=_stacked,
        looks_itself=lambda stack: bool(stack.passthrough),
        margin=votes.of_stack,
        numbers_jump=True,
    ),
)
@carries(
    "StackingRegressor",
    record=Record(same_bits=False, jumps=False, members=_stacked, looks_itself=lambda stack: bool(stack.passthrough)),
)
def stacking(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The members' answers side by side, in front of the final estimator; a binary member gives one probability."""
    columns: Frame = ()
    for i, (member, method) in enumerate(zip(model.estimators_, model.stack_method_, strict=True)):
        with c.at(f"estimators_[{i}]"):
            found = answer(c, member, frame, method)
        if method == "predict_proba" and found[0].width == 2:
            found = take(c.g, found, [1])
        columns += tuple(column(c, (block,)) for block in found)
    if model.passthrough:
        columns += frame
    with c.at("final_estimator_"):
        parts = dict(c.carry(model.final_estimator_, columns))
    if "predict" in parts and hasattr(model, "_label_encoder"):
        encoders = model._label_encoder
        if isinstance(encoders, list):
            raise c.unsupported(model, "it stacks for several targets at once", "Train one stack a target")
        number = cast(c.g, parts["predict"][0], "int64")
        parts["predict"] = (links.label(c.g, encoders.classes_, number.name),)
    return {**parts, "transform": columns}


def _members(c: Carrier, members: Any, frame: Frame, method: str) -> list[Frame]:
    answers = []
    for i, member in enumerate(members):
        with c.at(f"estimators_[{i}]"):
            answers.append(answer(c, member, frame, method))
    return answers


def _weights(model: Any) -> np.ndarray[Any, Any]:
    weights = model._weights_not_none
    return np.ones(len(model.estimators_)) if weights is None else np.asarray(weights, np.float64)
