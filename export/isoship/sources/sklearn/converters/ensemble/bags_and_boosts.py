"""Bagging, AdaBoost and self-training over any estimator that is carried. Bags and boosts of trees stay with `trees`.

BaggingClassifier   members' probabilities, or votes where they have none -> Add one by one -> Div (members)
BaggingRegressor    members' values -> Add one by one -> Div (members)
AdaBoostClassifier  members' labels -> Equal (classes) -> Where (weight, -weight / (C - 1)) -> Add one by one
AdaBoostRegressor   members' values [N, M] -> TopK -> CumSum (weights) -> the first that reaches half
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.walk import fallback
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row, take
from isoship.sources.sklearn.walk.inside import Member, every_estimator, the_one_in
from isoship.sources.sklearn.walk.members import answer, column, constant
from isoship.sources.sklearn.walk.registry import Record, carries, key_of

_TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")


def _bagged(bag: Any) -> Iterator[Member]:
    features = getattr(bag, "estimators_features_", ())
    for i, (member, places) in enumerate(zip(getattr(bag, "estimators_", ()), features, strict=True)):
        yield Member(f"estimators_[{i}]", member, [int(place) for place in places])


@carries("BaggingRegressor", record=Record(same_bits=False, jumps=False, members=_bagged, looks_itself=True))
def bagging_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean of the members' values."""
    if _of_trees(model):
        return fallback.carry(c, model, frame)
    values = [column(c, answer(c, member, seen, "predict")) for member, seen in _bag(c, model, frame)]
    return {"predict": (_mean(c, values),)}


@carries(
    "BaggingClassifier",
    record=Record(
        same_bits=False, jumps=False, members=_bagged, looks_itself=True, margin=votes.of_bag, numbers_jump=True
    ),
)
def bagging_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean of the members' probabilities or votes; the mean of their scores where all have them."""
    if _of_trees(model):
        return fallback.carry(c, model, frame)
    classes = len(model.classes_)
    shares, scores = [], []
    for member, seen in _bag(c, model, frame):
        parts = c.carry(member, seen)
        shares.append(_share(c, model, member, parts, seen))
        if "decision_function" in parts and len(member.classes_) == classes:
            scores.append(column(c, parts["decision_function"]))
    mean = _mean(c, shares)
    result: Parts = {
        "predict_proba": (mean,),
        "predict": (links.label(c.g, model.classes_, links.highest(c.g, mean.name)),),
    }
    if len(scores) == len(shares):
        result["decision_function"] = (_mean(c, scores),)
    return result


@carries(
    "AdaBoostClassifier",
    record=Record(
        same_bits=False,
        jumps=False,
        members=every_estimator,
        looks_itself=True,
        margin=votes.of_members,
        numbers_jump=True,
    ),
)
def ada_boost_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """A weighted vote, and softmax of it."""
    if _of_trees(model):
        return fallback.carry(c, model, frame)
    names = links.label_values(model.classes_)
    count = len(names)
    if count == 1:
        raise c.unsupported(model, "it has seen a single class and boosts nothing", "Train it on two classes or more")
    votes = []
    weights = np.asarray(model.estimator_weights_, np.float64)
    for i, (member, weight) in enumerate(zip(model.estimators_, weights, strict=False)):
        with c.at(f"estimators_[{i}]"):
            label = column(c, answer(c, member, frame, "predict"))
        chosen = c.g.op("Equal", label.name, c.g.const(names.reshape(1, -1)))
        votes.append(Block(c.g.op("Where", chosen, weight, -1 / (count - 1) * weight), "double", count))
    decision = _mean(c, votes, float(weights.sum()))
    if count > 2:
        scaled = c.g.op("Div", decision.name, row(np.full(count, count - 1.0)))
        number = links.highest(c.g, decision.name)
    else:
        first, second = (take(c.g, (decision,), [i])[0].name for i in (0, 1))
        decision = Block(c.g.op("Sub", second, first), "double", 1)
        halves = c.g.op("Concat", c.g.op("Neg", decision.name), decision.name, axis=1)
        scaled = c.g.op("Div", halves, row([2.0, 2.0]))
        number = links.above(c.g, decision.name)
    return {
        "decision_function": (decision,),
        "predict": (links.label(c.g, model.classes_, number),),
        "predict_proba": (Block(c.g.op("Softmax", scaled, axis=1), "double", count),),
    }


@carries("AdaBoostRegressor", record=Record(same_bits=False, jumps=False, members=every_estimator, looks_itself=True))
def ada_boost_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The weighted median of the members' values."""
    if _of_trees(model):
        return fallback.carry(c, model, frame)
    values = []
    for i, member in enumerate(model.estimators_):
        with c.at(f"estimators_[{i}]"):
            values.append(c.doubles((column(c, answer(c, member, frame, "predict")),), member))
    g, count = c.g, len(values)
    all_values = join(g, values).name
    ascending, order = g.ops(
        "TopK", all_values, np.array([count]), outs=[g.name("ascending"), g.name("order")], largest=0, axis=1
    )
    weights = g.op("Gather", np.asarray(model.estimator_weights_[:count], np.float64), order, axis=0)
    running = g.op("CumSum", weights, np.int64(1))
    half = g.op("Mul", np.float64(0.5), g.op("Gather", running, np.array([count - 1]), axis=1))
    reached = g.cast(g.op("GreaterOrEqual", running, half), np.int64)
    median = g.op("ArgMax", reached, axis=1, keepdims=1)
    return {"predict": (Block(g.op("GatherElements", ascending, median, axis=1), "double", 1),)}


@carries(
    "SelfTrainingClassifier",
    record=Record(same_bits=False, jumps=False, members=the_one_in("estimator_"), looks_itself=True),
)
def self_training(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The estimator of the last round."""
    with c.at("estimator_"):
        return c.carry(model.estimator_, frame)


def _of_trees(model: Any) -> bool:
    return all(key_of(member) in _TREES for member in model.estimators_)


def _bag(c: Carrier, model: Any, frame: Frame) -> Any:
    """Each member with the columns that it was given, the walk being at the member."""
    for i, (member, features) in enumerate(zip(model.estimators_, model.estimators_features_, strict=True)):
        with c.at(f"estimators_[{i}]"):
            yield member, take(c.g, frame, features)


def _share(c: Carrier, model: Any, member: Any, parts: Parts, seen: Frame) -> Block:
    """A member's probabilities for every class of the bag, [N, C]; its classes are numbers of the bag's."""
    classes = len(model.classes_)
    if not hasattr(member, "predict_proba"):
        number = c.doubles((column(c, parts["predict"]),), member)
        vote = c.g.op("Equal", number.name, row(np.arange(classes)))
        return Block(c.g.cast(vote, np.float64), "double", classes)
    if "predict_proba" not in parts:
        raise c.absent(member, "predict_proba", "Use another estimator here")
    own = c.doubles(parts["predict_proba"], member)
    if len(member.classes_) == classes:
        return own
    place = {int(name): k for k, name in enumerate(member.classes_)}
    padded = join(c.g, [own, Block(constant(c, member, seen, [0.0]), "double", 1)])
    spread = take(c.g, (padded,), [place.get(k, own.width or 0) for k in range(classes)])
    return join(c.g, list(spread))


def _mean(c: Carrier, blocks: list[Block], divisor: float | None = None) -> Block:
    """The blocks added one after the other, as scikit-learn does, and divided by how many there are."""
    total, width = blocks[0].name, blocks[0].width or 0
    for block in blocks[1:]:
        total = c.g.op("Add", total, block.name)
    by = row(np.full(width, float(len(blocks)) if divisor is None else divisor))
    return Block(c.g.op("Div", total, by), "double", width)
