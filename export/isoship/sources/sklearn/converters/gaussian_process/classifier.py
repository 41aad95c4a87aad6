"""Gaussian process classification by Laplace's approximation.

x -> kernel (X_train_) [N, S] -> MatMul (y - pi) = latent mean -> Greater 0 = label
kernel -> MatMul (L^-1 W^1/2) -> squares summed -> Sub from k(x, x) = latent variance
mean, variance -> five error functions (Williams and Barber, 1998) = probability of the second class
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.converters.gaussian_process.kernels import write_covariance, write_variance
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, join, row
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])


def _latent(model: Any, x: Any) -> np.ndarray[Any, Any] | None:
    """The size of the latent mean, by whose sign two classes are told; it came with 1.7 as a method."""
    if model.n_classes_ != 2:
        return None
    process = model.base_estimator_
    mean = process.kernel_(process.X_train_, np.asarray(x, np.float64)).T @ (process.y_train_ - process.pi_)
    return np.asarray(np.abs(mean))


@carries(
    "GaussianProcessClassifier",
    record=Record(same_bits=False, jumps=False, training_rows=("base_estimator_",), margin=_latent, label="votes"),
)
def gaussian_process_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Two classes: one process; more: one a class against the others, the last of equals."""
    if model.n_classes_ == 2:
        positive, mean = _binary(c, model, model.base_estimator_, frame)
        number = links.above(c.g, mean)
        return {
            "predict": (links.label(c.g, model.classes_, number),),
            "predict_proba": (links.two_columns(c.g, positive),),
        }
    if model.multi_class == "one_vs_one":
        raise c.unsupported(
            model, "multi_class='one_vs_one' has no probabilities to compare", "Use multi_class='one_vs_rest'"
        )
    shares = []
    for i, member in enumerate(model.base_estimator_.estimators_):
        with c.at(f"base_estimator_.estimators_[{i}]"):
            shares.append(Block(_binary(c, model, member, frame)[0], "double", 1))
    p = join(c.g, shares)
    count = len(shares)
    backwards = c.g.op("Gather", p.name, np.arange(count - 1, -1, -1), axis=1)
    label = links.label(c.g, np.asarray(model.classes_)[::-1], links.highest(c.g, backwards))
    total = c.g.op("ReduceSum", p.name, _LAST, keepdims=1)
    empty = c.g.op("Equal", total, np.float64(0))
    share = c.g.op("Div", p.name, c.g.op("Where", empty, np.float64(1), total))
    return {"predict": (label,), "predict_proba": (Block(share, "double", count),)}


def _binary(c: Carrier, model: Any, process: Any, frame: Frame) -> tuple[str, str]:
    """The probability of the second class, and the latent mean, both double [N, 1]."""
    from scipy.linalg import solve_triangular
    from sklearn.gaussian_process import _gpc

    g, x = c.g, c.doubles(frame, model)
    points = np.ascontiguousarray(process.X_train_, dtype=np.float64)
    k = write_covariance(c, model, process.kernel_, x, points)
    mean = g.op("MatMul", k, np.asarray(process.y_train_ - process.pi_, np.float64)[:, None])
    solver = solve_triangular(process.L_, np.diag(process.W_sr_), lower=True)
    v = g.op("MatMul", k, np.ascontiguousarray(solver.T))
    explained = g.op("ReduceSum", g.op("Mul", v, v), _LAST, keepdims=1)
    variance = g.op("Sub", write_variance(c, model, process.kernel_, x), explained)
    lambdas, coefficients = np.asarray(_gpc.LAMBDAS).reshape(1, -1), np.asarray(_gpc.COEFS).reshape(1, -1)
    alpha = g.op("Div", np.full((1, 1), 0.5), variance)
    shrunk = g.op("Sqrt", g.op("Div", alpha, g.op("Add", alpha, lambdas**2)))
    reach = g.op("Mul", g.op("Mul", mean, lambdas), shrunk)
    # sqrt(pi / alpha) / (2 sqrt(2 pi variance)) is 1/2 but for rounding, and NaN where the variance is not positive
    half = g.op(
        "Div",
        g.op("Sqrt", g.op("Div", np.full((1, 1), math.pi), alpha)),
        g.op("Mul", g.op("Sqrt", g.op("Mul", variance, np.full((1, 1), 2 * math.pi))), np.full((1, 1), 2.0)),
    )
    integrals = g.op("Mul", write_erf(c, reach, lambdas.size), half)
    weighted = g.op("ReduceSum", g.op("Mul", integrals, coefficients), _LAST, keepdims=1)
    return g.op("Add", weighted, row([0.5 * coefficients.sum()])), mean


#: erf in pieces this wide, up to where it is 1 in double; Taylor's remainder is then below 1e-17.
_PIECE, _END, _DEGREE = 0.125, 6.0, 12


def write_erf(c: Carrier, x: str, width: int) -> str:
    """The error function of [N, width], within 4e-16: onnxruntime has no double kernel for Erf.

    Its Taylor polynomial about the middle of the piece that x is in; the coefficients are looked up.
    """
    g = c.g
    middle = (np.arange(int(_END / _PIECE)) + 0.5) * _PIECE
    table = _taylor(middle)
    size = g.op("Abs", x)
    inside = g.op("Less", size, np.float64(_END))
    held = g.op("Where", inside, size, np.float64(0))
    place = g.cast(g.op("Floor", g.op("Mul", held, np.full((1, width), 1 / _PIECE))), np.int64)
    t = g.op("Div", g.op("Sub", held, g.op("Gather", g.const(middle), place, axis=0)), np.full((1, width), _PIECE / 2))
    value = g.op("Gather", g.const(np.ascontiguousarray(table[:, -1])), place, axis=0)
    for power in range(_DEGREE - 1, -1, -1):
        coefficient = g.op("Gather", g.const(np.ascontiguousarray(table[:, power])), place, axis=0)
        value = g.op("Add", g.op("Mul", value, t), coefficient)
    value = g.op("Where", inside, value, g.op("Where", g.op("IsNaN", x), x, np.float64(1)))
    return g.op("Mul", value, g.op("Sign", x))


def _taylor(middle: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Coefficients of erf about each middle, by powers of t = (x - middle) / (half a piece), [pieces, degree + 1].

    The n-th derivative is 2 / sqrt(pi) (-1)^(n-1) H_(n-1)(x) exp(-x^2), H being Hermite's polynomials (DLMF 7.10.1).
    """
    from scipy.special import erf

    before, hermite = np.zeros_like(middle), np.ones_like(middle)
    bell = 2 / math.sqrt(math.pi) * np.exp(-(middle**2))
    columns = [erf(middle)]
    for n in range(1, _DEGREE + 1):
        columns.append((-1) ** (n - 1) * bell * hermite * (_PIECE / 2) ** n / math.factorial(n))
        before, hermite = hermite, 2 * middle * hermite - 2 * (n - 1) * before
    return np.stack(columns, axis=1)
