"""Nearest neighbours: distances to every training row, the k least or those within a radius, and their answers.

x [N, F] -> distances [N, S] -> TopK -> Gather (targets) [N, k, T] -> weighted sum -> Div = value
                             └ LessOrEqual (radius) -> MatMul (targets) -> Div (weights' sum) = value

The distances, and what of them is refused, are in `neighbor_distances`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.neighbors.distances import METRICS, distance_from, power_of, reduced
from isoship.sources.sklearn.converters.neighbors.margins import of_neighbors, of_radius
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])


@carries(
    "KNeighborsClassifier",
    record=Record(same_bits=False, jumps=False, training_rows=("_fit_X",), margin=of_neighbors, numbers_jump=True),
)
def k_neighbors_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The share of each class among the k nearest, by count or by 1 / distance."""
    distance, places = nearest(c, model, frame, model.n_neighbors)
    weights = _weights(c, model, distance)
    labels = _columns(model._y)
    classes = model.classes_ if model.outputs_2d_ else [model.classes_]
    shares = []
    for column, known in enumerate(classes):
        hot = np.eye(len(known))[labels[:, column]]
        shares.append(_average(c, hot, places, weights, model.n_neighbors))
    return _classified(c, model, shares)


@carries(
    "KNeighborsRegressor",
    record=Record(same_bits=False, jumps=False, training_rows=("_fit_X",), margin=of_neighbors, numbers_jump=True),
)
def k_neighbors_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean target of the k nearest, plain or weighted by 1 / distance."""
    distance, places = nearest(c, model, frame, model.n_neighbors)
    weights = _weights(c, model, distance)
    return {"predict": (_average(c, _targets(model), places, weights, model.n_neighbors),)}


@carries(
    "RadiusNeighborsClassifier",
    record=Record(same_bits=False, jumps=False, training_rows=("_fit_X",), margin=of_radius, numbers_jump=True),
)
def radius_neighbors_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The share of each class within the radius; rows without neighbours get outlier_label."""
    g = c.g
    if model.outlier_label_ is None:
        raise c.unsupported(
            model,
            "it refuses a batch in which a row has no neighbour within the radius, and a graph cannot refuse",
            "Set outlier_label and train again",
        )
    if model._fit_method == "brute" and model.effective_metric_ != "euclidean" and model.weights == "uniform":
        raise c.unsupported(
            model,
            "scikit-learn's brute force compares outlier_label with class numbers and not with classes",
            "Set algorithm='ball_tree' and train again",
        )
    weights, alone = _within(c, model, frame)
    labels = _columns(model._y)
    classes = model.classes_ if model.outputs_2d_ else [model.classes_]
    shares = []
    for column, known in enumerate(classes):
        votes = g.op("MatMul", weights, np.eye(len(known))[labels[:, column]])
        outlier = (np.asarray(known) == model.outlier_label_[column]).astype(np.float64)
        votes = g.op("Where", alone, row(outlier), votes)
        total = g.op("ReduceSum", votes, _LAST, keepdims=1)
        total = g.op("Where", g.op("Equal", total, np.float64(0)), np.float64(1), total)
        shares.append(Block(g.op("Div", votes, total), "double", len(known)))
    parts = _classified(c, model, shares)
    for column, known in enumerate(classes):
        if model.outlier_label_[column] not in list(known):
            raise c.unsupported(
                model,
                f"outlier_label {model.outlier_label_[column]!r} is none of the classes it was trained on",
                "Set outlier_label to one of the classes, or 'most_frequent', and train again",
            )
    return parts


@carries(
    "RadiusNeighborsRegressor",
    record=Record(same_bits=False, jumps=False, training_rows=("_fit_X",), margin=of_radius, numbers_jump=True),
)
def radius_neighbors_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean target within the radius; NaN for rows without neighbours."""
    g = c.g
    weights, alone = _within(c, model, frame)
    targets = _targets(model)
    total = g.op("ReduceSum", weights, _LAST, keepdims=1)
    mean = g.op("Div", g.op("MatMul", weights, targets), total)
    return {"predict": (Block(g.op("Where", alone, np.float64(np.nan), mean), "double", targets.shape[1]),)}


@carries(
    "LocalOutlierFactor",
    record=Record(same_bits=False, jumps=False, training_rows=("_fit_X",), margin=of_neighbors, numbers_jump=True),
)
def local_outlier_factor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The density of the neighbours against a row's own; outliers (-1) below offset_."""
    g, count = c.g, model.n_neighbors_
    distance, places = nearest(c, model, frame, count, uses_distance=True)
    reach = np.ascontiguousarray(model._distances_fit_X_[:, count - 1], dtype=np.float64)
    reached = g.op("Max", distance_from(c, model, distance), g.op("Gather", g.const(reach), places, axis=0))
    mean = g.op("Div", g.op("ReduceSum", reached, _LAST, keepdims=1), row([count]))
    density = g.op("Div", np.float64(1), g.op("Add", mean, row([1e-10])))
    ratios = g.op("Div", g.op("Gather", g.const(np.asarray(model._lrd, np.float64)), places, axis=0), density)
    score = g.op("Neg", g.op("Div", g.op("ReduceSum", ratios, _LAST, keepdims=1), row([count])))
    raw = g.op("Sub", score, row([model.offset_]))
    inlier = g.cast(g.op("Not", g.op("Less", raw, np.float64(0))), np.int64)
    return {
        "decision_function": (Block(raw, "double", 1),),
        "score_samples": (Block(score, "double", 1),),
        "predict": (links.label(g, [-1, 1], g.op("Squeeze", inlier, _LAST)),),
    }


def nearest(c: Carrier, model: Any, frame: Frame, count: int, *, uses_distance: bool = False) -> tuple[str, str]:
    """Reduced distances and places of the nearest training rows, both [N, k], nearest first, of equals the earlier."""
    least = reduced(c, model, frame, uses_distance=uses_distance)
    outs = [c.g.name("nearest"), c.g.name("places")]
    c.g.ops("TopK", least, np.array([count]), outs=outs, axis=1, largest=0, sorted=1)
    return outs[0], outs[1]


def _weights(c: Carrier, model: Any, least: str) -> str | None:
    """1 / distance [N, k]; where a neighbour is at no distance, 1 for those and 0 for the others. None: all alike."""
    if not _weighted(c, model):
        return None
    g = c.g
    inverse = g.op("Div", np.float64(1), distance_from(c, model, least))
    here = g.op("IsInf", inverse)
    alone = g.cast(here, np.float64)
    return g.op("Where", g.op("Greater", g.op("ReduceMax", alone, _LAST, keepdims=1), np.float64(0)), alone, inverse)


def _within(c: Carrier, model: Any, frame: Frame) -> tuple[str, str]:
    """The weight of every training row, [N, S], 0 outside the radius; and which rows have no neighbour, [N, 1]."""
    g, weighted = c.g, _weighted(c, model)
    least = reduced(c, model, frame, uses_distance=False)
    metric, radius = METRICS[model.effective_metric_], float(model.radius)
    if metric == "euclidean":
        radius = radius * radius
    elif metric == "minkowski":
        radius = radius ** power_of(model)[0]
    inside = g.op("LessOrEqual", least, np.float64(radius))
    weights = g.cast(inside, np.float64)
    alone = g.op("Equal", g.op("ReduceMax", weights, _LAST, keepdims=1), np.float64(0))
    if weighted:
        distance = distance_from(c, model, least)
        here = g.op("Equal", distance, np.float64(0))
        any_here = g.op("ReduceMax", g.cast(here, np.float64), _LAST, keepdims=1)
        inverse = g.op("Div", np.float64(1), g.op("Where", here, np.float64(1), distance))
        inverse = g.op("Where", g.op("Greater", any_here, np.float64(0)), g.cast(here, np.float64), inverse)
        weights = g.op("Where", inside, inverse, np.float64(0))
    return weights, alone


def _weighted(c: Carrier, model: Any) -> bool:
    if callable(model.weights):
        raise c.unsupported(
            model, "weights is Python code, which no graph can hold", "Use weights='uniform' or 'distance'"
        )
    return bool(model.weights == "distance")


def _columns(y: Any) -> Any:
    """Targets as [S, T]."""
    return y.reshape(-1, 1) if y.ndim == 1 else y


def _targets(model: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.ascontiguousarray(_columns(np.asarray(model._y)), dtype=np.float64)


def _average(c: Carrier, targets: np.ndarray[Any, Any], places: str, weights: str | None, count: int) -> Block:
    """The mean of the targets at these places, double [N, T]."""
    g, width = c.g, targets.shape[1]
    chosen = g.op("Gather", g.const(targets), places, axis=0)  # [N, k, T]
    if weights is None:
        total = g.op("ReduceSum", chosen, _LAST, keepdims=0)
        return Block(g.op("Div", total, row(np.full(width, count))), "double", width)
    wide = g.op("Unsqueeze", weights, np.array([2]))
    total = g.op("ReduceSum", g.op("Mul", chosen, wide), _LAST, keepdims=0)
    return Block(g.op("Div", total, g.op("ReduceSum", weights, _LAST, keepdims=1)), "double", width)


def _classified(c: Carrier, model: Any, shares: list[Block]) -> Parts:
    """Labels and probabilities of one target or several."""
    if not model.outputs_2d_:
        number = links.highest(c.g, shares[0].name)
        return {"predict": (links.label(c.g, model.classes_, number),), "predict_proba": (shares[0],)}
    parts: Parts = {f"predict_proba_{i}": (share,) for i, share in enumerate(shares)}
    labels = []
    for share, known in zip(shares, model.classes_, strict=True):
        label = links.label(c.g, known, links.highest(c.g, share.name))
        labels.append(Block(c.g.op("Unsqueeze", label.name, _LAST), label.dtype, 1))
    return {**parts, "predict": (join(c.g, labels),)}
