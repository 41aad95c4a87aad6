"""Covariance functions of Gaussian processes (sklearn.gaussian_process.kernels), sums and products included."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import kernels
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, row
from isoship.sources.sklearn.walk.registry import key_of

#: Functions with a graph; Sum, Product and Exponentiation join them.
COVARIANCES = (
    "ConstantKernel",
    "DotProduct",
    "Matern",
    "RBF",
    "RationalQuadratic",
    "WhiteKernel",
)


def write_covariance(c: Carrier, model: Any, kernel: Any, x: Block, points: kernels.Points) -> str:
    """k(x, points), double [N, S]; rows count as new ones, so white noise is 0.

    Raises:
        UnsupportedModelError: a covariance function that is not in COVARIANCES.
    """
    g, count, name = c.g, len(points), key_of(kernel)
    if name in ("Sum", "Product"):
        one, two = (write_covariance(c, model, part, x, points) for part in (kernel.k1, kernel.k2))
        return g.op("Add" if name == "Sum" else "Mul", one, two)
    if name == "Exponentiation":
        return g.op("Pow", write_covariance(c, model, kernel.kernel, x, points), np.float64(kernel.exponent))
    if name == "ConstantKernel":
        return _filled(c, x, kernel.constant_value, count)
    if name == "WhiteKernel":
        return _filled(c, x, 0.0, count)
    if name == "DotProduct":
        return g.op("Add", kernels.products(g, x, points), row(np.full(count, kernel.sigma_0**2)))
    if name in ("RBF", "Matern"):
        scale = np.asarray(kernel.length_scale, np.float64).reshape(-1)
        near = Block(g.op("Div", x.name, row(scale)), "double", x.width)
        squared = kernels.squared_differences(g, near, points / scale)
        if name == "RBF" or kernel.nu == math.inf:
            return g.op("Exp", kernels.scaled(g, squared, -0.5, count))
        return _matern(c, model, kernel, g.op("Sqrt", squared), count)
    if name == "RationalQuadratic":
        squared = kernels.squared_differences(g, x, points)
        ratio = g.op("Div", squared, row(np.full(count, 2 * kernel.alpha * kernel.length_scale**2)))
        return g.op("Pow", g.op("Add", ratio, row(np.ones(count))), np.float64(-kernel.alpha))
    if name == "ExpSineSquared":
        raise c.unsupported(
            model,
            "ExpSineSquared takes the sine of a distance, which turns the last bit of a large one into any answer",
            f"Use {', '.join(COVARIANCES)}, their sums and products, and train again",
        )
    raise c.unsupported(
        model, f"isoship has no covariance function {kernel}", f"Use {', '.join(COVARIANCES)}, their sums and products"
    )


def write_variance(c: Carrier, model: Any, kernel: Any, x: Block) -> str:
    """k(x, x), double [N, 1]; white noise counts."""
    g, name = c.g, key_of(kernel)
    if name in ("Sum", "Product"):
        one, two = (write_variance(c, model, part, x) for part in (kernel.k1, kernel.k2))
        return g.op("Add" if name == "Sum" else "Mul", one, two)
    if name == "Exponentiation":
        return g.op("Pow", write_variance(c, model, kernel.kernel, x), np.float64(kernel.exponent))
    if name == "DotProduct":
        squares = g.op("ReduceSum", g.op("Mul", x.name, x.name), np.array([1]), keepdims=1)
        return g.op("Add", squares, row([kernel.sigma_0**2]))
    constant = {"ConstantKernel": "constant_value", "WhiteKernel": "noise_level"}.get(name or "")
    return _filled(c, x, getattr(kernel, constant) if constant else 1.0, 1)


def _matern(c: Carrier, model: Any, kernel: Any, distance: str, count: int) -> str:
    g, nu = c.g, kernel.nu
    if nu == 0.5:
        return g.op("Exp", g.op("Neg", distance))
    if nu not in (1.5, 2.5):
        raise c.unsupported(
            model, f"Matern with nu={nu} is a Bessel function", "Use nu=0.5, 1.5, 2.5 or inf and train again"
        )
    k = kernels.scaled(g, distance, math.sqrt(2 * nu), count)
    factor = g.op("Add", k, row(np.ones(count)))
    if nu == 2.5:
        factor = g.op("Add", factor, g.op("Div", g.op("Mul", k, k), row(np.full(count, 3.0))))
    return g.op("Mul", factor, g.op("Exp", g.op("Neg", k)))


def _filled(c: Carrier, x: Block, value: float, width: int) -> str:
    """A constant for every row, double [N, width]."""
    first = c.g.op("Gather", x.name, np.array([0]), axis=1)
    nothing = c.g.op("Where", c.g.op("Equal", first, first), np.float64(0), np.float64(0))
    return c.g.op("Add", nothing, row(np.full(width, value)))
