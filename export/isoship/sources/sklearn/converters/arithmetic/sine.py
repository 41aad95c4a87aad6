"""Sine and cosine of doubles, written out: the same bits wherever a number stands in a batch.

onnxruntime's own Sin and Cos compute neighbours together, and then with an error of 1e-16 instead of one in the last
place: Sin(pi) is -0.0 in a batch and 1.2e-16 alone (docs/upstream.md). A threshold behind it takes noon for midnight.

    x -> k = Round(x * 2/pi) -> r = x - k * pi/2, pi/2 in four parts (Cody and Waite), r as a sum of two doubles
      -> sin(r) and cos(r) by their Taylor series, |r| <= pi/4 -> one of them, with its sign, by k mod 4

Within 1 ulp of the real number up to |x| of 1.6 million, also next to the multiples of pi/2. Beyond that onnxruntime's
own operator answers: numbers there lie so far apart that its absolute error is far below theirs. The browser's prefix
computes with Math.sin and Math.cos, and TF.js with its own operators (`isoship.tfjs.canonical`).
"""

from __future__ import annotations

import math

import numpy as np

from isoship.onnx.graph import GraphBuilder

#: The last node of each is a Where of this name, by which the browser's form knows it; its third input is the argument.
SINE, COSINE = "sine", "cosine"

#: pi/2 = 33 bits + 33 bits + 33 bits + the rest: k times each of the first three is exact up to |k| of 2^20.
_PARTS = (
    float.fromhex("0x1.921fb544p+0"),
    float.fromhex("0x1.0b4611a6p-34"),
    float.fromhex("0x1.3198a2e0p-69"),
    float.fromhex("0x1.b839a252049c1p-104"),
)
_MOST = 2.0**20 * math.pi / 2
#: Below this sin(x) is x to the last bit; zeros keep their sign.
_TINY = 2.0**-27
_TERMS = 8


def write_sine(g: GraphBuilder, x: str) -> str:
    """numpy.sin."""
    far = _reaches(g, x, _MOST)
    near = _written(g, g.op("Where", far, np.float64(0), x), 0.0)
    return g.op("Where", _reaches(g, x, _TINY), g.op("Where", far, g.op("Sin", x), near), x, seed=SINE)


def write_cosine(g: GraphBuilder, x: str) -> str:
    """numpy.cos."""
    far = _reaches(g, x, _MOST)
    near = _written(g, g.op("Where", far, np.float64(0), x), 1.0)
    number = g.op("Not", g.op("IsNaN", x))
    return g.op("Where", number, g.op("Where", far, g.op("Cos", x), near), x, seed=COSINE)


def _reaches(g: GraphBuilder, x: str, end: float) -> str:
    """Whether |x| >= end, without a comparison: these ends are no thresholds of the model, whose columns are profiled
    by its comparisons (`isoship.rows.structure`)."""
    return g.cast(g.op("Floor", g.op("Mul", g.op("Abs", x), np.float64(1 / end))), np.bool_)


def _written(g: GraphBuilder, x: str, quarters: float) -> str:
    """sin(x + quarters * pi/2)."""
    k = g.op("Round", g.op("Mul", x, np.float64(2 / math.pi)))
    high, low = _reduced(g, x, k)
    square = g.op("Mul", high, high)
    sine, cosine = _sine(g, high, low, square), _cosine(g, high, low, square)
    turned = g.op("Add", k, np.float64(quarters)) if quarters else k
    halves = g.op("Floor", g.op("Mul", turned, np.float64(0.5)))
    odd = g.op("Sub", turned, g.op("Add", halves, halves))
    half = g.op("Mul", halves, np.float64(0.5))
    back = g.op("Sub", half, g.op("Floor", half))  # 0.5 in the third and fourth quarter
    sign = g.op("Sub", np.float64(1), g.op("Mul", back, np.float64(4)))
    return g.op("Mul", g.op("Where", g.cast(odd, np.bool_), cosine, sine), sign)


def _reduced(g: GraphBuilder, x: str, k: str) -> tuple[str, str]:
    """x - k * pi/2 as a sum of two doubles."""
    first, second, third, rest = (g.op("Mul", k, np.float64(part)) for part in _PARTS)
    high = g.op("Sub", x, first)  # exact: both are near each other, on one grid
    high, lost = _difference(g, high, second)
    high, more = _difference(g, high, third)
    low = g.op("Sub", g.op("Add", lost, more), rest)
    total = g.op("Add", high, low)
    return total, g.op("Add", g.op("Sub", high, total), low)


def _difference(g: GraphBuilder, a: str, b: str) -> tuple[str, str]:
    """a - b and what rounding took from it (Knuth's TwoSum)."""
    d = g.op("Sub", a, b)
    of_b = g.op("Sub", d, a)
    return d, g.op("Sub", g.op("Sub", a, g.op("Sub", d, of_b)), g.op("Add", b, of_b))


def _sine(g: GraphBuilder, high: str, low: str, square: str) -> str:
    """sin(high + low) = high + (high^3 * series(high^2) + low * (1 - high^2/2))."""
    series = _series(g, square, [(-1.0) ** n / math.factorial(2 * n + 1) for n in range(1, _TERMS + 1)])
    bent = g.op("Mul", g.op("Mul", high, square), series)
    slope = g.op("Sub", np.float64(1), g.op("Mul", square, np.float64(0.5)))
    return g.op("Add", high, g.op("Add", bent, g.op("Mul", low, slope)))


def _cosine(g: GraphBuilder, high: str, low: str, square: str) -> str:
    """cos(high + low) = 1 - high^2/2 + (high^4 * series(high^2) - high * low), with what 1 - high^2/2 loses."""
    series = _series(g, square, [(-1.0) ** n / math.factorial(2 * n) for n in range(2, _TERMS + 2)])
    half = g.op("Mul", square, np.float64(0.5))
    most = g.op("Sub", np.float64(1), half)
    lost = g.op("Sub", g.op("Sub", np.float64(1), most), half)
    bent = g.op("Mul", g.op("Mul", square, square), series)
    return g.op("Add", most, g.op("Add", lost, g.op("Sub", bent, g.op("Mul", high, low))))


def _series(g: GraphBuilder, square: str, terms: list[float]) -> str:
    """Horner's scheme; terms from the lowest power up."""
    total = g.op("Mul", square, np.float64(terms[-1]))
    for term in terms[-2:0:-1]:
        total = g.op("Mul", square, g.op("Add", total, np.float64(term)))
    return g.op("Add", total, np.float64(terms[0]))
