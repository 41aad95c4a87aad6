"""Models of a kernel with training rows: KernelRidge, KernelPCA, Nystroem.

x -> kernel (training rows) [N, S] -> (centred, for KernelPCA) -> MatMul = value or transformed
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import kernels
from isoship.sources.sklearn.converters.arithmetic.sums import row_sums
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

#: How large the last bit of a kernel may become in an answer.
_LAST_BIT = 5e-10

#: scikit-learn's distances may be off by this much relative to the kernel's own scale.
_NOISE = 1e-11


def _squares_lost(model: Any, x: np.ndarray[Any, Any], outputs: frozenset[str] | None) -> np.ndarray[Any, Any] | None:
    """See `Record.lost`: rows whose squares overflow."""
    return np.asarray(~np.isfinite((x**2).sum(axis=1))) if model.kernel == "rbf" else None


@carries("KernelRidge", record=Record(same_bits=False, jumps=False, training_rows=("X_fit_",), lost=_squares_lost))
def kernel_ridge(c: Carrier, model: Any, frame: Frame) -> Parts:
    """kernel @ dual_coef_."""
    dual = np.asarray(model.dual_coef_, np.float64)
    dual = dual.reshape(len(dual), -1)
    k = _kernel(c, model, frame, model.X_fit_, model.gamma, model.coef0, model.degree)
    _refuse_amplified(c, model, model.X_fit_, dual)
    return {"predict": (Block(c.g.op("MatMul", k, np.ascontiguousarray(dual)), "double", dual.shape[1]),)}


@carries(
    "KernelPCA",
    record=Record(same_bits=False, jumps=False, training_rows=("X_fit_",), dense=True, lost=_squares_lost, sums=True),
)
def kernel_pca(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The centred kernel @ eigenvectors_ / sqrt(eigenvalues_)."""
    g = c.g
    k = _kernel(c, model, frame, model.X_fit_, getattr(model, "gamma_", model.gamma), model.coef0, model.degree)
    rows = np.asarray(model._centerer.K_fit_rows_, np.float64)
    mean = g.op("Div", row_sums(g, k, len(rows)), row([len(rows)]))
    centred = g.op("Add", g.op("Sub", g.op("Sub", k, row(rows)), mean), row([float(model._centerer.K_fit_all_)]))
    values = np.asarray(model.eigenvalues_, np.float64)
    scaled = np.zeros_like(model.eigenvectors_)
    used = np.flatnonzero(values)
    scaled[:, used] = model.eigenvectors_[:, used] / np.sqrt(values[used])
    _refuse_amplified(c, model, model.X_fit_, scaled)
    return {"transform": (Block(g.op("MatMul", centred, np.ascontiguousarray(scaled)), "double", scaled.shape[1]),)}


@carries(
    "Nystroem",
    record=Record(
        same_bits=False, jumps=False, training_rows=("components_",), dense=True, lost=_squares_lost, sums=True
    ),
)
def nystroem(c: Carrier, model: Any, frame: Frame) -> Parts:
    """kernel @ normalization_.T."""
    given = dict(model.kernel_params or {})
    for name in ("gamma", "coef0", "degree"):
        if getattr(model, name) is not None:
            given[name] = getattr(model, name)
    k = _kernel(c, model, frame, model.components_, given.get("gamma"), given.get("coef0", 1.0), given.get("degree", 3))
    normal = np.ascontiguousarray(np.asarray(model.normalization_, np.float64).T)
    _refuse_amplified(c, model, model.components_, normal)
    return {"transform": (Block(c.g.op("MatMul", k, normal), "double", normal.shape[1]),)}


def _refuse_amplified(c: Carrier, model: Any, points: Any, weights: Any) -> None:
    """Refuses weights that blow the kernel's last bit up: scikit-learn's own answers vary with the batch then."""
    squares = float((np.asarray(points, np.float64) ** 2).sum(axis=1).max())
    gamma = 1.0 / np.shape(points)[1] if getattr(model, "gamma", None) is None else float(model.gamma)
    if model.kernel == "linear":
        largest = squares
    elif model.kernel in ("poly", "polynomial"):
        coef0, degree = (1.0 if model.coef0 is None else model.coef0), (3 if model.degree is None else model.degree)
        largest = abs(gamma * squares + coef0) ** degree
    else:
        largest = 1.0
    noise = np.finfo(np.float64).eps * largest * float(np.sqrt((weights**2).sum(axis=0)).max())
    if noise > _LAST_BIT:
        raise c.unsupported(
            model,
            "its kernel matrix is nearly singular, and rounding errors grow to"
            f" {noise:.0e} in its answers, in scikit-learn too",
            "Ask for fewer components, raise alpha, or put a StandardScaler in front, and train again",
        )


def _kernel(c: Carrier, model: Any, frame: Frame, points: Any, gamma: Any, coef0: float, degree: float) -> str:
    x = c.doubles(frame, model)
    if hasattr(points, "toarray"):
        raise c.unsupported(model, "it was trained on a sparse matrix", "Train it on the dense one (.toarray())")
    points = np.ascontiguousarray(points, dtype=np.float64)
    if model.kernel == "rbf":
        scale = 1.0 / points.shape[1] if gamma is None else float(gamma)
        noise = 4 * np.finfo(np.float64).eps * scale * (points**2).sum(axis=1).max()
        if noise > _NOISE:
            raise c.unsupported(
                model,
                "its training rows are so far from zero that scikit-learn's distances, |x|^2 - 2 x.y + |y|^2, carry a"
                " rounding error into the kernel",
                "Put a StandardScaler in front and train again",
            )
    return kernels.write_kernel(c, model, x, points, model.kernel, gamma=gamma, coef0=coef0, degree=degree)
