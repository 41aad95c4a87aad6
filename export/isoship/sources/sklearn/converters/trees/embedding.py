"""RandomTreesEmbedding: one column for each leaf of each tree, 1 where the row is in it.

x -> trees (float32) -> leaf numbers [N, T] -> Gather (the tree of each column) [N, M] -> Equal (its leaf) -> Cast
"""

from __future__ import annotations

from typing import Any

import numpy as np
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.ensemble import RandomTreesEmbedding

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import write_leaf_numbers
from isoship.sources.sklearn.converters.trees.exact import leaves_of, tree_of
from isoship.sources.sklearn.converters.trees.features import features
from isoship.sources.sklearn.converters.trees.outputs import Conversion


def conversions() -> list[Conversion]:
    return [Conversion(RandomTreesEmbedding, convert, _shapes, _parse)]


def _parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    operator = scope.declare_local_operator("IsoshipRandomTreesEmbedding", model)
    operator.inputs = inputs
    operator.outputs.append(scope.declare_local_variable("variable", DoubleTensorType()))
    return operator.outputs


def _shapes(operator: Any) -> None:
    columns = sum(len(leaves) for leaves in operator.raw_operator.one_hot_encoder_.categories_)
    operator.outputs[0].set_type(DoubleTensorType([operator.inputs[0].get_first_dimension(), columns]))


def convert(scope: Any, operator: Any, container: Any) -> None:
    g = GraphBuilder.inside(scope, container)
    model = operator.raw_operator
    x, width = features(g, operator)
    numbers = write_leaf_numbers(g, x, [tree_of(tree) for tree in model.estimators_], "float", given=width)
    tree_of_column, leaf_of_column = [], []
    # the encoder's categories are scikit-learn's node numbers of the leaves that training rows reached
    for i, (tree, reached) in enumerate(zip(model.estimators_, model.one_hot_encoder_.categories_, strict=True)):
        tree_of_column += [i] * len(reached)
        leaf_of_column += np.searchsorted(leaves_of(tree), reached).tolist()
    mine = g.op("Gather", numbers, np.array(tree_of_column, np.int64), axis=1)
    inside = g.op("Equal", mine, np.array(leaf_of_column, np.int64))
    g.cast(inside, np.float64, out=operator.outputs[0].full_name)
