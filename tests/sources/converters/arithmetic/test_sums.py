"""Sums are numpy's to the last bit, and logarithms of sums stay scikit-learn's where their terms are huge."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.sums import log_sum_exp, row_sums

RNG = np.random.default_rng(3)


def run(write: Any, x: Any) -> Any:
    g = GraphBuilder()
    g.name("x")
    name = write(g, "x")
    shape = [None, *x.shape[1:]]
    model = g.model(
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, shape)],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, *x.shape[1:-1], 1])],
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("width", [1, 2, 5, 7, 8, 9, 15, 16, 30, 120, 127, 128, 129, 137, 300, 1001])
def test_rows_are_summed_as_numpy_sums_them(width: int) -> None:
    x = RNG.normal(size=(40, width)) * 10.0 ** RNG.integers(-9, 9, width)
    np.testing.assert_array_equal(run(lambda g, name: row_sums(g, name, width), x)[:, 0], x.sum(axis=1))
    wide = np.ascontiguousarray(np.stack([x, 3 * x], axis=1))
    np.testing.assert_array_equal(run(lambda g, name: row_sums(g, name, width, axis=2), wide)[..., 0], wide.sum(axis=2))


def test_another_order_is_another_sum() -> None:
    """So the test above can fail: adding one after the other is not what numpy does."""
    x = RNG.normal(size=(40, 30)) * 10.0 ** RNG.integers(-9, 9, 30)
    assert (np.cumsum(x, axis=1)[:, -1] != x.sum(axis=1)).any()


@pytest.mark.parametrize("size", [0.0, 1.0, 50.0, 1e6, 1e12, 1e300])
def test_logarithms_of_sums_are_those_of_scikit_learn(size: float) -> None:
    from sklearn.utils._array_api import _logsumexp

    x = RNG.normal(size=(50, 4)) - size
    x[::7, 1] = x[::7].max(axis=1)  # two terms are the largest
    np.testing.assert_allclose(run(log_sum_exp, x)[:, 0], _logsumexp(x, axis=1), rtol=1e-15, atol=1e-15)


def test_a_row_without_any_finite_term_is_minus_infinity() -> None:
    assert run(log_sum_exp, np.full((1, 3), -np.inf)).tolist() == [[-np.inf]]
