"""Linear projections: MatMul, then the mean's own projection subtracted, as scikit-learn does since 1.5.

x -> MatMul (components_.T) -> Sub (mean_ @ components_.T) -> Div (whitening)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

#: How large a rounding error may become in a whitened component of about one.
_NOISE = 5e-10


@carries("PCA", "IncrementalPCA", record=Record(same_bits=False, jumps=False, dense=True, sums=True))
def pca(c: Carrier, model: Any, frame: Frame) -> Parts:
    """x @ components_.T - mean_ @ components_.T, divided by the standard deviations where whiten is on."""
    x = c.doubles(frame, model)
    components = np.asarray(model.components_, dtype=np.float64).T
    name = c.g.op("MatMul", x.name, np.ascontiguousarray(components))
    if model.mean_ is not None:
        name = c.g.op("Sub", name, row(model.mean_) @ components)
    if model.whiten:
        scale = np.sqrt(model.explained_variance_)
        scale = np.maximum(scale, np.finfo(scale.dtype).eps)
        mean = 0.0 if model.mean_ is None else np.abs(model.mean_)
        spread = np.sqrt(components**2 @ model.explained_variance_)
        _refuse_noise(c, model, mean + spread, components / scale)
        name = c.g.op("Div", name, row(scale))
    return {"transform": (Block(name, "double", components.shape[1]),)}


@carries("TruncatedSVD", record=Record(same_bits=False, jumps=False, dense=True, sums=True))
@carries("GaussianRandomProjection", record=Record(same_bits=False, jumps=False, dense=True))
@carries("SparseRandomProjection", "NeighborhoodComponentsAnalysis", record=Record(same_bits=False, jumps=False))
def projection(c: Carrier, model: Any, frame: Frame) -> Parts:
    """x @ components_.T."""
    x = c.doubles(frame, model)
    components = model.components_.toarray() if hasattr(model.components_, "toarray") else model.components_
    components = np.ascontiguousarray(np.asarray(components, dtype=np.float64).T)
    return {"transform": (Block(c.g.op("MatMul", x.name, components), "double", components.shape[1]),)}


@carries("FastICA", record=Record(same_bits=False, jumps=False, dense=True, sums=True))
def fast_ica(c: Carrier, model: Any, frame: Frame) -> Parts:
    """(x - mean_) @ components_.T, the mean subtracted only where it whitened."""
    x = c.doubles(frame, model)
    name = c.g.op("Sub", x.name, row(model.mean_)) if model.whiten else x.name
    components = np.ascontiguousarray(np.asarray(model.components_, dtype=np.float64).T)
    if model.whiten:
        _refuse_noise(c, model, np.abs(model.mean_) + np.linalg.norm(model.mixing_, axis=1), components)
    return {"transform": (Block(c.g.op("MatMul", name, components), "double", components.shape[1]),)}


def _refuse_noise(c: Carrier, model: Any, size: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> None:
    """size: of the inputs [n_features]. weights: of the inputs in each component [n_features, n_components].

    Raises:
        UnsupportedModelError: whitening blows rounding up: the data has fewer dimensions than the components kept.
    """
    noise = np.finfo(np.float64).eps * (size @ np.abs(weights))
    worst = int(np.argmax(noise))
    if noise[worst] > _NOISE:
        raise c.unsupported(
            model,
            f"whitening blows the rounding of component {worst} up to {noise[worst]:.0e}: the training rows have hardly"
            " any variance there",
            f"Train with n_components={worst} or fewer, without whitening, or without columns that add up to others",
        )
