"""IsolationForest: depths of the leaves summed over the trees, then 2 to the minus mean relative depth.

    x -> trees (float32, features renumbered) -> depths [N, T] -> CumSum, Gather -1 -> Div -> 2 ** -d -> score_samples
      -> Sub (offset_) -> scores -> label: -1 where negative, else 1

sklearn/ensemble/_iforest.py, `_compute_score_samples`: a leaf's depth is `(path length + average path length) - 1`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import write_leaf_values, write_sum
from isoship.sources.sklearn.converters.trees.exact import leaves_of, tree_of
from isoship.sources.sklearn.converters.trees.features import columns_of, features
from isoship.sources.sklearn.converters.trees.outputs import Conversion


def conversions() -> list[Conversion]:
    return [Conversion(IsolationForest, convert, _shapes)]


def _shapes(operator: Any) -> None:
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].set_type(Int64TensorType([rows]))
    for output in operator.outputs[1:]:
        output.set_type(DoubleTensorType([rows, 1]))


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Outputs label [N], scores (decision_function) [N, 1] and, with option score_samples, these, [N, 1]."""
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    trees, tables = [], []
    for i, (tree, subset) in enumerate(zip(model.estimators_, model.estimators_features_, strict=True)):
        leaves = leaves_of(tree)
        trees.append(tree_of(tree, columns_of(subset, model.n_features_in_)))
        tables.append(model._decision_path_lengths[i][leaves] + model._average_path_length_per_tree[i][leaves] - 1.0)
    x, width = features(g, operator)
    values = write_leaf_values(g, x, trees, np.concatenate(tables), "float", given=width)
    depth = g.op("Unsqueeze", write_sum(g, values, len(trees)), np.array([1], np.int64), seed="depth")
    most = len(trees) * float(_average_path_length([model._max_samples])[0])
    # trained on a single row there is no depth to relate to: scikit-learn then takes 1
    relative = (
        g.op("Div", depth, np.float64(most)) if most else g.op("Add", g.op("Mul", depth, np.float64(0)), np.float64(1))
    )
    samples = g.op("Neg", g.op("Pow", np.float64(2), g.op("Neg", relative)), seed="score_samples")
    scores = g.op("Sub", samples, np.float64(model.offset_), out=operator.outputs[1].full_name)
    negative = g.op("Squeeze", g.op("Less", scores, np.float64(0)), np.array([1], np.int64))
    g.op("Where", negative, np.int64(-1), np.int64(1), out=operator.outputs[0].full_name)
    if len(operator.outputs) > 2:
        g.op("Identity", samples, out=operator.outputs[2].full_name)
