"""KNNImputer: missing values from the nearest training rows that have them.

x -> Sub (column) -> Where (missing: 0) -> squares summed / columns shared = distances [N, S]
distances -> Gather (rows with column j) -> TopK -> Gather (their values) -> mean -> Where (x_j missing)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.impute.simple import is_missing
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row, take
from isoship.sources.sklearn.walk.raw_columns import imputed
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])
_ZERO, _ONE = np.float64(0), np.float64(1)


def _of_donors(imputer: Any, x: Any) -> np.ndarray[Any, Any]:
    """For rows with missing values, the gap at the last donor of each missing column."""
    from sklearn.metrics.pairwise import nan_euclidean_distances

    x = np.asarray(x, np.float64)
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


@carries(
    "KNNImputer",
    record=Record(
        same_bits=False,
        jumps=False,
        training_rows=("_fit_X",),
        output_places=imputed,
        fills_missing=True,
        dense=True,
        margin=_of_donors,
        numbers_jump=True,
    ),
)
def knn_imputer(c: Carrier, imputer: Any, frame: Frame) -> Parts:
    """The mean of the n_neighbors nearest donors of each column, and the column's mean where nothing is shared."""
    g = c.g
    _refuse(c, imputer)
    x = c.doubles(frame, imputer)
    if not is_missing(imputer.missing_values):
        marked = g.op("Equal", x.name, np.float64(imputer.missing_values))
        x = Block(g.op("Where", marked, np.float64(np.nan), x.name), "double", x.width)
    fitted = np.where(imputer._mask_fit_X, np.nan, np.asarray(imputer._fit_X, np.float64))
    distances = _distances(c, x, fitted)
    columns: list[Block] = []
    for j in range(fitted.shape[1]):
        own = take(g, (x,), [j])[0]
        if imputer._valid_mask[j]:
            filled = g.op("Where", g.op("IsNaN", own.name), _imputed(c, imputer, distances, fitted[:, j]), own.name)
            columns.append(Block(filled, "double", 1))
        elif imputer.keep_empty_features:
            columns.append(Block(g.op("Where", g.op("IsNaN", own.name), _ZERO, _ZERO), "double", 1))
    result: Frame = (join(g, columns),)
    if imputer.add_indicator:
        mask = Block(g.op("IsNaN", x.name), "bool", x.width)
        result += take(g, (mask,), imputer.indicator_.features_)
    return {"transform": result}


def _refuse(c: Carrier, imputer: Any) -> None:
    if callable(imputer.metric) or callable(imputer.weights):
        raise c.unsupported(
            imputer, "metric or weights is Python code, which no graph can hold", "Use the defaults and train again"
        )
    if imputer.weights == "distance":
        raise c.unsupported(
            imputer,
            "scikit-learn finds a rounding error where a row equals a training row, and divides by it",
            "Set weights='uniform' and train again",
        )
    if imputer._fit_X.dtype != np.float64:
        raise c.unsupported(imputer, f"it keeps its training rows as {imputer._fit_X.dtype}", "Train it on float64")
    known = np.where(imputer._mask_fit_X, 0.0, np.asarray(imputer._fit_X, np.float64))
    nearest = [np.partition(((known - one) ** 2).sum(axis=1), 1)[1] for one in known[:: 1 + len(known) // 200]]
    apart = [value for value in nearest if value > 0]
    if apart and 4 * np.finfo(np.float64).eps * (known**2).sum(axis=1).max() > 1e-10 * np.median(apart):
        raise c.unsupported(
            imputer,
            "its training rows are so close together and so far from zero that scikit-learn's distances,"
            " |x|^2 - 2 x.y + |y|^2, are mostly rounding error",
            "Put a StandardScaler in front and train again",
        )


def _distances(c: Carrier, x: Block, fitted: np.ndarray[Any, Any]) -> str:
    """Squared differences per column that row and training row share, double [N, S].

    +inf where they share none, and throughout a row with a value whose square overflows: scikit-learn's distances of
    such a row are all NaN.
    """
    g = c.g
    total = shared = beyond = ""
    for j in range(fitted.shape[1]):
        own = take(g, (x,), [j])[0].name
        over = g.op("IsInf", g.op("Mul", own, own))
        beyond = g.op("Or", beyond, over) if beyond else over
        difference = g.op("Sub", own, row(fitted[:, j]))
        absent = g.op("IsNaN", difference)
        square = g.op("Where", absent, _ZERO, g.op("Mul", difference, difference))
        present = g.op("Where", absent, _ZERO, _ONE)
        total = g.op("Add", total, square) if total else square
        shared = g.op("Add", shared, present) if shared else present
    mean = g.op("Div", total, g.op("Max", shared, _ONE))
    largest = np.float64(np.finfo(np.float64).max)  # a distance that overflows is one all the same
    none = g.op("Or", g.op("Equal", shared, _ZERO), beyond)
    return g.op("Where", none, np.float64(np.inf), g.op("Min", mean, largest))


def _imputed(c: Carrier, imputer: Any, distances: str, column: np.ndarray[Any, Any]) -> str:
    """What a missing value of this column becomes, double [N, 1]."""
    g = c.g
    donors = np.flatnonzero(~np.isnan(column))
    values = np.ascontiguousarray(column[donors])
    count = min(imputer.n_neighbors, len(donors))
    if len(donors) < len(column):
        distances = g.op("Gather", distances, donors.astype(np.int64), axis=1)
    outs = [g.name("nearest"), g.name("places")]
    g.ops("TopK", distances, np.array([count]), outs=outs, axis=1, largest=0, sorted=1)
    counts = g.op("Where", g.op("IsInf", outs[0]), _ZERO, _ONE)
    chosen = g.op("Mul", g.op("Gather", g.const(values), outs[1], axis=0), counts)
    weight = g.op("ReduceSum", counts, _LAST, keepdims=1)
    mean = g.op("Div", g.op("ReduceSum", chosen, _LAST, keepdims=1), weight)
    return g.op("Where", g.op("Equal", weight, _ZERO), np.float64(values.mean()), mean)
