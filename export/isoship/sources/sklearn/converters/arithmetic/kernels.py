"""Kernels and distances between rows and fixed points, in double, without cancellation.

    x [N, F] -> Gather (column) -> Sub (points' column [1, S]) -> Mul (itself) -> Add ... = |x - p|^2  [N, S]
    x [N, F] -> MatMul (points.T) -> Mul (gamma) -> Add (coef0)                 = gamma x.p + coef0   [N, S]

Differences are summed column by column: |x|^2 - 2 x.p + |p|^2 loses every digit where the columns are far from zero
and the points close together, and needs no more memory than [N, S] either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, row

#: Beyond this many columns, several share a node: [N, S, columns / 32] for a moment instead of a long graph.
_UNROLLED = 32

Points = np.ndarray[Any, np.dtype[np.float64]]


def squared_differences(g: GraphBuilder, x: Block, points: Points) -> str:
    """sum (x - p)^2 over the columns, double [N, S]."""
    return _over_columns(g, x, points, lambda difference: g.op("Mul", difference, difference), "ReduceSum", "Add")


def absolute_differences(g: GraphBuilder, x: Block, points: Points) -> str:
    """sum |x - p|, double [N, S]."""
    return _over_columns(g, x, points, lambda difference: g.op("Abs", difference), "ReduceSum", "Add")


def largest_difference(g: GraphBuilder, x: Block, points: Points) -> str:
    """max |x - p|, double [N, S]."""
    return _over_columns(g, x, points, lambda difference: g.op("Abs", difference), "ReduceMax", "Max")


def power_differences(g: GraphBuilder, x: Block, points: Points, p: float, weights: Any = None) -> str:
    """sum w |x - p|^p, double [N, S]; weights: one a column."""
    scale = None if weights is None else np.asarray(weights, np.float64)
    parts = []
    for columns, difference in _differences(g, x, points, 1):
        term = g.op("Pow", g.op("Abs", difference), np.float64(p))
        parts.append(term if scale is None else g.op("Mul", row(np.full(len(points), scale[columns[0]])), term))
    total = parts[0]
    for part in parts[1:]:
        total = g.op("Add", total, part)
    return total


def products(g: GraphBuilder, x: Block, points: Points) -> str:
    """x @ points.T, double [N, S]."""
    return g.op("MatMul", x.name, np.ascontiguousarray(points.T))


def scaled(g: GraphBuilder, tensor: str, factor: float, width: int) -> str:
    """Every column times a factor: a vector, because onnxruntime turns a scalar after a MatMul into float32."""
    return g.op("Mul", tensor, row(np.full(width, factor)))


def power(g: GraphBuilder, base: str, exponent: int) -> str:
    """base^exponent by repeated squaring, as libsvm rounds it; exponent >= 1."""
    result = ""
    while exponent:
        if exponent % 2:
            result = g.op("Mul", result, base) if result else base
        exponent //= 2
        if exponent:
            base = g.op("Mul", base, base)
    return result


def write_kernel(
    c: Carrier,
    model: Any,
    x: Block,
    points: Points,
    kernel: Any,
    *,
    gamma: float | None = None,
    coef0: float = 1.0,
    degree: float = 3,
) -> str:
    """A kernel between x and the points, double [N, S].

    Raises:
        UnsupportedModelError: the kernel is Python code, a matrix given by the user, or not known here.
    """
    if callable(kernel):
        raise c.unsupported(
            model, "kernel is Python code, which no graph can hold", f"Use one of {', '.join(KERNELS)} and train again"
        )
    if kernel == "precomputed":
        raise c.unsupported(
            model, "kernel='precomputed': rows would have to hold their kernel with every training row",
            f"Train it on the columns themselves with one of {', '.join(KERNELS)}",
        )  # fmt: skip
    if kernel not in KERNELS:
        raise c.unsupported(model, f"isoship has no kernel {kernel!r}", f"Use one of {', '.join(KERNELS)}")
    g, count = c.g, len(points)
    if gamma is None:
        gamma = 1.0 / points.shape[1]
    if kernel == "linear":
        return products(g, x, points)
    if kernel == "rbf":
        return g.op("Exp", scaled(g, squared_differences(g, x, points), -gamma, count))
    if kernel == "laplacian":
        return g.op("Exp", scaled(g, absolute_differences(g, x, points), -gamma, count))
    if kernel == "cosine":
        return products(g, unit_rows(g, x), unit_points(points))
    inner = g.op("Add", scaled(g, products(g, x, points), gamma, count), row(np.full(count, coef0)))
    if kernel == "sigmoid":
        return g.op("Tanh", inner)
    if degree == int(degree) and 1 <= degree <= 64:
        return power(g, inner, int(degree))
    return g.op("Pow", inner, np.float64(degree))


#: Kernels with a graph.
KERNELS = ("linear", "rbf", "poly", "polynomial", "sigmoid", "laplacian", "cosine")


def unit_rows(g: GraphBuilder, x: Block) -> Block:
    """Rows divided by their length; a length below 10 eps counts as 1, as in scikit-learn."""
    length = g.op("Sqrt", g.op("ReduceSum", g.op("Mul", x.name, x.name), np.array([1]), keepdims=1))
    tiny = g.op("Less", length, np.float64(10 * np.finfo(np.float64).eps))
    return Block(g.op("Div", x.name, g.op("Where", tiny, np.float64(1), length)), "double", x.width)


def unit_points(points: Points) -> Points:
    """`unit_rows` of constants."""
    length = np.sqrt(np.einsum("ij,ij->i", points, points))[:, None]
    length[length < 10 * np.finfo(np.float64).eps] = 1.0
    return np.asarray(points / length, np.float64)


def _over_columns(
    g: GraphBuilder, x: Block, points: Points, term: Callable[[str], str], reduce: str, accumulate: str
) -> str:
    total = ""
    for columns, difference in _differences(g, x, points, -(-points.shape[1] // _UNROLLED)):
        part = term(difference)
        if len(columns) > 1:
            part = g.op(reduce, part, np.array([2]), keepdims=0)
        total = g.op(accumulate, total, part) if total else part
    return total


def _differences(g: GraphBuilder, x: Block, points: Points, together: int) -> Iterator[tuple[range, str]]:
    """x - p column by column, [N, S], or `together` columns at a time, [N, S, together]."""
    width = points.shape[1]
    for start in range(0, width, together):
        columns = range(start, min(start + together, width))
        mine = x.name if len(columns) == x.width else g.op("Gather", x.name, np.array(columns, np.int64), axis=1)
        if len(columns) == 1:
            yield columns, g.op("Sub", mine, row(points[:, start]))
        else:
            wide = g.op("Unsqueeze", mine, np.array([1]))
            yield columns, g.op("Sub", wide, np.ascontiguousarray(points[None, :, columns.start : columns.stop]))
