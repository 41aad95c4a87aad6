"""Chains: one estimator a target, each seeing the rows and what those before it said.

x -> estimators_[0] -> Concat (x, its answer) -> estimators_[1] -> ... -> Gather (targets in their own order)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, take
from isoship.sources.sklearn.walk.inside import every_estimator, links_of_chain
from isoship.sources.sklearn.walk.members import answer, column
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("RegressorChain", record=Record(same_bits=False, jumps=False, members=links_of_chain, looks_itself=True))
def regressor_chain(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The targets' values side by side."""
    return _chain(c, model, frame, ("predict",))


@carries(
    "ClassifierChain",
    record=Record(
        same_bits=False,
        jumps=False,
        members=links_of_chain,
        looks_itself=True,
        margin=votes.of_chain,
        numbers_jump=True,
    ),
)
def classifier_chain(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Labels as numbers, the probability of each target's second class, and scores."""
    return _chain(c, model, frame, ("predict", "predict_proba", "decision_function"))


def _chain(c: Carrier, model: Any, frame: Frame, methods: tuple[str, ...]) -> Parts:
    passed_on = getattr(model, "chain_method_", "predict")
    if passed_on == "predict_log_proba":
        raise c.unsupported(
            model,
            "chain_method='predict_log_proba' passes on -inf where a member is certain, and scikit-learn refuses it",
            "Use chain_method='predict_proba' or 'decision_function' and train again",
        )
    seen = c.doubles(frame, model)
    answers: dict[str, list[Block]] = {method: [] for method in methods}
    for i, member in enumerate(model.estimators_):
        with c.at(f"estimators_[{i}]"):
            parts = c.carry(member, (seen,))
            for method in methods:
                if method in parts and hasattr(member, method):
                    answers[method].append(_one(c, member, parts[method], method))
            if passed_on not in parts:
                raise c.unsupported(
                    member,
                    f"isoship has no conversion of its {passed_on}",
                    "Use chain_method='predict' or another member",
                )
            said = _one(c, member, parts[passed_on], passed_on)
        seen = join(c.g, [seen, said])
    back = np.argsort(np.asarray(model.order_))
    count = len(model.estimators_)
    return {method: take(c.g, (join(c.g, blocks),), back) for method, blocks in answers.items() if len(blocks) == count}


def _one(c: Carrier, member: Any, part: Frame, method: str) -> Block:
    """A member's answer as one column of doubles."""
    if part[0].dtype == "string":
        raise c.unsupported(member, "its labels are strings, which no chain passes on", "Give targets as numbers")
    if method == "predict_proba":
        part = take(c.g, part, [(part[0].width or 0) - 1])
    return c.doubles((column(c, part),), member)


@carries("MultiOutputRegressor", record=Record(same_bits=False, jumps=False, members=every_estimator))
def multi_output_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """One regressor a target, side by side."""
    parts = [(f"estimators_[{i}]", member) for i, member in enumerate(model.estimators_)]
    columns = []
    for name, member in parts:
        with c.at(name):
            columns.append(column(c, answer(c, member, frame, "predict")))
    return {"predict": (join(c.g, columns),)}


@carries("MultiOutputClassifier", record=Record(same_bits=False, jumps=False, members=every_estimator))
def multi_output_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """One classifier a target: labels side by side, probabilities apart."""
    result: Parts = {}
    labels = []
    for i, member in enumerate(model.estimators_):
        with c.at(f"estimators_[{i}]"):
            parts = c.carry(member, frame)
        labels.append(column(c, parts["predict"]))
        if "predict_proba" in parts:
            result[f"predict_proba_{i}"] = parts["predict_proba"]
    if len({block.dtype for block in labels}) > 1:
        raise c.unsupported(model, "its targets have labels of different types", "Give all targets one type")
    return {**result, "predict": (join(c.g, labels),)}
