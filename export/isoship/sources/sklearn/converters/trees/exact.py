"""Reads `sklearn.tree._tree.Tree`, the structure behind every exact tree of scikit-learn.

Features are cast to float32, thresholds are double: `float32(x) <= threshold` goes left (sklearn/tree/_tree.pyx,
`_apply_dense`), and a missing value goes left where `missing_go_to_left` says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.trees import FloatArray, Tree

_NO_CHILD = -1


def tree_of(estimator: Any, features: np.ndarray[Any, Any] | None = None) -> Tree:
    """The routing of a fitted DecisionTree* or ExtraTree*. features: which columns of X it was given, None for all."""
    fitted = estimator.tree_
    interior = fitted.children_left != _NO_CHILD
    number = np.where(interior, np.cumsum(interior) - 1, -np.cumsum(~interior))
    feature = fitted.feature[interior].astype(np.int64)
    return Tree(
        feature=feature if features is None else features[feature],
        threshold=fitted.threshold[interior].astype(np.float64),
        on_true=number[fitted.children_left[interior]],
        on_false=number[fitted.children_right[interior]],
        nan_true=fitted.missing_go_to_left[interior].astype(bool),
        leaves=int((~interior).sum()),
    )


def leaves_of(estimator: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """scikit-learn's node numbers of the leaves, in the order in which `tree_of` numbers them."""
    return np.flatnonzero(estimator.tree_.children_left == _NO_CHILD)


def leaf_values(estimator: Any) -> FloatArray:
    """`tree_.value` of the leaves: [L, outputs, classes], classes 1 for a regressor."""
    values: FloatArray = estimator.tree_.value[leaves_of(estimator)].astype(np.float64)
    return values
