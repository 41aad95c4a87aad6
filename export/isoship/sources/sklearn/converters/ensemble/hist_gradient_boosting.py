"""HistGradientBoosting*: baseline, then the leaf value of one tree after the other; features compared in double.

    x -> (categories to codes) -> trees (double) -> leaf values -> Reshape [N, S, K] -> CumSum, Gather -1 -> raw -> link

A categorical column becomes the code that scikit-learn's own OrdinalEncoder gives it, unseen and missing values NaN
(sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py, `_preprocess_X`), and moves to the front as there;
a split on it is a BRANCH_MEMBER over the codes that go left. NaN goes where `missing_go_to_left` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.onnx.trees import BRANCH_LEQ, BRANCH_MEMBER, Tree, write_leaf_values, write_sum
from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, take
from isoship.sources.sklearn.walk.inside import Member
from isoship.sources.sklearn.walk.registry import Record, carries

_LINKS = ("IdentityLink", "LogLink", "LogitLink", "MultinomialLogit")


def _preprocessed(model: Any) -> Iterator[Member]:
    """What makes columns of numbers of categories."""
    if getattr(model, "_preprocessor", None) is not None:
        yield Member("_preprocessor", model._preprocessor, prepares=True)


_RECORD = Record(same_bits=False, jumps=True, members=_preprocessed, looks_itself=True)


@carries("HistGradientBoostingRegressor", record=_RECORD)
def hist_gradient_boosting_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The raw predictions, or e to their power where the loss has a logarithm as its link."""
    link, raw = _link(c, model), _raw(c, model, frame)
    return {"predict": (Block(c.g.op("Exp", raw.name), "double", raw.width) if link == "LogLink" else raw,)}


@carries("HistGradientBoostingClassifier", record=_RECORD)
def hist_gradient_boosting_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Labels from the raw predictions, probabilities by expit or softmax of them."""
    link, raw = _link(c, model), _raw(c, model, frame)
    if link == "LogitLink":
        number = links.above(c.g, raw.name)
        probabilities = links.two_columns(c.g, links.expit(c.g, raw.name))
    else:
        number = links.highest(c.g, raw.name)
        probabilities = Block(links.softmax(c.g, raw.name), "double", raw.width)
    return {
        "predict": (links.label(c.g, model.classes_, number),),
        "predict_proba": (probabilities,),
        "decision_function": (raw,),
    }


def _link(c: Carrier, model: Any) -> str:
    name = type(model._loss.link).__name__
    if name not in _LINKS:
        raise c.unsupported(model, f"its link {name} is not known", "Use a built-in loss")
    return name


def _raw(c: Carrier, model: Any, frame: Frame) -> Block:
    """The raw predictions, double [N, K]."""
    g = c.g
    stages, targets = len(model._predictors), model.n_trees_per_iteration_
    predictors = [predictor for stage in model._predictors for predictor in stage]
    tables = [predictor.nodes["value"][predictor.nodes["is_leaf"].astype(bool)] for predictor in predictors]
    for target, initial in enumerate(np.asarray(model._baseline_prediction).ravel()):
        tables[target] = initial + tables[target]
    x = _features(c, model, frame)
    trees = [_tree_of(predictor) for predictor in predictors]
    values = write_leaf_values(g, x, trees, np.concatenate(tables), "double", given="double")
    shaped = g.op("Reshape", values, np.array([-1, stages, targets], np.int64), seed="stages")
    return Block(write_sum(g, shaped, stages), "double", targets)


def _tree_of(predictor: Any) -> Tree:
    nodes = predictor.nodes
    interior = ~nodes["is_leaf"].astype(bool)
    number = np.where(interior, np.cumsum(interior) - 1, -np.cumsum(~interior))
    split = nodes[interior]
    categorical = split["is_categorical"].astype(bool)
    return Tree(
        feature=split["feature_idx"].astype(np.int64),
        threshold=split["num_threshold"].astype(np.float64),
        on_true=number[split["left"]],
        on_false=number[split["right"]],
        nan_true=split["missing_go_to_left"].astype(bool),
        leaves=int((~interior).sum()),
        mode=np.where(categorical, BRANCH_MEMBER, BRANCH_LEQ).astype(np.uint8),
        members={
            int(node): _members(predictor.raw_left_cat_bitsets[split["bitset_idx"][node]])
            for node in np.flatnonzero(categorical)
        },
    )


def _members(bitset: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """The codes in a set of eight 32-bit words."""
    return tuple(code for code in range(256) if int(bitset[code // 32]) >> (code % 32) & 1)


def _features(c: Carrier, model: Any, frame: Frame) -> str:
    """The matrix that the trees see, double [N, F]: categorical columns as codes in front, then the other columns."""
    g = c.g
    if model.is_categorical_ is None:
        return c.numbers(frame, model).name
    encoder = model._preprocessor.named_transformers_["encoder"]
    places = np.flatnonzero(model.is_categorical_).tolist()
    codes = join(
        g,
        [
            Block(_code(c, model, take(g, frame, [place])[0], categories), "double", 1)
            for place, categories in zip(places, encoder.categories_, strict=True)
        ],
    )
    missing = g.op("Less", codes.name, np.float64(0))
    known = Block(g.op("Where", missing, np.float64(np.nan), codes.name, seed="codes"), "double", codes.width)
    others = take(g, frame, np.flatnonzero(~model.is_categorical_).tolist())
    return c.numbers((known, *others), model).name


def _code(c: Carrier, model: Any, column: Block, categories: Any) -> str:
    """Adds the code of one categorical column, double [N, 1]: its place among the categories, else -1."""
    g = c.g
    if column.dtype == "string":
        words = [(str(word), code) for code, word in enumerate(categories) if isinstance(word, str)]
        found = g.op(
            "LabelEncoder",
            column.name,
            ml=True,
            keys_strings=[word for word, _ in words],
            values_int64s=[code for _, code in words],
            default_int64=-1,
        )
        return g.cast(found, np.float64)
    values = np.array([np.nan if isinstance(value, str) or value is None else float(value) for value in categories])
    known = g.op("Equal", c.numbers((column,), model).name, values)
    place = g.op("Where", known, np.arange(len(values), dtype=np.float64), np.float64(-1))
    return g.op("ReduceMax", place, np.array([1], np.int64), keepdims=1)
