"""FunctionTransformer: the identity, or one of numpy's element-wise functions.

Any other function is Python code, which no graph can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.sine import write_cosine, write_sine
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.raw_columns import Places, columnwise
from isoship.sources.sklearn.walk.registry import Record, carries

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
_EXACT = frozenset({"absolute", "ceil", "fabs", "floor", "negative", "reciprocal", "rint", "sign", "sqrt", "square"})
_JUMPING = ("ceil", "floor", "rint", "sign")


def _same_bits(step: Any) -> bool:
    return step.func is None or step.func.__name__ in _EXACT


def _jumps(step: Any) -> bool:
    return getattr(step.func, "__name__", "") in _JUMPING


def _output_places(step: Any, places: Places) -> Places | None:
    if step.func is None:
        return places
    return columnwise(step, places) if isinstance(step.func, np.ufunc) else None


@carries(
    "FunctionTransformer",
    record=Record(same_bits=_same_bits, jumps=_jumps, output_places=_output_places, enlarges=True),
)
def function_transformer(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """func applied to every number; None is the identity."""
    func = transformer.func
    if func is None:
        return {"transform": frame}
    write = FUNCTIONS.get(func.__name__) if isinstance(func, np.ufunc) else None
    if write is None or transformer.kw_args:
        raise c.unsupported(
            transformer,
            f"func={getattr(func, '__name__', repr(func))} is Python code, which no graph can hold",
            f"Apply it to the data before the model, or use one of numpy's {', '.join(sorted(FUNCTIONS))}",
        )
    booleans = [block.dtype == "bool" for block in frame]
    alone = all(booleans) or not transformer.validate  # a validated table of several types is one of doubles
    if any(booleans) and alone and not _same_on_booleans(func):
        raise c.unsupported(
            transformer,
            f"numpy computes {func.__name__} of booleans in 16-bit floats",
            "Make the column a number before training (astype(float)), or leave it out of this step",
        )
    x = c.doubles(frame, transformer)
    return {"transform": (Block(write(c.g, x.name), "double", x.width),)}


def _same_on_booleans(func: Any) -> bool:
    """Whether numpy's answers on False and True are those on 0.0 and 1.0; also where it gives none."""
    try:
        return bool((func(np.array([False, True])) == func(np.array([0.0, 1.0]))).all())
    except TypeError:
        return True
