"""Linear projections: MatMul, then the mean's own projection subtracted, as scikit-learn does since 1.5.

x -> MatMul (components_.T) -> Sub (mean_ @ components_.T) -> Div (whitening)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.carrier import Carrier, Parts, carries
from isoship.sources.sklearn.frame import Block, Frame, row


@carries("PCA", "IncrementalPCA")
def pca(c: Carrier, model: Any, frame: Frame) -> Parts:
    """x @ components_.T - mean_ @ components_.T, divided by the standard deviations where whiten is on."""
    x = c.doubles(frame, model)
    components = np.asarray(model.components_, dtype=np.float64).T
    name = c.g.op("MatMul", x.name, np.ascontiguousarray(components))
    if model.mean_ is not None:
        name = c.g.op("Sub", name, row(model.mean_) @ components)
    if model.whiten:
        scale = np.sqrt(model.explained_variance_)
        name = c.g.op("Div", name, row(np.maximum(scale, np.finfo(scale.dtype).eps)))
    return {"transform": (Block(name, "double", components.shape[1]),)}


@carries("TruncatedSVD", "GaussianRandomProjection", "SparseRandomProjection", "NeighborhoodComponentsAnalysis")
def projection(c: Carrier, model: Any, frame: Frame) -> Parts:
    """x @ components_.T."""
    x = c.doubles(frame, model)
    components = model.components_.toarray() if hasattr(model.components_, "toarray") else model.components_
    components = np.ascontiguousarray(np.asarray(components, dtype=np.float64).T)
    return {"transform": (Block(c.g.op("MatMul", x.name, components), "double", components.shape[1]),)}


@carries("FastICA")
def fast_ica(c: Carrier, model: Any, frame: Frame) -> Parts:
    """(x - mean_) @ components_.T, the mean subtracted only where it whitened."""
    x = c.doubles(frame, model)
    name = c.g.op("Sub", x.name, row(model.mean_)) if model.whiten else x.name
    components = np.ascontiguousarray(np.asarray(model.components_, dtype=np.float64).T)
    return {"transform": (Block(c.g.op("MatMul", name, components), "double", components.shape[1]),)}
