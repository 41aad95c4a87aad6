"""Converters of CatBoost's estimators.

frame -> features (`features.py`), float [N, K] -> leaf values (`isoship.onnx.trees`), double [N, T] or [N, T, D]
      -> sum from the first tree to the last -> Mul (scale) -> Add (bias) -> links (`links.py`)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from isoship.onnx import trees as onnx_trees
from isoship.sources.catboost import links
from isoship.sources.catboost.columns import column_count, column_names, hashes_integers
from isoship.sources.catboost.document import (
    Document,
    beyond_columns,
    document_of,
    loss_of,
    reads_more_than_columns,
)
from isoship.sources.catboost.features import Features
from isoship.sources.catboost.trees import trees_of
from isoship.sources.catboost.versions import newer_than_here
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, width_of
from isoship.sources.sklearn.walk.registry import Record, carries

_CATBOOST = Record(
    same_bits=False,
    jumps=True,
    column_names=column_names,
    column_count=column_count,
    hashes_integers=hashes_integers,
)


def _one_column(method: str, answer: np.ndarray[Any, Any], rows: int) -> np.ndarray[Any, Any]:
    """One label a row, which CatBoost returns as a column when there are three classes."""
    return answer[:, 0] if method == "predict" and answer.shape[1:] == (1,) else answer


@carries(
    "CatBoostClassifier",
    record=replace(_CATBOOST, tidy=_one_column),
)
def classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Labels and probabilities."""
    document = _document(c, model, frame)
    return links.classified(c, model, _raw(c, model, frame, document), loss_of(document))


@carries(
    "CatBoostRegressor",
    record=_CATBOOST,
)
def regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Values; several for several targets or quantiles."""
    return links.regressed(c, model, _raw(c, model, frame, _document(c, model, frame)))


@carries(
    "CatBoostRanker",
    record=_CATBOOST,
)
@carries(
    "CatBoost",
    record=replace(_CATBOOST, kinds=("value",)),
)
def raw_values(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Raw values, which is what these two predict by default."""
    return {"predict": (_raw(c, model, frame, _document(c, model, frame)),)}


def _document(c: Carrier, model: Any, frame: Frame) -> Document:
    what = reads_more_than_columns(model)
    if what:
        raise c.unsupported(model, *beyond_columns(what))
    newer = newer_than_here(model)
    if newer:
        raise c.unsupported(model, *newer)
    if model.tree_count_ == 0:
        raise c.unsupported(model, "it holds no trees", "Train it for at least one iteration")
    if width_of(frame) < len(model.feature_names_):
        raise c.unsupported(
            model,
            f"it was trained on {len(model.feature_names_)} columns and is given {width_of(frame)}",
            "Give it the columns it was trained on",
        )
    return document_of(model)


def _raw(c: Carrier, model: Any, frame: Frame, document: Document) -> Block:
    """The raw values, double [N] or [N, D]."""
    x, splits = Features(c, model, frame, document).write()
    trees, table = trees_of(document, splits)
    values = onnx_trees.write_leaf_values(c.g, x, trees, table, "float", given="float")
    total = onnx_trees.write_sum(c.g, values, len(trees))
    scale, bias = document["scale_and_bias"]
    bias = np.atleast_1d(np.asarray(bias, np.float64))
    width = None if table.ndim == 1 else table.shape[1]
    shape = (1,) if width is None else (1, width)
    if scale != 1:
        total = c.g.op("Mul", total, np.full(shape, float(scale)))
    return Block(c.g.op("Add", total, np.broadcast_to(bias, shape).copy()), "double", width)
