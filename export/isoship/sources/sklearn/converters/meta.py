"""Estimators made of estimators: votes, stacks, one-vs-rest, several targets, thresholds, transformed targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.preprocessing.functions import FUNCTIONS
from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.truth.answers import ask
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, cast, join, row, take
from isoship.sources.sklearn.walk.inside import Member, every_estimator, the_one_in
from isoship.sources.sklearn.walk.registry import Record, carries


def _stacked(stack: Any) -> Iterator[Member]:
    """The members, and the final estimator: it is given their answers, and the stack's own columns behind them."""
    yield from every_estimator(stack)
    if hasattr(stack, "final_estimator_"):
        own = None if stack.passthrough else ()
        given = int(getattr(stack.final_estimator_, "n_features_in_", 0))
        kept = int(getattr(stack, "n_features_in_", 0)) if stack.passthrough else 0
        yield Member("final_estimator_", stack.final_estimator_, own, before=max(given - kept, 0))


def _threshold_gap(classifier: Any, model: Any, frame: Any) -> np.ndarray[Any, Any]:
    """|score - threshold|, of the whole model's scores."""
    threshold = getattr(classifier, "best_threshold_", getattr(classifier, "threshold", 0.5))
    if hasattr(model, "predict_proba") and getattr(classifier, "response_method", "auto") != "decision_function":
        positive = ask(model, "predict_proba", frame)[:, 1]
        return np.asarray(np.abs(positive - (0.5 if threshold == "auto" else threshold)))
    scores = ask(model, "decision_function", frame)
    return np.asarray(np.abs(scores - (0.0 if threshold == "auto" else threshold)))


@carries("VotingRegressor", record=Record(same_bits=False, jumps=False, members=every_estimator))
def voting_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The weighted mean of the members' predictions."""
    answers = [c.doubles(part, model) for part in _members(c, model.estimators_, frame, "predict")]
    total = join(c.g, [_column(c, answer) for answer in answers])
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
        chosen = c.g.op("Equal", _column(c, cast(c.g, part[0], "int64")).name, np.arange(classes).reshape(1, -1))
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
            answer = _part(c, member, frame, method)
        if method == "predict_proba" and answer[0].width == 2:
            answer = take(c.g, answer, [1])
        columns += tuple(_column(c, block) for block in answer)
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


@carries("OneVsRestClassifier", record=Record(same_bits=False, jumps=False, members=every_estimator))
def one_vs_rest(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Each class against the others; among equal scores the last class wins, as scikit-learn's loop has it."""
    if model.multilabel_:
        raise c.unsupported(model, "it gives several labels at once", "Train one classifier a label")
    by_score = all(hasattr(member, "decision_function") for member in model.estimators_)
    scores: list[Block] = []
    probabilities: list[Block] = []
    for i, member in enumerate(model.estimators_):
        with c.at(f"estimators_[{i}]"):
            parts = c.carry(member, frame)
            if "predict_proba" in parts:
                probabilities += take(c.g, parts["predict_proba"], [1])
            if by_score and "decision_function" not in parts:
                raise c.absent(member, "decision_function", "Use another member")
            if by_score:
                scores.append(_column(c, parts["decision_function"][0]))
    raw = join(c.g, scores if by_score else probabilities)
    result: Parts = {}
    if len(model.estimators_) == 1:
        number = links.above(c.g, raw.name, 0.0 if by_score else 0.5)
        result["predict"] = (links.label(c.g, model.classes_, number),)
    else:
        count = len(model.estimators_)
        backwards = c.g.op("Gather", raw.name, np.arange(count - 1, -1, -1), axis=1)
        number = links.highest(c.g, backwards)
        result["predict"] = (links.label(c.g, np.asarray(model.classes_)[::-1], number),)
    if by_score:
        result["decision_function"] = (raw,)
    if len(probabilities) == len(model.estimators_):
        p = join(c.g, probabilities)
        p = links.two_columns(c.g, p.name) if p.width == 1 else p
        total = c.g.op("ReduceSum", p.name, np.array([1]), keepdims=1)
        empty = c.g.op("Equal", total, np.float64(0))
        share = c.g.op("Div", p.name, c.g.op("Where", empty, np.float64(1), total))
        result["predict_proba"] = (Block(share, "double", p.width),)
    return result


@carries("MultiOutputRegressor", record=Record(same_bits=False, jumps=False, members=every_estimator))
def multi_output_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """One regressor a target, side by side."""
    parts = [(f"estimators_[{i}]", member) for i, member in enumerate(model.estimators_)]
    columns = []
    for name, member in parts:
        with c.at(name):
            columns.append(_column(c, _part(c, member, frame, "predict")[0]))
    return {"predict": (join(c.g, columns),)}


@carries("MultiOutputClassifier", record=Record(same_bits=False, jumps=False, members=every_estimator))
def multi_output_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """One classifier a target: labels side by side, probabilities apart."""
    result: Parts = {}
    labels = []
    for i, member in enumerate(model.estimators_):
        with c.at(f"estimators_[{i}]"):
            parts = c.carry(member, frame)
        labels.append(_column(c, parts["predict"][0]))
        if "predict_proba" in parts:
            result[f"predict_proba_{i}"] = parts["predict_proba"]
    if len({block.dtype for block in labels}) > 1:
        raise c.unsupported(model, "its targets have labels of different types", "Give all targets one type")
    return {**result, "predict": (join(c.g, labels),)}


@carries(
    "FixedThresholdClassifier",
    "TunedThresholdClassifierCV",
    record=Record(same_bits=False, jumps=False, members=the_one_in("estimator_"), label_gap=_threshold_gap),
)
def with_threshold(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The positive class from its threshold on (>=), by probability or by score."""
    if getattr(model, "pos_label", None) is not None:
        raise c.unsupported(model, "pos_label is set", "Leave pos_label at None, which means the second class")
    with c.at("estimator_"):
        parts = dict(c.carry(model.estimator_, frame))
    method = model.response_method
    if method == "auto":
        method = "predict_proba" if hasattr(model.estimator_, "predict_proba") else "decision_function"
    if method not in parts:
        raise c.absent(model.estimator_, method, "Use another response_method")
    threshold = getattr(model, "best_threshold_", getattr(model, "threshold", "auto"))
    if threshold == "auto":
        threshold = 0.5 if method == "predict_proba" else 0.0
    score = take(c.g, parts[method], [1])[0] if method == "predict_proba" else _column(c, parts[method][0])
    reached = c.g.cast(c.g.op("GreaterOrEqual", score.name, np.float64(threshold)), np.int64)
    number = c.g.op("Squeeze", reached, np.array([1]))
    return {**parts, "predict": (links.label(c.g, model.classes_, number),)}


@carries("TransformedTargetRegressor", record=Record(same_bits=False, jumps=False, members=the_one_in("regressor_")))
def transformed_target(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The regressor's answer through the inverse of the target's transformer."""
    with c.at("regressor_"):
        answer = _column(c, _part(c, model.regressor_, frame, "predict")[0])
    target = model.transformer_
    name = type(target).__name__
    if name == "FunctionTransformer":
        inverse = target.inverse_func
        write = FUNCTIONS.get(getattr(inverse, "__name__", "")) if isinstance(inverse, np.ufunc) else None
        if inverse is not None and write is None:
            raise c.unsupported(
                model, "inverse_func is Python code, which no graph can hold", f"Use one of {', '.join(FUNCTIONS)}"
            )
        result = write(c.g, answer.name) if write else answer.name
    elif name == "StandardScaler":
        result = answer.name
        if target.with_std:
            result = c.g.op("Mul", result, row(target.scale_))
        if target.with_mean:
            result = c.g.op("Add", result, row(target.mean_))
    elif name == "MinMaxScaler":
        result = c.g.op("Div", c.g.op("Sub", answer.name, row(target.min_)), row(target.scale_))
    else:
        raise c.unsupported(
            model, f"isoship has no inverse of {name}", "Use a StandardScaler, a MinMaxScaler or numpy's functions"
        )
    return {"predict": (Block(result, "double", answer.width),)}


def _members(c: Carrier, members: Any, frame: Frame, method: str) -> list[Frame]:
    answers = []
    for i, member in enumerate(members):
        with c.at(f"estimators_[{i}]"):
            answers.append(_part(c, member, frame, method))
    return answers


def _part(c: Carrier, estimator: Any, frame: Frame, method: str) -> Frame:
    parts = c.carry(estimator, frame)
    if method not in parts:
        raise c.absent(estimator, method, "Use another estimator here")
    return parts[method]


def _column(c: Carrier, block: Block) -> Block:
    """[N] as [N, 1]."""
    if block.width is not None:
        return block
    return Block(c.g.op("Unsqueeze", block.name, np.array([1])), block.dtype, 1)


def _weights(model: Any) -> np.ndarray[Any, Any]:
    weights = model._weights_not_none
    return np.ones(len(model.estimators_)) if weights is None else np.asarray(weights, np.float64)
