"""Distances to the training rows of neighbour models, and the refusal of those that are rounding error.

scikit-learn's trees sum differences column by column, and so does this graph. Its brute force computes euclidean
distances as |x|^2 - 2 x.y + |y|^2, whose rounding is another one on every machine: what depends on it is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import kernels
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Frame, row

#: scikit-learn's names of distances, and what they are in this module.
METRICS = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "manhattan": "manhattan",
    "cityblock": "manhattan",
    "l1": "manhattan",
    "chebyshev": "chebyshev",
    "infinity": "chebyshev",
    "minkowski": "minkowski",
    "p": "minkowski",
    "cosine": "cosine",
}

#: How far brute force's rounding may move squared distances, relative to those between neighbours.
_NOISE = 1e-10


def _metric(c: Carrier, model: Any) -> str:
    name = model.effective_metric_
    if callable(name):
        raise c.unsupported(
            model, "metric is Python code, which no graph can hold", f"Use one of {', '.join(METRICS)} and train again"
        )
    if name not in METRICS:
        raise c.unsupported(
            model, f"isoship has no metric {name!r}", f"Use one of {', '.join(METRICS)} and train again"
        )
    return METRICS[name]


def _training_rows(c: Carrier, model: Any) -> kernels.Points:
    rows = model._fit_X
    if hasattr(rows, "toarray"):
        raise c.unsupported(model, "it was trained on a sparse matrix", "Train it on the dense one (.toarray())")
    if rows.dtype != np.float64 and model._fit_method == "brute":
        raise c.unsupported(model, f"it keeps its training rows as {rows.dtype}", "Train it on float64 columns")
    return np.ascontiguousarray(rows, dtype=np.float64)


def reduced(c: Carrier, model: Any, frame: Frame, *, uses_distance: bool) -> str:
    """What grows with the distance and is cheaper, [N, S]: without the root. See `distance_from`."""
    x, points, metric = c.doubles(frame, model), _training_rows(c, model), _metric(c, model)
    if model._fit_method == "brute":
        _refuse_rounded(c, model, points, metric, uses_distance=uses_distance)
    if metric == "euclidean":
        return kernels.squared_differences(c.g, x, points)
    if metric == "manhattan":
        return kernels.absolute_differences(c.g, x, points)
    if metric == "chebyshev":
        return kernels.largest_difference(c.g, x, points)
    if metric == "cosine":
        similar = kernels.products(c.g, kernels.unit_rows(c.g, x), kernels.unit_points(points))
        return c.g.op("Max", c.g.op("Sub", row(np.ones(len(points))), similar), np.float64(0))
    p, weights = power_of(model)
    return kernels.power_differences(c.g, x, points, p, weights)


def distance_from(c: Carrier, model: Any, reduced: str) -> str:
    """Distances from `reduced`."""
    metric = METRICS[model.effective_metric_]
    if metric == "euclidean":
        return c.g.op("Sqrt", reduced)
    return c.g.op("Pow", reduced, np.float64(1.0 / power_of(model)[0])) if metric == "minkowski" else reduced


def power_of(model: Any) -> tuple[float, Any]:
    parameters = model.effective_metric_params_
    return float(parameters.get("p", model.p)), parameters.get("w")


def _refuse_rounded(c: Carrier, model: Any, points: kernels.Points, metric: str, *, uses_distance: bool) -> None:
    """Refuses what hangs on the rounding of brute force's distances; see the module's docstring."""
    rounded = model.effective_metric_ == "euclidean" or metric == "cosine"
    if not rounded:
        return
    if getattr(model, "weights", None) == "distance":
        raise c.unsupported(
            model,
            "brute force finds a rounding error where a row equals a training row, and divides by it",
            "Set algorithm='ball_tree' (or weights='uniform') and train again"
            if metric == "euclidean"
            else "Set weights='uniform' and train again",
        )
    if metric == "cosine":
        return
    if uses_distance:
        least = float(model._distances_fit_X_[:, -1].min()) ** 2
    else:
        some = points[:: 1 + len(points) // 200]
        squared = np.array([np.partition(((points - one) ** 2).sum(axis=1), 1)[1] for one in some])
        least = float(np.median(squared[squared > 0])) if squared.any() else np.inf
    noise = 4 * np.finfo(np.float64).eps * (points**2).sum(axis=1).max()
    if noise > _NOISE * least:
        raise c.unsupported(
            model,
            "its training rows are so close together and so far from zero that the distances of brute force,"
            " |x|^2 - 2 x.y + |y|^2, are mostly rounding error",
            "Put a StandardScaler in front, or set algorithm='ball_tree', and train again",
        )
