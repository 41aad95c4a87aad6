"""Rows on the knots of a model: each knot itself and one ulp to either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def rows_at(x: Any, knots: Sequence[Any], most: int = 60) -> Any:
    """Copies of rows of x, each with one column at a knot of its own or beside it; about `most` knots a column."""
    rows = []
    for f, each in enumerate(knots):
        values = np.unique(np.asarray(each, np.float64))
        values = values[:: max(1, len(values) // most)]
        for value in (*values, *np.nextafter(values, np.inf), *np.nextafter(values, -np.inf)):
            rows.append(x[len(rows) % len(x)].copy())
            rows[-1][f] = value
    return np.array(rows)


def tree_knots(trees: Sequence[Any], features: int) -> list[Any]:
    """The thresholds of scikit-learn's trees for each feature."""
    feature = np.concatenate([tree.tree_.feature for tree in trees])
    threshold = np.concatenate([tree.tree_.threshold for tree in trees])
    return [threshold[feature == f] for f in range(features)]
