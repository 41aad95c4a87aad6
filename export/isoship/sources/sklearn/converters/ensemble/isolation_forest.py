"""IsolationForest: depths of the leaves summed over the trees, then 2 to the minus mean relative depth.

    x -> trees (float32, features renumbered) -> depths [N, T] -> CumSum, Gather -1 -> Div -> 2 ** -d -> score_samples
      -> Sub (offset_) -> scores -> label: -1 where negative, else 1

sklearn/ensemble/_iforest.py, `_compute_score_samples`: a leaf's depth is `(path length + average path length) - 1`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.trees import write_leaf_values, write_sum
from isoship.sources.sklearn.converters.tree import features, leaves_of, trees_of
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("IsolationForest", record=Record(same_bits=False, jumps=True))
def isolation_forest(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Scores, and -1 where they are negative."""
    from sklearn.ensemble._iforest import _average_path_length

    g = c.g
    tables = []
    for i, tree in enumerate(model.estimators_):
        leaves = leaves_of(tree)
        tables.append(model._decision_path_lengths[i][leaves] + model._average_path_length_per_tree[i][leaves] - 1.0)
    x, width = features(c, model, frame)
    values = write_leaf_values(g, x, trees_of(model), np.concatenate(tables), "float", given=width)
    depth = g.op("Unsqueeze", write_sum(g, values, len(tables)), np.array([1], np.int64), seed="depth")
    most = len(tables) * float(_average_path_length([model._max_samples])[0])
    # trained on a single row there is no depth to relate to: scikit-learn then takes 1
    relative = (
        g.op("Div", depth, np.float64(most)) if most else g.op("Add", g.op("Mul", depth, np.float64(0)), np.float64(1))
    )
    samples = g.op("Neg", g.op("Pow", np.float64(2), g.op("Neg", relative)), seed="score_samples")
    scores = g.op("Sub", samples, np.float64(model.offset_), seed="scores")
    negative = g.op("Squeeze", g.op("Less", scores, np.float64(0)), np.array([1], np.int64))
    label = g.op("Where", negative, np.int64(-1), np.int64(1), seed="label")
    return {
        "predict": (Block(label, "int64", None),),
        "decision_function": (Block(scores, "double", 1),),
        "score_samples": (Block(samples, "double", 1),),
    }
