"""From scores to probabilities and labels.

onnxruntime's double `Sigmoid` and `Softmax` stay within 3e-16 of scipy's; both are one node, also in TF.js.
Its `Sigmoid` is 1 - 1/(1 + e) for negative scores, so it is 0 below -37 where scipy's is 1e-17: `expit` is written out
where such a probability is divided by another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.walk.frame import Block

_LAST = np.array([1])


def two_columns(g: GraphBuilder, positive: str) -> Block:
    """[1 - p, p], double [N, 2], from p [N, 1]."""
    return Block(g.op("Concat", g.op("Sub", np.float64(1), positive), positive, axis=1), "double", 2)


def expit(g: GraphBuilder, scores: str) -> str:
    """1 / (1 + exp(-x)), as scipy's `expit`, to the last digit also where it is tiny."""
    return g.op("Div", np.float64(1), g.op("Add", np.float64(1), g.op("Exp", g.op("Neg", scores))))


def softmax(g: GraphBuilder, scores: str) -> str:
    """scikit-learn's softmax along the columns: the highest subtracted, exp, divided by the sum."""
    exp = g.op("Exp", g.op("Sub", scores, g.op("ReduceMax", scores, _LAST, keepdims=1)))
    return g.op("Div", exp, g.op("ReduceSum", exp, _LAST, keepdims=1), seed="softmax")


def normalised(g: GraphBuilder, p: str, classes: int) -> Block:
    """Rows divided by their sum; a row of zeros becomes uniform, as scikit-learn's one-vs-rest has it."""
    total = g.op("ReduceSum", p, np.array([1]), keepdims=1)
    empty = g.op("Equal", total, np.float64(0))
    p = g.op("Where", empty, np.float64(1), p)
    total = g.op("Where", empty, np.float64(classes), total)
    return Block(g.op("Div", p, total), "double", classes)


def above(g: GraphBuilder, scores: str, threshold: float = 0.0) -> str:
    """1 where a single score exceeds the threshold, else 0: int64 [N] from [N, 1]."""
    return g.op("Squeeze", g.cast(g.op("Greater", scores, np.float64(threshold)), np.int64), np.array([1]))


def highest(g: GraphBuilder, scores: str) -> str:
    """The first column with the highest score, int64 [N]."""
    return g.op("ArgMax", scores, axis=1, keepdims=0)


def label(g: GraphBuilder, classes: Any, number: str) -> Block:
    """The class with this number, [N], in the classes' own type."""
    values = label_values(classes)
    dtype = {"i": "int64", "f": "double", "b": "bool", "U": "string"}[values.dtype.kind]
    if dtype == "int64" and np.array_equal(values, np.arange(len(values))):
        return Block(number, dtype, None)
    return Block(g.op("Gather", g.const(values, name="classes"), number, axis=0), dtype, None)


def label_values(classes: Any) -> np.ndarray[Any, Any]:
    """Classes in a type that ONNX labels have: int64, double, bool or string, the values unchanged."""
    values = np.asarray(classes)
    if values.dtype.kind == "O":
        values = np.array(values.tolist())
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    return values if values.dtype.kind == "b" else values.astype(str)
