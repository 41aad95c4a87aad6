"""Probabilities of all classes out of probabilities of pairs, as libsvm's iteration has them.

Wu, Lin and Weng, "Probability Estimates for Multi-class Classification by Pairwise Coupling" (JMLR 5, 2004), second
method. Its iteration stops early, at an error of 0.005 / classes, and so its result is not the solution: the graph
repeats the very steps. Two classes need few and are written out; more classes run in a `Loop`.

    r [N, C, C], r[i, j] = P(i | i or j) -> Q -> p = 1 / C -> (stopped? -> p[t] += ..., p /= ...) ... = p [N, C]
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.walk.frame import Block

#: libsvm's bound on a pair's probability.
_LEAST = 1e-7


def pair_probability(g: GraphBuilder, decisions: str, a: str, b: str) -> str:
    """Platt's sigmoid of decisions [N, P] with parameters [1, P], kept off 0 and 1."""
    p = g.op("Sigmoid", g.op("Neg", g.op("Add", g.op("Mul", decisions, a), b)))
    # NaN becomes the lower bound, as in libsvm's comparisons
    p = g.op("Where", g.op("Greater", p, np.float64(_LEAST)), p, np.float64(_LEAST))
    return g.op("Where", g.op("Less", p, np.float64(1 - _LEAST)), p, np.float64(1 - _LEAST))


def coupled(g: GraphBuilder, pairs: str, classes: int) -> Block:
    """Probabilities, double [N, C], from P(i | i or j) of the pairs i < j, [N, C (C - 1) / 2]."""
    q = _quadratic(g, pairs, classes)
    first = g.op("Gather", pairs, np.array([0] * classes, np.int64), axis=1)
    start = g.op("Add", g.op("Sub", first, first), np.full((1, classes), 1.0 / classes))
    if classes == 2:
        p = start
        for _ in range(_steps_of_two()):
            p = _step(g, q, p, classes)
        return Block(p, "double", classes)
    body = GraphBuilder()
    body._taken = g._taken  # a body may not use a name of the graph around it
    iteration, going_in, going_out, before = (body.name(n) for n in ("iteration", "going_in", "going_out", "p_before"))
    after = _step(body, q, before, classes)
    body.op("Identity", going_in, out=going_out)
    graph = helper.make_graph(
        body.nodes,
        "coupling",
        [
            helper.make_tensor_value_info(iteration, TensorProto.INT64, []),
            helper.make_tensor_value_info(going_in, TensorProto.BOOL, []),
            helper.make_tensor_value_info(before, TensorProto.DOUBLE, [None, classes]),
        ],
        [
            helper.make_tensor_value_info(going_out, TensorProto.BOOL, []),
            helper.make_tensor_value_info(after, TensorProto.DOUBLE, [None, classes]),
        ],
        body.initializers,
    )
    p = g.op("Loop", np.array(max(100, classes)), np.array(True), start, body=graph)
    return Block(p, "double", classes)


def _quadratic(g: GraphBuilder, pairs: str, classes: int) -> str:
    """Q [N, C, C]: Q[t, t] = sum of r[j, t]^2 over j, Q[t, j] = -r[j, t] r[t, j]."""
    above = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    place = {pair: k for k, pair in enumerate(above)}
    others = g.op("Sub", np.float64(1), pairs)
    both = g.op("Concat", pairs, others, axis=1)  # r[i, j] at k, r[j, i] at P + k

    def r(i: int, j: int) -> int:
        return place[i, j] if i < j else len(above) + place[j, i]

    squares = g.op("Mul", both, both)
    crossed = g.op("Neg", g.op("Mul", pairs, others))
    cells = []
    for t in range(classes):
        for j in range(classes):
            if t != j:
                cells.append(g.op("Gather", crossed, np.array([place[min(t, j), max(t, j)]]), axis=1))
                continue
            total = ""
            for i in range(classes):
                if i != t:
                    square = g.op("Gather", squares, np.array([r(i, t)]), axis=1)
                    total = g.op("Add", total, square) if total else square
            cells.append(total)
    return g.op("Reshape", g.op("Concat", *cells, axis=1), np.array([-1, classes, classes]))


def _step(g: GraphBuilder, q: str, before: str, classes: int) -> str:
    """One sweep over the classes; rows that have met the stopping rule stay as they are."""
    last = np.array([1])
    products = g.op("Mul", q, g.op("Unsqueeze", before, last))
    qp = g.op("ReduceSum", products, np.array([2]), keepdims=0)
    pqp = g.op("ReduceSum", g.op("Mul", before, qp), last, keepdims=1)
    error = g.op("ReduceMax", g.op("Abs", g.op("Sub", qp, pqp)), last, keepdims=1)
    stopped = g.op("Less", error, np.float64(0.005 / classes))
    p = before
    for t in range(classes):
        one = np.array([t])
        row_of_q = g.op("Squeeze", g.op("Gather", q, one, axis=1), last)
        qtt, qpt = g.op("Gather", row_of_q, one, axis=1), g.op("Gather", qp, one, axis=1)
        change = g.op("Div", g.op("Sub", pqp, qpt), qtt)
        grown = g.op("Add", np.float64(1), change)
        hot = np.zeros((1, classes))
        hot[0, t] = 1.0
        p = g.op("Div", g.op("Add", p, g.op("Mul", change, hot)), grown)
        bend = g.op("Add", g.op("Mul", change, qtt), g.op("Mul", np.full((1, 1), 2.0), qpt))
        pqp = g.op("Div", g.op("Div", g.op("Add", pqp, g.op("Mul", change, bend)), grown), grown)
        qp = g.op("Div", g.op("Add", qp, g.op("Mul", change, row_of_q)), grown)
    return g.op("Where", stopped, before, p)


def _steps_of_two() -> int:
    """How many sweeps two classes need at most: the iteration depends on one number, so all of its range is tried."""
    r = np.concatenate([np.linspace(_LEAST, 1 - _LEAST, 20001), np.geomspace(_LEAST, 0.5, 2001)])
    r = np.concatenate([r, 1 - r])
    other = 1 - r
    q00, q11, q01 = other * other, r * r, -r * other
    p0, p1 = np.full_like(r, 0.5), np.full_like(r, 0.5)
    for sweep in range(100):
        qp0, qp1 = q00 * p0 + q01 * p1, q01 * p0 + q11 * p1
        pqp = p0 * qp0 + p1 * qp1
        going = np.maximum(np.abs(qp0 - pqp), np.abs(qp1 - pqp)) >= 0.0025
        if not going.any():
            return sweep + 1  # one more than any row on the grid: between two of its points there may be such a row
        before = p0, p1
        for t, (qtt, qt0, qt1) in enumerate(((q00, q00, q01), (q11, q01, q11))):
            change = (pqp - (qp0, qp1)[t]) / qtt
            p0, p1 = (p0 + change * (t == 0)) / (1 + change), (p1 + change * (t == 1)) / (1 + change)
            pqp = (pqp + change * (change * qtt + 2 * (qp0, qp1)[t])) / (1 + change) / (1 + change)
            qp0, qp1 = (qp0 + change * qt0) / (1 + change), (qp1 + change * qt1) / (1 + change)
        p0, p1 = np.where(going, p0, before[0]), np.where(going, p1, before[1])
    return 100
