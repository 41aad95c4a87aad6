"""Several classes by binary classifiers: a vote of every pair of classes, and the nearest code word.

OneVsOneClassifier     predictions [N, P] -> Gather (pairs of each class) -> Equal -> ReduceSum = votes [N, C]
                       scores [N, P] -> Gather -> Mul (sign) -> CumSum, Gather -1 = s -> s / (3 (|s| + 1)) -> Add
OutputCodeClassifier   scores [N, B] -> |score|^2 + MatMul (-2 code_book_.T) + |code|^2 -> ArgMin -> Gather (classes)
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row, take
from isoship.sources.sklearn.walk.inside import every_estimator
from isoship.sources.sklearn.walk.members import answer, binary_score, column, constant
from isoship.sources.sklearn.walk.registry import Record, carries


@carries(
    "OneVsOneClassifier",
    record=Record(
        same_bits=False,
        jumps=False,
        members=every_estimator,
        looks_itself=True,
        margin=votes.of_one_vs_one,
        numbers_jump=True,
    ),
)
def one_vs_one(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Votes of the pairs, ties broken by their confidence (`sklearn.utils.multiclass._ovr_decision_function`)."""
    if model.pairwise_indices_ is not None:
        raise c.unsupported(model, "it is given kernel matrices, not rows", "Train it on rows, with a kernel by name")
    x = (c.doubles(frame, model),)
    predictions, confidences = [], []
    for i, member in enumerate(model.estimators_):
        with c.at(f"estimators_[{i}]"):
            predictions.append(c.doubles((column(c, answer(c, member, x, "predict")),), member))
            confidences.append(binary_score(c, member, x))
    classes = len(model.classes_)
    scores = _pairwise(c, join(c.g, predictions).name, join(c.g, confidences).name, classes)
    if classes > 2:
        number = links.highest(c.g, scores)
        raw = Block(scores, "double", classes)
    else:
        raw = take(c.g, (Block(scores, "double", 2),), [1])[0]
        first = model.estimators_[0]
        number = links.above(c.g, raw.name, 0.0 if _has_scores(first) else 0.5)
    return {"decision_function": (raw,), "predict": (links.label(c.g, model.classes_, number),)}


@carries(
    "OutputCodeClassifier",
    record=Record(same_bits=False, jumps=False, members=every_estimator, margin=votes.of_code_words),
)
def output_code(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The class whose code word is nearest to the members' scores, the first of equal words."""
    odd = [member for member in model.estimators_ if not _has_scores(member)]
    if odd:
        raise c.unsupported(
            model,
            f"{type(odd[0]).__name__} has no decision_function, and code words are often equally near to probabilities:"
            " rounding alone then decides in scikit-learn",
            "Use members with a decision_function, such as LogisticRegression or LinearSVC",
        )
    scores = []
    for i, member in enumerate(model.estimators_):
        with c.at(f"estimators_[{i}]"):
            scores.append(binary_score(c, member, frame))
    book = np.asarray(model.code_book_, np.float64)
    kept = np.sort(np.unique(book, axis=0, return_index=True)[1])  # of equal words the first is found
    said = join(c.g, scores).name
    own = c.g.op("ReduceSum", c.g.op("Mul", said, said), np.array([1]), keepdims=1)
    product = c.g.op("MatMul", said, np.ascontiguousarray(-2.0 * book[kept].T))
    # |score|^2 is the same for every word, but scikit-learn adds it, and in its rounding near words become equal
    distance = c.g.op("Add", c.g.op("Add", own, product), row((book[kept] ** 2).sum(axis=1)))
    number = c.g.op("ArgMin", distance, axis=1, keepdims=0)
    return {"predict": (links.label(c.g, np.asarray(model.classes_)[kept], number),)}


@carries("_ConstantPredictor", record=Record(same_bits=False, jumps=False, label="lookup"))
def constant_predictor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """What stands in where a binary problem had one class: that class, as label, score and probability."""
    value = np.ravel(model.y_).astype(np.float64)
    one = Block(constant(c, model, frame, value), "double", 1)
    both = Block(constant(c, model, frame, [1 - value[0], value[0]]), "double", 2)
    return {"predict": (one,), "decision_function": (one,), "predict_proba": (both,)}


def _has_scores(member: Any) -> bool:
    from sklearn.base import is_classifier

    return hasattr(member, "decision_function") and (
        is_classifier(member) or type(member).__name__ == "_ConstantPredictor"
    )


def _pairwise(c: Carrier, predictions: str, confidences: str, classes: int) -> str:
    """Votes plus confidence, double [N, C]. scikit-learn adds the confidences pair by pair, and so does CumSum."""
    pairs = list(combinations(range(classes), 2))
    mine = [[k for k, pair in enumerate(pairs) if cls in pair] for cls in range(classes)]
    second = np.array([[float(pairs[k][1] == cls) for k in mine[cls]] for cls in range(classes)])
    each, shape = np.array(mine, np.int64).ravel(), np.array([-1, classes, classes - 1])
    won = c.g.op("Equal", c.g.op("Gather", predictions, each, axis=1), row(second))
    won = c.g.op("Reshape", c.g.cast(won, np.float64), shape)
    votes = c.g.op("ReduceSum", won, np.array([2]), keepdims=0)
    signed = c.g.op("Mul", c.g.op("Gather", confidences, each, axis=1), row(2 * second - 1))
    total = c.g.op("Reshape", signed, shape)
    if classes > 2:
        total = c.g.op("CumSum", total, np.int64(2))
    total = c.g.op("Gather", total, np.int64(-1), axis=2)
    scale = c.g.op("Mul", c.g.op("Add", c.g.op("Abs", total), np.float64(1)), row(np.full(classes, 3.0)))
    return c.g.op("Add", votes, c.g.op("Div", total, scale))


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
                scores.append(column(c, parts["decision_function"]))
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
