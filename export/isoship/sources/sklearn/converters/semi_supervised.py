"""Labels spread over a kernel: LabelPropagation, LabelSpreading; and self-training, which is its last estimator.

x -> rbf kernel (training rows) [N, S] -> MatMul (label_distributions_) -> Div (row sums) = probabilities
x -> places of the nearest training rows [N, k] -> Gather (label_distributions_) -> sum -> Div = probabilities
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import kernels, links
from isoship.sources.sklearn.converters.neighbors.margins import of_neighbors
from isoship.sources.sklearn.converters.neighbors.models import nearest
from isoship.sources.sklearn.truth.rounding import squared_distances
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.inside import the_one_in
from isoship.sources.sklearn.walk.registry import Record, carries

_LAST = np.array([1])

#: How large the rounding of scikit-learn's distances may be in the exponent.
_NOISE = 1e-10


#: Smaller weights are subnormal numbers.
_SMALLEST = 1e-290


def _of_graph(model: Any, x: Any) -> np.ndarray[Any, Any] | None:
    return of_neighbors(model.nn_fit, x) if model.kernel == "knn" else None


def _weights_lost(model: Any, x: np.ndarray[Any, Any], outputs: frozenset[str] | None) -> np.ndarray[Any, Any] | None:
    """See `Record.lost`: rows so far from every training row that exp keeps few digits of their weights."""
    if model.kernel != "rbf" or hasattr(model.X_, "toarray"):  # the converter refuses a sparse matrix
        return None
    least = -float(model.gamma) * squared_distances(x, np.asarray(model.X_, np.float64))[0].min(axis=1)
    return np.asarray((least < np.log(_SMALLEST)) & (least > np.log(5e-324) - 1.0))


@carries(
    "LabelPropagation",
    "LabelSpreading",
    record=Record(
        same_bits=False, jumps=False, training_rows=("X_",), margin=_of_graph, numbers_jump=True, lost=_weights_lost
    ),
)
def label_propagation(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The weights of the classes around a row; 0 / 0 where no training row is near, and then the first label."""
    g = c.g
    shares = np.ascontiguousarray(model.label_distributions_, dtype=np.float64)
    if model.kernel == "knn":
        places = nearest(c, model.nn_fit, frame, model.n_neighbors)[1]
        weights = g.op("ReduceSum", g.op("Gather", g.const(shares), places, axis=0), _LAST, keepdims=0)
    else:
        weights = g.op("MatMul", _kernel(c, model, frame), shares)
    total = g.op("ReduceSum", weights, _LAST, keepdims=1)
    p = g.op("Div", weights, total)
    return {
        "predict": (links.label(g, model.classes_, links.highest(g, p)),),
        "predict_proba": (Block(p, "double", shares.shape[1]),),
    }


@carries(
    "SelfTrainingClassifier",
    record=Record(same_bits=False, jumps=False, members=the_one_in("estimator_"), looks_itself=True),
)
def self_training(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The estimator of the last round."""
    with c.at("estimator_"):
        return c.carry(model.estimator_, frame)


def _kernel(c: Carrier, model: Any, frame: Frame) -> str:
    x = c.doubles(frame, model)
    if hasattr(model.X_, "toarray"):
        raise c.unsupported(model, "it was trained on a sparse matrix", "Train it on the dense one (.toarray())")
    points = np.ascontiguousarray(model.X_, dtype=np.float64)
    if model.kernel == "rbf":
        noise = 4 * np.finfo(np.float64).eps * float(model.gamma) * (points**2).sum(axis=1).max()
        if noise > _NOISE:
            raise c.unsupported(
                model,
                "its training rows are so far from zero that scikit-learn's distances, |x|^2 - 2 x.y + |y|^2, carry a"
                " rounding error into the kernel",
                "Put a StandardScaler in front and train again",
            )
    return kernels.write_kernel(c, model, x, points, model.kernel, gamma=model.gamma)
