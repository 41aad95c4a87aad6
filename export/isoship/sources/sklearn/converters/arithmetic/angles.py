"""Inverse circular functions of doubles, written out: onnxruntime has no double kernel of them.

    arctan(x): t = min(|x|, 1/|x|) -> three times t / (1 + sqrt(1 + t^2)), which halves the angle -> series -> times 8
               -> pi/2 less it where |x| >= 1 -> the sign of x
    arcsin(x) = arctan(x / sqrt((1 - x) (1 + x)))        arccos(x) = 2 arctan(sqrt((1 - x) / (1 + x)))

Within a few ulp of the real number. No comparison is written: the ends of these formulas are no thresholds of the model
(`isoship.rows.structure`).
"""

from __future__ import annotations

import math

import numpy as np

from isoship.onnx.graph import GraphBuilder

_ONE, _TWO, _HALF_TURN = np.float64(1), np.float64(2), np.float64(math.pi)
#: |t| is at most tan(pi/32) in the series: its next term is below a tenth of an ulp.
_HALVINGS, _TERMS = 3, 9


def write_arctan(g: GraphBuilder, x: str) -> str:
    """numpy.arctan."""
    size = g.op("Abs", x)
    t = g.op("Min", size, g.op("Div", _ONE, size))
    for _ in range(_HALVINGS):
        t = g.op("Div", t, g.op("Add", _ONE, g.op("Sqrt", g.op("Add", _ONE, g.op("Mul", t, t)))))
    angle = g.op("Mul", _series(g, t), np.float64(2.0**_HALVINGS))
    steep = g.cast(g.op("Floor", size), np.bool_)
    angle = g.op("Where", steep, g.op("Sub", np.float64(math.pi / 2), angle), angle)
    return g.op("Mul", g.op("Sign", x), angle)


def write_arcsin(g: GraphBuilder, x: str) -> str:
    """numpy.arcsin; NaN beyond 1, as the root is."""
    root = g.op("Sqrt", g.op("Mul", g.op("Sub", _ONE, x), g.op("Add", _ONE, x)))
    return write_arctan(g, g.op("Div", x, root))


def write_arccos(g: GraphBuilder, x: str) -> str:
    """numpy.arccos; NaN beyond 1, as the root is."""
    root = g.op("Sqrt", g.op("Div", g.op("Sub", _ONE, x), g.op("Add", _ONE, x)))
    return g.op("Mul", _TWO, write_arctan(g, root))


def write_arctan2(g: GraphBuilder, y: str, x: str) -> str:
    """numpy.arctan2: the angle of the quotient, and half a turn more where x is negative.

    Infinities become what their direction is: (1, 0), (0, 1), (1, 1) and their like.
    """
    far = g.op("Or", g.op("IsInf", x), g.op("IsInf", y))
    flat, high = (g.op("Where", far, _direction(g, each), each) for each in (x, y))
    flat_sign, high_sign = g.op("Sign", flat), g.op("Sign", high)
    nothing = g.op("Mul", _less(g, g.op("Abs", flat_sign)), _less(g, g.op("Abs", high_sign)))
    # 0.0 is added for the sign of zeros: a quotient by -0.0 would point the other way
    quotient = g.op("Div", high, g.op("Add", g.op("Add", flat, np.float64(0)), nothing))
    behind = g.op("Sub", g.op("Mul", flat_sign, flat_sign), flat_sign)
    behind = g.op("Add", behind, g.op("Mul", nothing, _less(g, _side(g, x))))
    behind, upward = g.op("Mul", behind, np.float64(0.5)), _side(g, y)
    turned = g.op("Mul", g.op("Mul", behind, upward), _HALF_TURN)
    return g.op("Add", write_arctan(g, quotient), turned)


def write_hypot(g: GraphBuilder, x: str, y: str) -> str:
    """numpy.hypot: scaled by the larger one, so that nothing overflows on the way."""
    a, b = g.op("Abs", x), g.op("Abs", y)
    larger, smaller = g.op("Max", a, b), g.op("Min", a, b)
    scale = g.op("Add", larger, _less(g, g.op("Sign", larger)))
    share = g.op("Div", smaller, scale)
    length = g.op("Mul", larger, g.op("Sqrt", g.op("Add", _ONE, g.op("Mul", share, share))))
    far = g.op("Or", g.op("IsInf", x), g.op("IsInf", y))
    return g.op("Where", far, np.float64(np.inf), length)


def _direction(g: GraphBuilder, x: str) -> str:
    """The sign of an infinity, and 0 for every number beside one; a missing one stays."""
    number = g.op("Mul", x, np.float64(0))
    return g.op("Where", g.op("IsInf", x), g.op("Sign", x), number)


def _side(g: GraphBuilder, x: str) -> str:
    """1 or -1, by the sign of a zero, too."""
    sign = g.op("Sign", x)
    of_zero = g.op("Sign", g.op("Div", _ONE, x))
    return g.op("Add", sign, g.op("Mul", _less(g, g.op("Abs", sign)), of_zero))


def _less(g: GraphBuilder, x: str) -> str:
    return g.op("Sub", _ONE, x)


def _series(g: GraphBuilder, t: str) -> str:
    """t - t^3/3 + t^5/5 - ..., by Horner's scheme."""
    square = g.op("Mul", t, t)
    total = g.op("Mul", square, np.float64((-1.0) ** _TERMS / (2 * _TERMS + 1)))
    for n in range(_TERMS - 1, 0, -1):
        total = g.op("Mul", square, g.op("Add", total, np.float64((-1.0) ** n / (2 * n + 1))))
    return g.op("Add", t, g.op("Mul", t, total))
