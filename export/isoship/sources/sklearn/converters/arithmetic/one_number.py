"""Functions of one number, by numpy's names: what each writes into a graph of doubles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.sine import write_cosine, write_sine

Write = Callable[[GraphBuilder, str], str]


def _plain(operator: str) -> Write:
    return lambda g, x: g.op(operator, x)


def write_log1p(g: GraphBuilder, x: str) -> str:
    """log(u) * x / (u - 1) with u = 1 + x (Goldberg 1991, theorem 4): exact to a few ulp, also near 0."""
    u = g.op("Add", x, np.float64(1))
    log = g.op("Log", u)
    near = g.op("Div", g.op("Mul", log, x), g.op("Sub", u, np.float64(1)))
    tiny = g.op("Equal", u, np.float64(1))
    far = g.op("Equal", u, x)
    return g.op("Where", tiny, x, g.op("Where", far, log, near))


def write_expm1(g: GraphBuilder, x: str) -> str:
    """(u - 1) * x / log(u) with u = exp(x) (Kahan), with the ends written out."""
    u = g.op("Exp", x)
    less = g.op("Sub", u, np.float64(1))
    near = g.op("Div", g.op("Mul", less, x), g.op("Log", u))
    tiny = g.op("Equal", u, np.float64(1))
    flat = g.op("Greater", g.op("Abs", x), np.float64(40))  # 1 is below half an ulp of u, or u of 1
    return g.op("Where", tiny, x, g.op("Where", flat, less, near))


def _sign(g: GraphBuilder, x: str) -> str:
    """onnxruntime's Sign gives 1 for NaN."""
    return g.op("Where", g.op("IsNaN", x), x, g.op("Sign", x))


#: By the function's name in numpy. np.log2 and np.log10 are left out: log(x) / log(2) misses whole powers.
FUNCTIONS: dict[str, Write] = {
    "absolute": _plain("Abs"),
    "fabs": _plain("Abs"),
    "ceil": _plain("Ceil"),
    "cos": write_cosine,
    "exp": _plain("Exp"),
    "expm1": write_expm1,
    "floor": _plain("Floor"),
    "log": _plain("Log"),
    "log1p": write_log1p,
    "negative": _plain("Neg"),
    "reciprocal": lambda g, x: g.op("Div", np.float64(1), x),
    "rint": _plain("Round"),
    "sign": _sign,
    "sin": write_sine,
    "sqrt": _plain("Sqrt"),
    "square": lambda g, x: g.op("Mul", x, x),
    "tanh": _plain("Tanh"),
}

#: Functions whose graphs give numpy's own bits, and those that jump.
EXACT = frozenset({"absolute", "ceil", "fabs", "floor", "negative", "reciprocal", "rint", "sign", "sqrt", "square"})
JUMPING = frozenset({"ceil", "floor", "rint", "sign"})
