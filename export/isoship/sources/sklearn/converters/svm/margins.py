"""Where rounding decides between two classes of a kernel machine, and where its score is rounding error."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.truth.rounding import EPS, TOLERANCE
from isoship.sources.sklearn.truth.votes import best_gap

Array = np.ndarray[Any, Any]


def of_pairs(estimator: Any, x: Any) -> Array:
    """The least decision of any pair of classes, and with break_ties the gap of the two best classes."""
    pairs = np.asarray(estimator._decision_function(x))
    found: Array = np.abs(pairs.reshape(len(pairs), -1)).min(axis=1)
    if estimator.break_ties and len(estimator.classes_) > 2:
        found = np.minimum(found, best_gap(np.asarray(estimator.decision_function(x))))
    return found


def products_lost(machine: Any, x: Array, outputs: frozenset[str] | None) -> Array | None:
    """See `Record.lost`. libsvm multiplies with every support vector, and sums; overflowing terms make the sum NaN."""
    if machine.kernel != "linear":
        return None
    vectors = machine.support_vectors_
    vectors = np.asarray(vectors.toarray() if hasattr(vectors, "toarray") else vectors, np.float64)
    dual = machine._dual_coef_
    dual = np.asarray(dual.toarray() if hasattr(dual, "toarray") else dual, np.float64)
    size = np.maximum(np.abs(x).max(axis=1), 1e-300)[:, None]
    each = np.abs(x / size) @ np.abs(vectors).T
    terms = np.sqrt(each**2 @ (dual**2).T) * size
    value = np.abs(x @ (dual @ vectors).T)
    whole = np.isfinite(each * size).all(axis=1, keepdims=True) & np.isfinite((each @ np.abs(dual).T) * size)
    # finite terms alone: an infinite bound is within the tolerance of an infinite value
    return np.asarray(~(whole & (4.0 * EPS * terms <= TOLERANCE * (1.0 + value))).all(axis=1))
