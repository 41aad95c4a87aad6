"""HistGradientBoosting*: baseline, then the leaf value of one tree after the other; features compared in double.

    x -> (categories to codes) -> trees (double) -> leaf values -> Reshape [N, S, K] -> CumSum, Gather -1 -> raw -> link

A categorical column becomes the code that scikit-learn's own OrdinalEncoder gives it, unseen and missing values NaN
(sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py, `_preprocess_X`), and moves to the front as there;
a split on it is a BRANCH_MEMBER over the codes that go left. NaN goes where `missing_go_to_left` says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from skl2onnx.common.data_types import StringTensorType
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import BRANCH_LEQ, BRANCH_MEMBER, Tree, Width, write_leaf_values, write_sum
from isoship.sources.sklearn.converters.trees.features import features, join, numbers
from isoship.sources.sklearn.converters.trees.outputs import (
    Conversion,
    classifier,
    raw_scores_wanted,
    regressor,
    write_expit,
    write_label,
    write_softmax,
    write_two_columns,
)

_LINKS = ("IdentityLink", "LogLink", "LogitLink", "MultinomialLogit")


def conversions() -> list[Conversion]:
    return [
        classifier(HistGradientBoostingClassifier, convert_classifier),
        regressor(HistGradientBoostingRegressor, convert_regressor),
    ]


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    link = _link(operator.raw_operator)
    g.op("Exp" if link == "LogLink" else "Identity", _raw(g, operator), out=operator.outputs[0].full_name)


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    label, probabilities = (output.full_name for output in operator.outputs)
    one_score = _link(model) == "LogitLink"
    raw = _raw(g, operator)
    if one_score:
        number = g.cast(g.op("Greater", g.op("Squeeze", raw, np.array([1])), np.float64(0)), np.int64)
    else:
        number = g.op("ArgMax", raw, axis=1, keepdims=0)
    write_label(g, model, container, number, label)
    if raw_scores_wanted(model, container):
        g.op("Identity", raw, out=probabilities)
    elif one_score:
        write_two_columns(g, write_expit(g, raw), out=probabilities)
    else:
        g.op("Identity", write_softmax(g, raw), out=probabilities)


def _link(model: Any) -> str:
    name = type(model._loss.link).__name__
    if name not in _LINKS:
        raise UnsupportedModelError(
            f"{type(model).__name__}(loss={model.loss!r})", f"its link {name} is not known", "Use a built-in loss"
        )
    return name


def _raw(g: GraphBuilder, operator: Any) -> str:
    """The raw predictions, [N, K]."""
    model = operator.raw_operator
    stages, targets = len(model._predictors), model.n_trees_per_iteration_
    predictors = [predictor for stage in model._predictors for predictor in stage]
    tables = [predictor.nodes["value"][predictor.nodes["is_leaf"].astype(bool)] for predictor in predictors]
    for target, initial in enumerate(np.asarray(model._baseline_prediction).ravel()):
        tables[target] = initial + tables[target]
    x, width = _features(g, operator)
    trees = [_tree_of(predictor) for predictor in predictors]
    values = write_leaf_values(g, x, trees, np.concatenate(tables), "double", given=width)
    shaped = g.op("Reshape", values, np.array([-1, stages, targets], np.int64), seed="stages")
    return write_sum(g, shaped, stages)


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


def _features(g: GraphBuilder, operator: Any) -> tuple[str, Width]:
    """The matrix that the trees see: categorical columns as codes in front, then the numerical columns."""
    model = operator.raw_operator
    if model.is_categorical_ is None:
        return features(g, operator)
    categories = iter(model._preprocessor.named_transformers_["encoder"].categories_)
    codes, rest, first = [], [], 0
    for variable in operator.inputs:
        count = variable.type.shape[1]
        categorical = model.is_categorical_[first : first + count]
        codes += [_code(g, variable, int(index), next(categories), model) for index in np.flatnonzero(categorical)]
        if not categorical.all():
            numerical = numbers(g, variable, "double", model)
            rest.append(_columns(g, numerical, np.flatnonzero(~categorical), count))
        first += count
    joined = join(g, codes)
    missing = g.op("Less", joined, np.float64(0))
    return join(g, [g.op("Where", missing, np.float64(np.nan), joined, seed="codes"), *rest]), "double"


def _code(g: GraphBuilder, variable: Any, index: int, categories: Any, model: Any) -> str:
    """Adds the code of one categorical column, double [N, 1]: its place among the categories, else -1."""
    if isinstance(variable.type, StringTensorType):
        words = [(str(word), code) for code, word in enumerate(categories) if isinstance(word, str)]
        column = _columns(g, variable.full_name, np.array([index]), variable.type.shape[1])
        found = g.op(
            "LabelEncoder",
            column,
            ml=True,
            keys_strings=[word for word, _ in words],
            values_int64s=[code for _, code in words],
            default_int64=-1,
        )
        return g.cast(found, np.float64)
    values = np.array([np.nan if isinstance(value, str) or value is None else float(value) for value in categories])
    column = _columns(g, numbers(g, variable, "double", model), np.array([index]), variable.type.shape[1])
    place = g.op("Where", g.op("Equal", column, values), np.arange(len(values), dtype=np.float64), np.float64(-1))
    return g.op("ReduceMax", place, np.array([1], np.int64), keepdims=1)


def _columns(g: GraphBuilder, matrix: str, indices: np.ndarray[Any, Any], count: int) -> str:
    return matrix if len(indices) == count else g.op("Gather", matrix, indices.astype(np.int64), axis=1)
