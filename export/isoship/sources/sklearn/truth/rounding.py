"""Rows on which a model's own rounding is larger than 1e-9 of its answer: another processor gives another answer.

Each bound is computed from the row: how large the terms are that scikit-learn adds and takes from each other, in units
of the last bit, and what is left of them. Models for which that is so on ordinary rows are refused by their converters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.parts import given, held

Array = np.ndarray[Any, Any]

_EPS = float(np.finfo(np.float64).eps)
_TOLERANCE = 1e-9
_K_MEANS = ("BisectingKMeans", "KMeans", "MiniBatchKMeans")
_MIXTURES = ("BayesianGaussianMixture", "GaussianMixture")
_LIBSVM = ("NuSVC", "NuSVR", "OneClassSVM", "SVC", "SVR")
_PROPAGATED = ("LabelPropagation", "LabelSpreading")
_SMALLEST = 1e-290
_KERNELS = ("KernelPCA", "KernelRidge", "Nystroem")

#: The estimators with a bound.
BOUNDED = frozenset((*_K_MEANS, *_MIXTURES, *_LIBSVM, *_KERNELS, *_PROPAGATED, "NearestCentroid"))


def lost(model: Any, frame: Any, outputs: frozenset[str]) -> Array | None:
    """bool [N]: rows whose numbers are rounding error in some part of the model; None where none has a bound.

    outputs: those asked of the model.
    """
    if not held(model, BOUNDED):
        return None
    found: Array | None = None
    for part, x in given(model, frame):
        if type(part).__name__ in BOUNDED:
            x = x.toarray() if hasattr(x, "toarray") else x
            own = _lost(part, np.asarray(x, np.float64), outputs if part is model else None)
            if own is not None:
                found = own if found is None else found | own
    return found


def distance_noise(squared: Array, size: Array, features: int) -> Array:
    """What the rounding of |x|^2 - 2 x.c + |c|^2 does to the distance; size: |x|^2 + |c|^2."""
    noise = square_noise(size, features)
    return np.asarray(np.minimum(noise / np.sqrt(squared), np.sqrt(noise)))


def square_noise(size: Any, features: int) -> Any:
    """The rounding error of |x|^2 - 2 x.c + |c|^2."""
    return (4.0 + features**0.5) * _EPS * size


def _lost(part: Any, x: Array, outputs: frozenset[str] | None) -> Array | None:
    name = type(part).__name__
    if name in _K_MEANS:
        return _distances(part, x) if outputs is None or "transformed" in outputs else None
    if name == "NearestCentroid":
        return _shares(*_centroid_scores(part, x)) if outputs is None or "probabilities" in outputs else None
    if name in _MIXTURES:
        return densities_lost(part, x)
    if name in _LIBSVM:
        return _products(part, x) if part.kernel == "linear" else None
    if name in _PROPAGATED:
        return _subnormal(part, x) if part.kernel == "rbf" else None
    return ~np.isfinite((x**2).sum(axis=1)) if part.kernel == "rbf" else None


def _subnormal(part: Any, x: Array) -> Array:
    """Rows so far from every training row that their weights are subnormal numbers, of which exp keeps few digits."""
    least = -float(part.gamma) * _squared(x, np.asarray(part.X_, np.float64))[0].min(axis=1)
    return np.asarray((least < np.log(_SMALLEST)) & (least > np.log(5e-324) - 1.0))


def densities_lost(mixture: Any, x: Array) -> Array:
    """bool [N]: rows on which a Gaussian mixture's shares, and with them its labels, are rounding error."""
    log_p, noise = _log_densities(mixture, x)
    largest = np.abs(log_p).max(axis=1)
    return np.asarray(_shares(log_p, noise) | ~(noise.max(axis=1) <= _TOLERANCE * (1.0 + largest)))


def _distances(part: Any, x: Array) -> Array:
    squared, size = _squared(x, np.asarray(part.cluster_centers_, np.float64))
    noise = distance_noise(squared, size, x.shape[1])
    return np.asarray(~(noise <= _TOLERANCE * (1.0 + np.sqrt(squared))).all(axis=1))


def _centroid_scores(part: Any, x: Array) -> tuple[Array, Array]:
    deviation = np.asarray(part.within_class_std_dev_, np.float64)
    scale = np.where(deviation != 0, deviation, 1.0)
    squared, size = _squared(x / scale, np.asarray(part.centroids_, np.float64) / scale)
    return 2.0 * np.log(part.class_prior_) - squared, square_noise(size, x.shape[1])


def _log_densities(part: Any, x: Array) -> tuple[Array, Array]:
    """-0.5 |(x - m) P|^2 and its rounding error, both [N, K]; what is constant in the row is left out."""
    means, chol = np.asarray(part.means_, np.float64), np.asarray(part.precisions_cholesky_, np.float64)
    kind, features = part.covariance_type, means.shape[1]
    log_p, noise = np.empty((len(x), len(means))), np.empty((len(x), len(means)))
    for k, mean in enumerate(means):
        if kind in ("full", "tied"):
            root = chol[k] if kind == "full" else chol
            turned = np.abs((x - mean) @ root)
            wrong = features * _EPS * (np.abs(x) + np.abs(mean)) @ np.abs(root)
            squared, error = turned**2, 2.0 * turned * wrong + wrong**2
        else:
            precision = chol[k] ** 2
            squared = (x - mean) ** 2 * precision
            error = square_noise((x**2 + mean**2) * precision, features)
        log_p[:, k], noise[:, k] = -0.5 * squared.sum(axis=1), 0.5 * error.sum(axis=1)
    # the last bits of the sum itself, which the shares see as a difference
    return log_p, noise + 2.0 * _EPS * np.abs(log_p)


def _products(part: Any, x: Array) -> Array:
    """libsvm multiplies with every support vector, and sums; where the terms overflow the sum is NaN."""
    vectors = part.support_vectors_
    vectors = np.asarray(vectors.toarray() if hasattr(vectors, "toarray") else vectors, np.float64)
    dual = part._dual_coef_
    dual = np.asarray(dual.toarray() if hasattr(dual, "toarray") else dual, np.float64)
    size = np.maximum(np.abs(x).max(axis=1), 1e-300)[:, None]
    each = np.abs(x / size) @ np.abs(vectors).T
    terms = np.sqrt(each**2 @ (dual**2).T) * size
    value = np.abs(x @ (dual @ vectors).T)
    whole = np.isfinite(each * size).all(axis=1, keepdims=True) & np.isfinite((each @ np.abs(dual).T) * size)
    # finite terms alone: an infinite bound is within the tolerance of an infinite value
    return np.asarray(~(whole & (4.0 * _EPS * terms <= _TOLERANCE * (1.0 + value))).all(axis=1))


def _shares(scores: Array, noise: Array) -> Array:
    """Rows whose softmax the noise of the scores moves by more than the tolerance."""
    top = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    gap = scores[rows, top][:, None] - scores
    both = noise + noise[rows, top][:, None]
    moved = both * np.exp(-np.maximum(gap - both, 0.0))
    moved[rows, top] = 0.0
    return np.asarray(~(moved <= _TOLERANCE).all(axis=1))


def _squared(x: Array, points: Array) -> tuple[Array, Array]:
    """Squared distances by differences, and |x|^2 + |point|^2, both [N, K]."""
    squared = np.stack([((x - point) ** 2).sum(axis=1) for point in points], axis=1)
    return squared, (x**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)[None]
