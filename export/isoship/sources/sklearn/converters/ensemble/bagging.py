"""Bagging*: the mean over trees, a forest whose trees see some of the features, or over any members that are carried.

BaggingClassifier  trees: leaf values, zeros for classes that a tree has not seen, summed tree by tree -> Div (members)
                   others: probabilities, or votes where they have none -> Add one by one -> Div (members)
BaggingRegressor   values, summed in the same two ways -> Div (members)

`sklearn/ensemble/_bagging.py` encodes the classes as 0..C-1 before it trains.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.onnx.trees import write_total
from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.tree import answers, are_trees, features, leaf_values, trees_of
from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row, take
from isoship.sources.sklearn.walk.inside import Member
from isoship.sources.sklearn.walk.members import answer, column, constant
from isoship.sources.sklearn.walk.registry import Record, carries


def _bagged(bag: Any) -> Iterator[Member]:
    features = getattr(bag, "estimators_features_", ())
    for i, (member, places) in enumerate(zip(getattr(bag, "estimators_", ()), features, strict=True)):
        yield Member(f"estimators_[{i}]", member, [int(place) for place in places])


@carries("BaggingRegressor", record=Record(same_bits=False, jumps=False, members=_bagged, looks_itself=True))
def bagging_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean of the members' values."""
    if are_trees(model.estimators_):
        tables = [leaf_values(tree)[:, :, 0] for tree in model.estimators_]
        return {"predict": (_mean_of_trees(c, model, frame, tables),)}
    values = [column(c, answer(c, member, seen, "predict")) for member, seen in _bag(c, model, frame)]
    return {"predict": (mean(c, values),)}


@carries(
    "BaggingClassifier",
    record=Record(
        same_bits=False, jumps=False, members=_bagged, looks_itself=True, margin=votes.of_bag, numbers_jump=True
    ),
)
def bagging_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean of the members' probabilities or votes; the mean of their scores where all have them."""
    classes = len(model.classes_)
    if are_trees(model.estimators_):
        tables = [_spread(leaf_values(tree)[:, 0, :], tree.classes_, classes) for tree in model.estimators_]
        return answers(c, model, _mean_of_trees(c, model, frame, tables))
    shares, scores = [], []
    for member, seen in _bag(c, model, frame):
        parts = c.carry(member, seen)
        shares.append(_share(c, model, member, parts, seen))
        if "decision_function" in parts and len(member.classes_) == classes:
            scores.append(column(c, parts["decision_function"]))
    share = mean(c, shares)
    result: Parts = {
        "predict_proba": (share,),
        "predict": (links.label(c.g, model.classes_, links.highest(c.g, share.name)),),
    }
    if len(scores) == len(shares):
        result["decision_function"] = (mean(c, scores),)
    return result


def _mean_of_trees(c: Carrier, model: Any, frame: Frame, tables: list[np.ndarray[Any, Any]]) -> Block:
    """The mean over trees of a leaf's values, double [N, C]. tables: those values, [L, C] a tree."""
    x, width = features(c, model, frame)
    total = write_total(c.g, x, trees_of(model), np.concatenate(tables), "float", given=width)
    return Block(c.g.op("Div", total, np.float64(model.n_estimators)), "double", tables[0].shape[1])


def _spread(values: np.ndarray[Any, Any], seen: Any, classes: int) -> np.ndarray[Any, Any]:
    """A tree's leaf values by the classes of the bag, whose numbers are what it saw: [L, seen] -> [L, classes]."""
    if len(seen) == classes:
        return values
    table = np.zeros((len(values), classes))
    table[:, np.asarray(seen, np.int64)] = values
    return table


def _bag(c: Carrier, model: Any, frame: Frame) -> Any:
    """Each member with the columns that it was given, the walk being at the member."""
    for i, (member, places) in enumerate(zip(model.estimators_, model.estimators_features_, strict=True)):
        with c.at(f"estimators_[{i}]"):
            yield member, take(c.g, frame, places)


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


def mean(c: Carrier, blocks: list[Block], divisor: float | None = None) -> Block:
    """The blocks added one after the other, as scikit-learn does, and divided by how many there are."""
    total, width = blocks[0].name, blocks[0].width or 0
    for block in blocks[1:]:
        total = c.g.op("Add", total, block.name)
    by = row(np.full(width, float(len(blocks)) if divisor is None else divisor))
    return Block(c.g.op("Div", total, by), "double", width)
