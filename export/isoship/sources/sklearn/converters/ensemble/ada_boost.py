"""AdaBoost*: a weighted vote, or the weighted median, over trees or over any members that are carried.

AdaBoostClassifier  trees: leaves carry their tree's votes, summed tree by tree [N, C] -> Div (sum of weights)
                    others: labels -> Equal (classes) -> Where (weight, -weight / (C - 1)) -> Add one by one -> Div
                    -> softmax
AdaBoostRegressor   values [N, M] -> TopK (ascending) -> CumSum (weights) -> the first that reaches half of the last

A vote is the member's weight for the class it predicts and -weight / (C - 1) for the others
(sklearn/ensemble/_weight_boosting.py, `decision_function`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import write_leaf_values, write_total
from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.ensemble.bagging import mean
from isoship.sources.sklearn.converters.tree import are_trees, features, leaf_values, tree_of
from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row, take
from isoship.sources.sklearn.walk.inside import every_estimator
from isoship.sources.sklearn.walk.members import answer, column
from isoship.sources.sklearn.walk.registry import Record, carries


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
    if len(model.classes_) == 1:
        raise c.unsupported(model, "it has seen a single class and boosts nothing", "Train it on two classes or more")
    if are_trees(model.estimators_):
        return _answers(c, model, _votes_of_trees(c, model, frame), links.softmax)
    return _answers(c, model, _votes(c, model, frame), _softmax)


@carries("AdaBoostRegressor", record=Record(same_bits=False, jumps=False, members=every_estimator, looks_itself=True))
def ada_boost_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The weighted median of the members' values."""
    g, members = c.g, model.estimators_
    if are_trees(members):
        x, width = features(c, model, frame)
        table = np.concatenate([leaf_values(tree)[:, 0, 0] for tree in members])
        values = write_leaf_values(g, x, [tree_of(tree) for tree in members], table, "float", given=width)
        return {"predict": (_median(g, model, values),)}
    columns = []
    for i, member in enumerate(members):
        with c.at(f"estimators_[{i}]"):
            columns.append(c.doubles((column(c, answer(c, member, frame, "predict")),), member))
    return {"predict": (_median(g, model, join(g, columns).name),)}


def _votes_of_trees(c: Carrier, model: Any, frame: Frame) -> Block:
    """The decision function for more than two classes, [N, C]."""
    count = len(model.classes_)
    tables = []
    for tree, weight in zip(model.estimators_, model.estimator_weights_, strict=False):
        predicted = tree.classes_[leaf_values(tree)[:, 0, :].argmax(axis=1)]
        won = predicted[:, np.newaxis] == model.classes_[np.newaxis, :]
        tables.append(np.where(won, weight, -1 / (count - 1) * weight))
    x, width = features(c, model, frame)
    trees = [tree_of(tree) for tree in model.estimators_]
    total = write_total(c.g, x, trees, np.concatenate(tables), "float", given=width)
    return Block(c.g.op("Div", total, np.float64(model.estimator_weights_.sum())), "double", count)


def _votes(c: Carrier, model: Any, frame: Frame) -> Block:
    """As `_votes_of_trees`, of any members."""
    names = links.label_values(model.classes_)
    count = len(names)
    terms = []
    weights = np.asarray(model.estimator_weights_, np.float64)
    for i, (member, weight) in enumerate(zip(model.estimators_, weights, strict=False)):
        with c.at(f"estimators_[{i}]"):
            label = column(c, answer(c, member, frame, "predict"))
        chosen = c.g.op("Equal", label.name, c.g.const(names.reshape(1, -1)))
        terms.append(Block(c.g.op("Where", chosen, weight, -1 / (count - 1) * weight), "double", count))
    return mean(c, terms, float(weights.sum()))


def _answers(c: Carrier, model: Any, decision: Block, softmax: Callable[[GraphBuilder, str], str]) -> Parts:
    count = len(model.classes_)
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
        "predict_proba": (Block(softmax(c.g, scaled), "double", count),),
    }


def _softmax(g: GraphBuilder, scores: str) -> str:
    return g.op("Softmax", scores, axis=1)


def _median(g: GraphBuilder, model: Any, values: str) -> Block:
    """The median of the members' values [N, M], weighted by the members: double [N, 1]."""
    count = len(model.estimators_)
    ascending, order = g.ops(
        "TopK", values, np.array([count]), outs=[g.name("ascending"), g.name("order")], largest=0, axis=1
    )
    weights = g.op("Gather", np.asarray(model.estimator_weights_[:count], np.float64), order, axis=0)
    running = g.op("CumSum", weights, np.int64(1))
    half = g.op("Mul", np.float64(0.5), g.op("Gather", running, np.array([count - 1]), axis=1))
    reached = g.cast(g.op("GreaterOrEqual", running, half), np.int64)
    median = g.op("ArgMax", reached, axis=1, keepdims=1)
    return Block(g.op("GatherElements", ascending, median, axis=1), "double", 1)
