"""Where rounding decides which training rows are neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def of_neighbors(estimator: Any, x: Any) -> Array:
    """The gap between the last neighbour that counts and the first that does not, against the size of the row."""
    count = getattr(estimator, "n_neighbors_", estimator.n_neighbors)
    if count >= estimator.n_samples_fit_:
        return np.full(len(np.asarray(x)), np.inf)
    distance = estimator.kneighbors(x, n_neighbors=count + 1)[0]
    last, next_one = distance[:, -2], distance[:, -1]
    if estimator.effective_metric_ != "euclidean":
        return np.asarray((next_one - last) / (next_one if estimator.effective_metric_ != "cosine" else 1.0))
    size = next_one**2
    if estimator._fit_method == "brute":
        size = size + (np.asarray(x) ** 2).sum(axis=1) + _largest_square(estimator)
    return np.asarray((next_one**2 - last**2) / size)


def of_radius(estimator: Any, x: Any) -> Array:
    """How far the nearest training row is from the radius, either side."""
    distance = _all(estimator, x)
    size = 1.0
    if estimator._fit_method == "brute" and estimator.effective_metric_ == "euclidean":
        squares = (np.asarray(x) ** 2).sum(axis=1) + _largest_square(estimator)
        size = squares / estimator.radius**2
    return np.asarray(np.abs(distance / estimator.radius - 1.0).min(axis=1) / size)


def _largest_square(estimator: Any) -> float:
    """The largest |row|^2 of training, where the rows may be a sparse matrix."""
    rows = estimator._fit_X
    rows = rows.toarray() if hasattr(rows, "toarray") else rows
    return float((rows**2).sum(axis=1).max())


def _all(estimator: Any, x: Any) -> Any:
    """Distances to every training row, [N, S]."""
    from sklearn.metrics import pairwise_distances

    return pairwise_distances(
        np.asarray(x), estimator._fit_X, metric=estimator.effective_metric_, **estimator.effective_metric_params_
    )
