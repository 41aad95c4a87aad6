"""Estimators that answer with the nearest of some fitted points.

x -> squared differences to the points [N, K] -> ArgMin -> Gather (labels of the points) = label
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import kernels, links
from isoship.sources.sklearn.converters.cluster.k_means import k_means
from isoship.sources.sklearn.converters.cluster.margins import (
    centroid_shares_lost,
    distances_lost,
    of_bisections,
    of_centres,
    of_centroids,
    of_subclusters,
)
from isoship.sources.sklearn.truth.rounding import square_noise
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])

#: How large rounding may be in the scores behind probabilities.
_NOISE = 1e-10


@carries(
    "AffinityPropagation",
    record=Record(same_bits=False, jumps=False, training_rows=("cluster_centers_",), margin=of_centres),
)
@carries("MeanShift", record=Record(same_bits=False, jumps=False, margin=of_centres))
def nearest_centre(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The number of the nearest centre; -1 throughout where affinity propagation found none."""
    x = c.doubles(frame, model)
    centres = getattr(model, "cluster_centers_", None)
    if centres is None:
        raise c.unsupported(
            model, "affinity='precomputed' leaves no centres to compare with", "Train it with affinity='euclidean'"
        )
    centres = np.asarray(centres, np.float64)
    if not len(centres):
        raise c.unsupported(model, "it did not converge and has no centres", "Change damping or preference and retrain")
    number = c.g.op("ArgMin", kernels.squared_differences(c.g, x, centres), axis=1, keepdims=0)
    return {"predict": (Block(number, "int64", None),)}


@carries("Birch", record=Record(same_bits=False, jumps=False, margin=of_subclusters))
def birch(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The label of the nearest subcluster.

    Its transform is left out: scikit-learn's distance of a row to a subcluster made of that row alone is the root of
    a rounding error, which no other machine repeats.
    """
    x = c.doubles(frame, model)
    centres = np.asarray(model.subcluster_centers_, np.float64)
    number = c.g.op("ArgMin", kernels.squared_differences(c.g, x, centres), axis=1, keepdims=0)
    labels = np.asarray(model.subcluster_labels_, np.int64)
    return {"predict": (Block(c.g.op("Gather", labels, number, axis=0), "int64", None),)}


@carries("BisectingKMeans", record=Record(same_bits=False, jumps=False, margin=of_bisections, lost=distances_lost))
def bisecting_k_means(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Down the tree of bisections, to the nearer of two centres each time, the left one of equals."""
    g = c.g
    x = c.doubles(frame, model)
    mean = getattr(model, "_X_mean", None)

    def label(node: Any) -> str:
        if node.left is None:
            return g.const(np.array([node.label], np.int64))
        sides = []
        for child in (node.left, node.right):
            centre = np.asarray(child.center, np.float64) + (0.0 if mean is None else mean)
            product = g.op("MatMul", x.name, np.ascontiguousarray(-2.0 * centre[:, None]))
            sides.append(g.op("Add", product, row([centre @ centre])))
        right = g.op("Squeeze", g.op("Less", sides[1], sides[0]), _LAST)
        return g.op("Where", right, label(node.right), label(node.left))

    parts = dict(k_means(c, model, frame))
    if model._bisecting_tree.left is not None:
        parts["predict"] = (Block(label(model._bisecting_tree), "int64", None),)
    return parts


@carries("NearestCentroid", record=Record(same_bits=False, jumps=False, margin=of_centroids, lost=centroid_shares_lost))
def nearest_centroid(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The nearest centroid, or with priors the best of -distance^2 + 2 log prior over scaled columns.

    decision_function is left out: with two classes it is the difference of two squares as large as the row itself.
    """
    g, classes = c.g, len(model.classes_)
    x = c.doubles(frame, model)
    centroids = np.asarray(model.centroids_, np.float64)
    even = bool(np.isclose(model.class_prior_, 1 / classes).all())
    if model.metric not in ("euclidean", "manhattan"):
        raise c.unsupported(model, f"metric={model.metric!r}", "Use metric='euclidean' or 'manhattan'")
    measure = kernels.squared_differences if model.metric == "euclidean" else kernels.absolute_differences
    deviation = np.asarray(model.within_class_std_dev_, np.float64)
    scale = np.where(deviation != 0, deviation, 1.0)
    scaled = Block(g.op("Div", x.name, row(scale)), "double", x.width)
    distance = measure(g, scaled, centroids / scale)
    if model.metric == "manhattan":
        distance = g.op("Mul", distance, distance)
    score = g.op("Add", g.op("Neg", distance), row(2.0 * np.log(model.class_prior_)))
    nearest = g.op("ArgMin", measure(g, x, centroids), axis=1, keepdims=0)
    number = nearest if even else links.highest(g, score)
    parts: Parts = {"predict": (links.label(g, model.classes_, number),)}
    if model.metric == "euclidean":
        size = 2.0 * ((centroids / scale) ** 2).sum(axis=1).max()
        if square_noise(size, centroids.shape[1]) > _NOISE:
            c.leave_out(
                model,
                "predict_proba",
                "its centroids are so far from zero, measured by the spread within classes, that scikit-learn's"
                " distances, |x|^2 - 2 x.c + |c|^2, carry a rounding error into the probabilities",
                "Put a StandardScaler in front and train again",
            )
            return parts
        parts["predict_proba"] = (Block(g.op("Softmax", score, axis=1), "double", classes),)
    return parts
