"""RandomTreesEmbedding: one column for each leaf of each tree, 1 where the row is in it.

x -> trees (float32) -> leaf numbers [N, T] -> Gather (the tree of each column) [N, M] -> Equal (its leaf) -> Cast
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.trees import write_leaf_numbers
from isoship.sources.sklearn.converters.tree import features, leaves_of, tree_of
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("RandomTreesEmbedding", record=Record(same_bits=True, jumps=True, settles=True))
def random_trees_embedding(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The leaves that training rows reached, as columns."""
    x, width = features(c, model, frame)
    numbers = write_leaf_numbers(c.g, x, [tree_of(tree) for tree in model.estimators_], "float", given=width)
    tree_of_column: list[int] = []
    leaf_of_column: list[int] = []
    # the encoder's categories are scikit-learn's node numbers of the leaves that training rows reached
    for i, (tree, reached) in enumerate(zip(model.estimators_, model.one_hot_encoder_.categories_, strict=True)):
        tree_of_column += [i] * len(reached)
        leaf_of_column += np.searchsorted(leaves_of(tree), reached).tolist()
    mine = c.g.op("Gather", numbers, np.array(tree_of_column, np.int64), axis=1)
    inside = c.g.op("Equal", mine, np.array(leaf_of_column, np.int64))
    return {"transform": (Block(c.g.cast(inside, np.float64), "double", len(leaf_of_column)),)}
