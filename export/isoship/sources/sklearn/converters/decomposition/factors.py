"""Columns made of columns: FactorAnalysis, FeatureAgglomeration, SparsePCA, KernelCenterer.

FactorAnalysis        x -> Sub (mean_) -> MatMul (components_ / noise) -> MatMul (covariance of the factors)
FeatureAgglomeration  x -> Gather (the columns of each cluster) [N, C, M] -> CumSum, Gather -1 -> Div (sizes)
SparsePCA             x -> Sub (mean_) -> MatMul (the solution of the ridge regression)
KernelCenterer        x -> Sub (K_fit_rows_) -> Sub (row mean) -> Add (K_fit_all_)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.sums import row_sums
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row
from isoship.sources.sklearn.walk.members import constant
from isoship.sources.sklearn.walk.registry import Record, carries

#: Condition numbers of a system of equations beyond this are refused: ten digits must stay right.
_STEEPEST = 1e5


def _row_kept(method: str, answer: np.ndarray[Any, Any], rows: int) -> np.ndarray[Any, Any]:
    """transform returns [K] and not [1, K] for a single row (scikit-learn's `ridge_regression` drops the axis)."""
    return answer.reshape(rows, -1) if method == "transform" else answer


@carries("FactorAnalysis", record=Record(same_bits=False, jumps=False, dense=True))
def factor_analysis(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The expected factors of each row."""
    x = c.doubles(frame, model)
    components = np.asarray(model.components_, np.float64)
    weighted = components / model.noise_variance_
    covariance = np.linalg.inv(np.eye(len(components)) + weighted @ components.T)
    centred = c.g.op("Sub", x.name, row(model.mean_))
    product = c.g.op("MatMul", centred, np.ascontiguousarray(weighted.T))
    name = c.g.op("MatMul", product, np.ascontiguousarray(covariance))
    return {"transform": (Block(name, "double", len(components)),)}


@carries("FeatureAgglomeration", record=Record(same_bits=False, jumps=False, dense=True))
def feature_agglomeration(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The mean, highest or lowest of each cluster of columns."""
    x = c.doubles(frame, model)
    labels = np.asarray(model.labels_)
    clusters = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    longest = max(len(each) for each in clusters)
    shape = np.array([-1, len(clusters), longest])
    function = model.pooling_func
    if function is np.mean:
        # one after the other, as numpy.bincount adds; a column of zeros fills the shorter clusters
        zeros = Block(constant(c, model, (x,), [0.0]), "double", 1)
        places = np.array([[*each, *[x.width or 0] * (longest - len(each))] for each in clusters])
        padded = join(c.g, [x, zeros]).name
        members = c.g.op("Reshape", c.g.op("Gather", padded, places.ravel(), axis=1), shape)
        running = c.g.op("CumSum", members, np.int64(2)) if longest > 1 else members
        total = c.g.op("Gather", running, np.int64(-1), axis=2)
        name = c.g.op("Div", total, row([len(each) for each in clusters]))
    elif function in (np.max, np.min):
        places = np.array([[*each, *[each[0]] * (longest - len(each))] for each in clusters])
        members = c.g.op("Reshape", c.g.op("Gather", x.name, places.ravel(), axis=1), shape)
        operator = "ReduceMax" if function is np.max else "ReduceMin"
        name = c.g.op(operator, members, np.array([2]), keepdims=0)
    else:
        raise c.unsupported(
            model,
            f"pooling_func={getattr(function, '__name__', function)!r} is Python code, which no graph can hold",
            "Use numpy.mean, numpy.max or numpy.min",
        )
    return {"transform": (Block(name, "double", len(clusters)),)}


@carries("MiniBatchSparsePCA", "SparsePCA", record=Record(same_bits=False, jumps=False, sums=True, tidy=_row_kept))
def sparse_pca(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Ridge regression of the centred row on the components: components_.T (components_ components_.T + alpha)^-1."""
    x = c.doubles(frame, model)
    components = np.asarray(model.components_, np.float64)
    gram = components @ components.T + float(model.ridge_alpha) * np.eye(len(components))
    if np.linalg.cond(gram) > _STEEPEST:
        raise c.unsupported(
            model,
            "its components are nearly dependent, and solving for them magnifies rounding errors, in scikit-learn too",
            "Ask for fewer components or raise ridge_alpha, and train again",
        )
    projection = np.ascontiguousarray(np.linalg.solve(gram, components).T)
    name = c.g.op("MatMul", c.g.op("Sub", x.name, row(model.mean_)), projection)
    return {"transform": (Block(name, "double", len(components)),)}


@carries("KernelCenterer", record=Record(same_bits=False, jumps=False))
def kernel_centerer(c: Carrier, model: Any, frame: Frame) -> Parts:
    """A kernel row minus the training means and its own."""
    x = c.doubles(frame, model)
    width = len(model.K_fit_rows_)
    mean = c.g.op("Div", row_sums(c.g, x.name, width), np.float64(width))
    name = c.g.op("Sub", c.g.op("Sub", x.name, row(model.K_fit_rows_)), mean)
    name = c.g.op("Add", name, row(np.full(width, float(model.K_fit_all_))))
    return {"transform": (Block(name, "double", width),)}
