"""Raw scores of an XGBoost model: float32 sums that begin with the base score, in XGBoost's own order.

XGBoost calls them margins (`output_margin`). Here a margin is the gap between the two best scores (docs/glossary.md).

gbtree    leaf values [N, S, K] -> CumSum, Gather -1; the first of each output's trees carries the base score
dart      the same, each leaf already times its tree's weight
gblinear  x * w [N, F, K] -> CumSum, Gather -1; the first term carries bias and base score
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import Tree, write_leaf_values, write_sum
from isoship.sources.xgboost.model import Model

Array = np.ndarray[Any, Any]


def write_raw_scores(g: GraphBuilder, x: str, model: Model, *, inplace: bool) -> str:
    """Adds the raw scores, float [N] for one output, else [N, K], from the features x, float [N, F].

    inplace: how XGBoost is asked: `inplace_predict`, which scikit-learn's interface uses, or `predict` with a DMatrix.
    They differ for dart, whose inplace form adds the base score to every tree and takes it away again.
    """
    if model.coefficients is not None:
        return _linear(g, x, model)
    values = [_weighted(model, place, inplace=inplace) for place in range(len(model.trees))]
    if model.vector:
        values[0] = model.base + values[0]
        leaves = write_leaf_values(g, x, model.trees, np.concatenate(values), "float", given="float")
        return write_sum(g, leaves, len(model.trees))
    trees, tables = _in_stages(model, values)
    leaves = write_leaf_values(g, x, trees, np.concatenate(tables), "float", given="float")
    stages = len(trees) // model.outputs
    if model.outputs > 1:
        leaves = g.op("Reshape", leaves, np.array([-1, stages, model.outputs], np.int64), seed="stages")
    return write_sum(g, leaves, stages)


def _weighted(model: Model, place: int, *, inplace: bool) -> Array:
    """What a tree's leaves add, float32."""
    values: Array = model.values[place]
    if model.drop is None:
        return values
    if inplace:
        base = model.base[model.groups[place]]
        values = (values + base) - base
    weighted: Array = values * model.drop[place]
    return weighted


def _in_stages(model: Model, values: list[Array]) -> tuple[list[Tree], list[Array]]:
    """Trees and their values so that tree s * K + k is the s-th of output k; where an output has fewer, -0.0 is added,
    which changes no float."""
    by_output: list[list[int]] = [[] for _ in range(model.outputs)]
    for place, group in enumerate(model.groups):
        by_output[group].append(place)
    trees: list[Tree] = []
    tables: list[Array] = []
    for stage in range(max(map(len, by_output))):
        for output, places in enumerate(by_output):
            there = stage < len(places)
            trees.append(model.trees[places[stage]] if there else _nothing())
            table = values[places[stage]] if there else np.full(1, -0.0, np.float32)
            tables.append(model.base[output] + table if stage == 0 else table)
    return trees, tables


def _nothing() -> Tree:
    none = np.zeros(0, np.int64)
    return Tree(none, np.zeros(0), none, none, np.zeros(0, bool), leaves=1)


def _linear(g: GraphBuilder, x: str, model: Model) -> str:
    """Missing features add nothing. Every output starts from the first base score (`PredictBatchInternal` in
    XGBoost's `src/gbm/gblinear.cc`)."""
    assert model.coefficients is not None
    weights, bias = model.coefficients[:-1], model.coefficients[-1]
    x = g.op("Where", g.op("IsNaN", x), np.float32(0), x)
    starts = np.full(weights.shape, -0.0, np.float32)
    starts[0] = bias + model.base[0]
    if model.outputs == 1:
        terms = g.op("Mul", x, weights[:, 0])
        starts = starts[:, 0]
    else:
        terms = g.op("Mul", g.op("Unsqueeze", x, np.array([2])), weights)
    return write_sum(g, g.op("Add", terms, starts), len(weights))
