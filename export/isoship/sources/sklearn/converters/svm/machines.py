"""Support vector machines of libsvm: a kernel with the support vectors, and one matrix product.

x [N, F] -> kernel (support_vectors_) [N, S] -> MatMul (dual coefficients) -> Add (intercepts) = decisions of pairs
decisions [N, P] -> Greater 0 -> MatMul (who wins a pair) -> ArgMax = label      -> Platt's sigmoid -> coupling

A linear kernel is multiplied out: the graph holds coefficients and no support vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import kernels, links
from isoship.sources.sklearn.converters.svm.coupling import coupled, pair_probability
from isoship.sources.sklearn.converters.svm.margins import of_pairs, products_lost
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries

#: How large the last bit of a kernel may become in a score.
_LAST_BIT = 5e-10


@carries(
    "NuSVR", "SVR", record=Record(same_bits=False, jumps=False, training_rows=("support_vectors_",), lost=products_lost)
)
def svr(c: Carrier, model: Any, frame: Frame) -> Parts:
    """sum dual_coef k(x, support vector) + intercept."""
    return {"predict": (_decisions(c, model, frame, _dense(model._dual_coef_)),)}


@carries(
    "OneClassSVM", record=Record(same_bits=False, jumps=False, training_rows=("support_vectors_",), lost=products_lost)
)
def one_class(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Inliers (1) above zero, outliers (-1) at and below it."""
    raw = _decisions(c, model, frame, _dense(model._dual_coef_))
    inlier = links.above(c.g, raw.name)
    return {
        "decision_function": (raw,),
        "score_samples": (Block(c.g.op("Add", raw.name, row(model.offset_)), "double", 1),),
        "predict": (links.label(c.g, [-1, 1], inlier),),
    }


@carries(
    "NuSVC",
    "SVC",
    record=Record(
        same_bits=False,
        jumps=False,
        training_rows=("support_vectors_",),
        margin=of_pairs,
        margin_of_sparse=True,
        numbers_jump=True,
        label="votes",
        lost=products_lost,
    ),
)
def svc(c: Carrier, model: Any, frame: Frame) -> Parts:
    """A vote of all pairs of classes, the first of equals; probabilities by Platt's sigmoids, coupled."""
    classes = len(model.classes_)
    raw = _decisions(c, model, frame, _of_pairs(model))
    if classes == 2:
        # libsvm's one decision is positive for the first class, scikit-learn's for the second
        number = c.g.op("Sub", np.array([1]), links.above(c.g, raw.name))
        decision = Block(c.g.op("Neg", raw.name), "double", 1)
    else:
        number = links.highest(c.g, _votes(c, raw, classes, "Greater"))
        decision = raw
        if model.decision_function_shape == "ovr":
            decision = _one_vs_rest(c, raw, classes)
            if model.break_ties:
                number = links.highest(c.g, decision.name)
    parts: Parts = {"decision_function": (decision,), "predict": (links.label(c.g, model.classes_, number),)}
    if len(model._probA):
        a, b = c.g.const(row(model._probA)), c.g.const(row(model._probB))
        parts["predict_proba"] = (coupled(c.g, pair_probability(c.g, raw.name, a, b), classes),)
    return parts


def _dense(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, np.float64)


def _decisions(c: Carrier, model: Any, frame: Frame, dual: np.ndarray[Any, Any]) -> Block:
    """kernel @ dual.T + intercepts, double [N, P]; dual [P, S]."""
    x = c.doubles(frame, model)
    _refuse_amplified(c, model, dual)
    if model.kernel == "linear":
        name = c.g.op("MatMul", x.name, np.ascontiguousarray((dual @ _dense(model.support_vectors_)).T))
    elif len(dual) == 1:
        name = c.g.op("MatMul", _kernel(c, model, x), np.ascontiguousarray(dual.T))
    else:
        name = _decisions_by_class(c, model, x)
    return Block(c.g.op("Add", name, row(model._intercept_)), "double", len(dual))


def _refuse_amplified(c: Carrier, model: Any, dual: np.ndarray[Any, Any]) -> None:
    """Refuses coefficients that blow the kernel's last bit up, which libsvm's own sums do not settle."""
    vectors = _dense(model.support_vectors_)
    if not vectors.size:  # every training row was left out, or the kernel is precomputed
        return
    squares = float((vectors**2).sum(axis=1).max())
    largest = 1.0
    if model.kernel == "linear":
        largest = squares
    elif model.kernel == "poly":
        largest = (float(model._gamma) * squares + abs(model.coef0)) ** model.degree
    noise = np.finfo(np.float64).eps * largest * float(np.sqrt((dual**2).sum(axis=1)).max())
    if noise > _LAST_BIT:
        raise c.unsupported(
            model,
            f"its coefficients are so large that rounding errors grow to {noise:.0e} in its scores, in libsvm too",
            "Put a StandardScaler in front, or lower C, and train again",
        )


def _decisions_by_class(c: Carrier, model: Any, x: Block) -> str:
    """The vectors of each class apart: an overflowing kernel times a zero of other pairs would be NaN."""
    k, dual = _kernel(c, model, x), _dense(model._dual_coef_)
    ends = np.cumsum(model._n_support)
    parts = []
    for end, count in zip(ends, model._n_support, strict=True):
        own = c.g.op("Gather", k, np.arange(end - count, end), axis=1)
        parts.append(c.g.op("MatMul", own, np.ascontiguousarray(dual[:, end - count : end].T)))
    both = c.g.op("Concat", *parts, axis=1)
    pairs = [(i, j) for i in range(len(ends)) for j in range(i + 1, len(ends))]
    first = np.array([i * len(dual) + j - 1 for i, j in pairs])
    second = np.array([j * len(dual) + i for i, j in pairs])
    return c.g.op("Add", c.g.op("Gather", both, first, axis=1), c.g.op("Gather", both, second, axis=1))


def _kernel(c: Carrier, model: Any, x: Block) -> str:
    vectors, gamma = _dense(model.support_vectors_), float(model._gamma)
    return kernels.write_kernel(c, model, x, vectors, model.kernel, gamma=gamma, coef0=model.coef0, degree=model.degree)


def _of_pairs(model: Any) -> np.ndarray[Any, Any]:
    """Dual coefficients by pair of classes, [P, S]: libsvm keeps those of (i, j) in row j - 1 for class i, i for j."""
    dual = _dense(model._dual_coef_)
    owner = np.repeat(np.arange(len(model.classes_)), model._n_support)
    pairs = []
    for i in range(len(model.classes_)):
        for j in range(i + 1, len(model.classes_)):
            pairs.append(np.where(owner == i, dual[j - 1], np.where(owner == j, dual[i], 0.0)))
    return np.array(pairs)


def _sides(classes: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Which class is first, and which second, in every pair: 0 and 1, two of [P, C]."""
    first = [i for i in range(classes) for _ in range(i + 1, classes)]
    second = [j for i in range(classes) for j in range(i + 1, classes)]
    return np.eye(classes)[first], np.eye(classes)[second]


def _votes(c: Carrier, raw: Block, classes: int, wins: str) -> str:
    """Pairs that each class has won, double [N, C]; the first class of a pair wins where its decision `wins` 0."""
    first, second = _sides(classes)
    won = c.g.cast(c.g.op(wins, raw.name, np.float64(0)), np.float64)
    return c.g.op("Add", c.g.op("MatMul", won, first - second), row(second.sum(axis=0)))


def _one_vs_rest(c: Carrier, raw: Block, classes: int) -> Block:
    """Votes plus each class's summed decisions, squeezed between -1/3 and 1/3."""
    first, second = _sides(classes)
    confidence = c.g.op("MatMul", raw.name, first - second)
    size = c.g.op("Add", c.g.op("Abs", confidence), row(np.ones(classes)))
    share = c.g.op("Div", confidence, c.g.op("Mul", size, row(np.full(classes, 3.0))))
    votes = _votes(c, raw, classes, "GreaterOrEqual")
    return Block(c.g.op("Add", votes, share), "double", classes)
