"""How far rows are from where an estimator's own answer turns on rounding: pairs, centres, neighbours, votes.

`margin` is for estimators whose labels are not the argmax of an output, and for those whose values jump where two
training rows are equally far. Where distances decide it is relative to the size of the row: scikit-learn's own squared
distances carry a rounding error of that size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.truth import votes
from isoship.sources.sklearn.truth.rounding import densities_lost
from isoship.sources.sklearn.walk.parts import given, held

Margin = np.ndarray[Any, np.dtype[np.float64]]


#: Estimators whose numbers jump where their margin vanishes, and not their labels alone.
JUMPING = frozenset(
    {
        "AdaBoostClassifier",
        "BaggingClassifier",
        "ClassifierChain",
        "KNNImputer",
        "KNeighborsClassifier",
        "KNeighborsRegressor",
        "LabelPropagation",
        "LabelSpreading",
        "LocalOutlierFactor",
        "NuSVC",
        "OneVsOneClassifier",
        "RadiusNeighborsClassifier",
        "RadiusNeighborsRegressor",
        "SVC",
        "StackingClassifier",
    }
)

#: The estimators that `margin` knows.
KNOWN = JUMPING | {
    "AffinityPropagation",
    "BayesianGaussianMixture",
    "Birch",
    "BisectingKMeans",
    "GaussianMixture",
    "GaussianProcessClassifier",
    "MeanShift",
    "NearestCentroid",
    "OutputCodeClassifier",
    "VotingClassifier",
}


def margin_of_parts(model: Any, frame: Any, names: frozenset[str]) -> Margin | None:
    """The least `margin` of the model's parts of these classes, each on what it is given; None without such a part."""
    if not held(model, names):
        return None
    found: Margin | None = None
    for part, seen in given(model, frame):
        own = margin(part, seen) if type(part).__name__ in names else None
        if own is not None:
            found = own if found is None else np.minimum(found, own)
    return found


def margin(estimator: Any, x: Any) -> Margin | None:
    """float64 [N] for the estimators named above, given the columns that they see; None for all others."""
    name = type(estimator).__name__
    if hasattr(x, "toarray") and name not in ("SVC", "NuSVC"):  # those two ask themselves, in the form they know
        x = x.toarray()
    with np.errstate(all="ignore"):
        if name in ("SVC", "NuSVC"):
            found = _of_pairs(estimator, x)
        elif name in ("AffinityPropagation", "MeanShift"):
            centres = estimator.cluster_centers_
            found = _of_points(x, centres, np.arange(len(centres)))
        elif name == "Birch":
            found = _of_points(x, estimator.subcluster_centers_, estimator.subcluster_labels_)
        elif name == "NearestCentroid":
            found = _of_centroids(estimator, x)
        elif name in ("KNeighborsClassifier", "KNeighborsRegressor", "LocalOutlierFactor"):
            found = _of_neighbors(estimator, x)
        elif name in ("LabelPropagation", "LabelSpreading"):
            return _of_neighbors(estimator.nn_fit, x) if estimator.kernel == "knn" else None
        elif name in ("RadiusNeighborsClassifier", "RadiusNeighborsRegressor"):
            found = _of_radius(estimator, x)
        elif name == "KNNImputer":
            found = _of_donors(estimator, np.asarray(x, np.float64))
        elif name == "GaussianProcessClassifier" and estimator.n_classes_ == 2:
            found = np.abs(_latent_mean(estimator.base_estimator_, np.asarray(x, np.float64)))
        elif name in ("BayesianGaussianMixture", "GaussianMixture"):
            found = np.where(densities_lost(estimator, np.asarray(x, np.float64)), 0.0, np.inf)
        elif name == "OneVsOneClassifier":
            found = votes.of_one_vs_one(estimator, x)
        elif name == "OutputCodeClassifier":
            found = votes.of_code_words(estimator, x)
        elif name in ("AdaBoostClassifier", "BaggingClassifier", "StackingClassifier", "VotingClassifier"):
            return votes.of_vote(estimator, x)
        elif name == "ClassifierChain":
            return votes.of_chain(estimator, x)
        elif name == "BisectingKMeans":
            found = np.full(len(np.asarray(x)), np.inf)
            _of_tree(estimator, estimator._bisecting_tree, np.asarray(x, np.float64), np.arange(len(found)), found)
        else:
            return None
        return np.nan_to_num(found, nan=0.0, posinf=np.inf)


def _of_pairs(estimator: Any, x: Any) -> Margin:
    """The least decision of any pair of classes, and with break_ties the gap of the two best classes."""
    pairs = np.asarray(estimator._decision_function(x))
    found: Margin = np.abs(pairs.reshape(len(pairs), -1)).min(axis=1)
    if estimator.break_ties and len(estimator.classes_) > 2:
        found = np.minimum(found, votes.best_gap(np.asarray(estimator.decision_function(x))))
    return found


def _latent_mean(process: Any, x: Any) -> Margin:
    """As scikit-learn has it in `latent_mean_and_variance`, which came with 1.7."""
    mean: Margin = process.kernel_(process.X_train_, x).T @ (process.y_train_ - process.pi_)
    return mean


def _of_points(x: Any, points: Any, labels: Any) -> Margin:
    """The gap between the nearest point and the nearest with another label, against the size of row and points."""
    squared, size = _squared(x, points)
    labels = np.asarray(labels)
    nearest = squared.argmin(axis=1)
    others = np.where(labels[None, :] == labels[nearest][:, None], np.inf, squared).min(axis=1)
    found: Margin = (others - squared.min(axis=1)) / size
    return found


def _of_centroids(estimator: Any, x: Any) -> Margin:
    deviation = estimator.within_class_std_dev_
    scale = np.where(deviation != 0, deviation, 1.0)
    if estimator.metric == "manhattan":
        sums = np.abs(np.asarray(x, np.float64)[:, None, :] - estimator.centroids_[None]).sum(axis=2)
        return np.asarray(votes.best_gap(-sums) / (1.0 + np.abs(x).sum(axis=1)))
    squared, size = _squared(np.asarray(x) / scale, estimator.centroids_ / scale)
    weighted = np.asarray(votes.best_gap(2 * np.log(estimator.class_prior_) - squared) / size)
    plain = _of_points(x, estimator.centroids_, np.arange(len(estimator.centroids_)))
    return np.asarray(np.minimum(weighted, plain))


def _of_tree(estimator: Any, node: Any, x: Any, rows: Any, found: Margin) -> None:
    if node.left is None or not len(rows):
        return
    shift = getattr(estimator, "_X_mean", 0.0)
    squared, size = _squared(x[rows], np.array([node.left.center + shift, node.right.center + shift]))
    found[rows] = np.minimum(found[rows], np.abs(squared[:, 0] - squared[:, 1]) / size)
    left = squared[:, 0] <= squared[:, 1]
    _of_tree(estimator, node.left, x, rows[left], found)
    _of_tree(estimator, node.right, x, rows[~left], found)


def _of_neighbors(estimator: Any, x: Any) -> Margin:
    """The gap between the last neighbour that counts and the first that does not."""
    count = getattr(estimator, "n_neighbors_", estimator.n_neighbors)
    if count >= estimator.n_samples_fit_:
        return np.full(len(np.asarray(x)), np.inf)
    distance = estimator.kneighbors(x, n_neighbors=count + 1)[0]
    last, next_one = distance[:, -2], distance[:, -1]
    if estimator.effective_metric_ != "euclidean":
        return np.asarray((next_one - last) / (next_one if estimator.effective_metric_ != "cosine" else 1.0))
    size = next_one**2
    if estimator._fit_method == "brute":
        size = size + (np.asarray(x) ** 2).sum(axis=1) + (estimator._fit_X**2).sum(axis=1).max()
    return np.asarray((next_one**2 - last**2) / size)


def _of_radius(estimator: Any, x: Any) -> Margin:
    """How far the nearest training row is from the radius, either side."""
    distance = _all(estimator, x)
    size = 1.0
    if estimator._fit_method == "brute" and estimator.effective_metric_ == "euclidean":
        squares = (np.asarray(x) ** 2).sum(axis=1) + (estimator._fit_X**2).sum(axis=1).max()
        size = squares / estimator.radius**2
    return np.asarray(np.abs(distance / estimator.radius - 1.0).min(axis=1) / size)


def _of_donors(imputer: Any, x: Any) -> Margin:
    """For rows with missing values, the gap at the last donor of each missing column."""
    from sklearn.metrics.pairwise import nan_euclidean_distances

    marker = imputer.missing_values
    missing = np.isnan(x) if marker is None or marker != marker else x == marker
    squared = nan_euclidean_distances(x, imputer._fit_X, squared=True, missing_values=marker)
    size = np.where(missing, 0.0, x**2).sum(axis=1) + np.where(imputer._mask_fit_X, 0.0, imputer._fit_X**2).sum(1).max()
    found = np.full(len(x), np.inf)
    for j in np.flatnonzero(imputer._valid_mask):
        donors = np.sort(squared[:, ~imputer._mask_fit_X[:, j]], axis=1)  # NaN, nothing in common, last
        if imputer.n_neighbors < donors.shape[1]:
            gap = (donors[:, imputer.n_neighbors] - donors[:, imputer.n_neighbors - 1]) / size
            # at 1e154 a square is just finite, and whether its sums and multiples are hangs on their order
            gap = np.where(np.isfinite(size) & (size > np.finfo(np.float64).max / 1024), 0.0, gap)
            found = np.where(missing[:, j] & ~np.isnan(gap), np.minimum(found, gap), found)
    return found


def _all(estimator: Any, x: Any) -> Any:
    """Distances to every training row, [N, S]."""
    from sklearn.metrics import pairwise_distances

    return pairwise_distances(
        np.asarray(x), estimator._fit_X, metric=estimator.effective_metric_, **estimator.effective_metric_params_
    )


def _squared(x: Any, points: Any) -> tuple[Any, Any]:
    """Squared distances by differences, [N, K], and |x|^2 plus the largest |point|^2, [N]."""
    x, points = np.asarray(x, np.float64), np.asarray(points, np.float64)
    squared = np.stack([((x - point) ** 2).sum(axis=1) for point in points], axis=1)
    return squared, (x**2).sum(axis=1) + (points**2).sum(axis=1).max()
