"""Where rounding decides between two centres, and where a distance to one is rounding error.

Margins are relative to the size of row and points: scikit-learn's own squared distances carry an error of that size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.truth.rounding import (
    TOLERANCE,
    distance_noise,
    shares_lost,
    square_noise,
    squared_distances,
)
from isoship.sources.sklearn.truth.votes import best_gap

Array = np.ndarray[Any, Any]


def of_centres(estimator: Any, x: Any) -> Array:
    """The gap between the two nearest centres."""
    centres = estimator.cluster_centers_
    return _of_points(x, centres, np.arange(len(centres)))


def of_subclusters(estimator: Any, x: Any) -> Array:
    """The gap between the nearest subcluster and the nearest with another label."""
    return _of_points(x, estimator.subcluster_centers_, estimator.subcluster_labels_)


def of_centroids(estimator: Any, x: Any) -> Array:
    """The gap between the two best centroids, with priors and without."""
    deviation = estimator.within_class_std_dev_
    scale = np.where(deviation != 0, deviation, 1.0)
    if estimator.metric == "manhattan":
        sums = np.abs(np.asarray(x, np.float64)[:, None, :] - estimator.centroids_[None]).sum(axis=2)
        return np.asarray(best_gap(-sums) / (1.0 + np.abs(x).sum(axis=1)))
    squared, size = _squared(np.asarray(x) / scale, estimator.centroids_ / scale)
    weighted = np.asarray(best_gap(2 * np.log(estimator.class_prior_) - squared) / size)
    plain = _of_points(x, estimator.centroids_, np.arange(len(estimator.centroids_)))
    return np.asarray(np.minimum(weighted, plain))


def of_squares(estimator: Any, x: Any) -> Array:
    """0 where the two nearest centres are so near to each other that the rounding of the squares decides, else inf.

    The distances themselves may be 1e-8 apart there, the root of what a square of 1 leaves.
    """
    squared, size = _squared(x, estimator.cluster_centers_)
    return np.where(best_gap(-squared) <= 2.0 * square_noise(size, np.shape(x)[1]), 0.0, np.inf)


def of_bisections(estimator: Any, x: Any) -> Array:
    """The least gap between the two centres of any bisection on the way."""
    x = np.asarray(x, np.float64)
    found = np.full(len(x), np.inf)
    _down(estimator, estimator._bisecting_tree, x, np.arange(len(found)), found)
    return found


def distances_lost(estimator: Any, x: Array, outputs: frozenset[str] | None) -> Array | None:
    """See `Record.lost`: rows of which a distance to a centre is rounding error."""
    if outputs is not None and "transformed" not in outputs:
        return None
    squared, size = squared_distances(x, np.asarray(estimator.cluster_centers_, np.float64))
    noise = distance_noise(squared, size, x.shape[1])
    return np.asarray(~(noise <= TOLERANCE * (1.0 + np.sqrt(squared))).all(axis=1))


def centroid_shares_lost(estimator: Any, x: Array, outputs: frozenset[str] | None) -> Array | None:
    """See `Record.lost`: rows of which the share of a centroid is rounding error."""
    if outputs is not None and "probabilities" not in outputs:
        return None
    deviation = np.asarray(estimator.within_class_std_dev_, np.float64)
    scale = np.where(deviation != 0, deviation, 1.0)
    squared, size = squared_distances(x / scale, np.asarray(estimator.centroids_, np.float64) / scale)
    return shares_lost(2.0 * np.log(estimator.class_prior_) - squared, square_noise(size, x.shape[1]))


def _of_points(x: Any, points: Any, labels: Any) -> Array:
    """The gap between the nearest point and the nearest with another label, against the size of row and points."""
    squared, size = _squared(x, points)
    labels = np.asarray(labels)
    nearest = squared.argmin(axis=1)
    others = np.where(labels[None, :] == labels[nearest][:, None], np.inf, squared).min(axis=1)
    return np.asarray((others - squared.min(axis=1)) / size)


def _down(estimator: Any, node: Any, x: Any, rows: Any, found: Array) -> None:
    if node.left is None or not len(rows):
        return
    shift = getattr(estimator, "_X_mean", 0.0)
    squared, size = _squared(x[rows], np.array([node.left.center + shift, node.right.center + shift]))
    found[rows] = np.minimum(found[rows], np.abs(squared[:, 0] - squared[:, 1]) / size)
    left = squared[:, 0] <= squared[:, 1]
    _down(estimator, node.left, x, rows[left], found)
    _down(estimator, node.right, x, rows[~left], found)


def _squared(x: Any, points: Any) -> tuple[Array, Array]:
    """Squared distances by differences, [N, K], and |x|^2 plus the largest |point|^2, [N]."""
    squared, sizes = squared_distances(np.asarray(x, np.float64), np.asarray(points, np.float64))
    return squared, sizes.max(axis=1)
