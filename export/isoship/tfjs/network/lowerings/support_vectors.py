"""Regressors by support vectors: the kernel of a row and each vector, and their weighted sum."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.lowerings.ml import ML, real
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering

_EMITS = ["MatMul", "Mul", "AddV2", "Pow", "Tanh", "Exp", "Sum", "Sub", "Greater", "SelectV2"]


@lowering("SVMRegressor", domain=ML, emits=_EMITS, exactness=ROUNDED)
def svm_regressor(e: Emission, node: Node) -> Tensor:
    a = node.attrs
    if str(a.get("post_transform", "NONE")) != "NONE":
        raise CannotLower(f"its results go through {a['post_transform']}")
    e.say(node.outputs[0], "float", (e.shape(node.inputs[0])[0], 1))
    x, width, count = real(e, node.inputs[0]), e.size(node.inputs[0], 1), int(a["n_supports"])
    weights = np.asarray(a["coefficients"], np.float32)
    if count == 0:  # a linear model
        made = _product(e, x, weights.reshape(width, 1))
    else:
        vectors = np.asarray(a["support_vectors"], np.float32).reshape(count, width)
        made = _product(e, _kernel(e, x, vectors, str(a["kernel_type"]), a.get("kernel_params") or [0.0, 0.0, 0.0]),
                        weights.reshape(count, 1))  # fmt: skip
    made = e.op("AddV2", made, e.like(made, float(np.ravel(a["rho"])[0])))
    if not a.get("one_class", 0):
        return made
    return e.select(e.op("Greater", made, e.like(made, 0), dtype="bool"), e.like(made, 1), e.like(made, -1))


def _product(e: Emission, x: Tensor, matrix: np.ndarray) -> Tensor:
    return e.op("MatMul", x, e.const(np.ascontiguousarray(matrix)), transpose_a={"b": False}, transpose_b={"b": False})


def _kernel(e: Emission, x: Tensor, vectors: np.ndarray, kind: str, params: list[float]) -> Tensor:
    """[N, vectors]. Distances are of differences: squares of sums would cancel."""
    gamma, coef0, degree = (float(value) for value in params)
    if kind == "RBF":
        apart = e.op("Sub", e.reshape(x, [None, 1, vectors.shape[1]]), e.const(vectors[None]))
        return e.op("Exp", e.op("Mul", e.reduce("Sum", e.op("Mul", apart, apart), [2]), e.like(x, -gamma)))
    made = _product(e, x, vectors.T)
    if kind == "LINEAR":
        return made
    made = e.op("AddV2", e.op("Mul", made, e.like(made, gamma)), e.like(made, coef0))
    if kind == "SIGMOID":
        return e.op("Tanh", made)
    if kind == "POLY" and degree == int(degree) and 1 <= degree <= 16:
        power = made
        for _ in range(int(degree) - 1):
            power = e.op("Mul", power, made)
        return power
    raise CannotLower(f"its kernel is {kind} of degree {degree:g}")
