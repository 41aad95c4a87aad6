"""Gaussian process classification: covariance functions, and the error function that onnxruntime lacks in double."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from depth import LEVELS, _session, check
from onnx import TensorProto, helper
from scipy.special import erf
from sklearn.datasets import load_iris
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.converters.gaussian_process.classifier import write_erf
from isoship.sources.sklearn.truth.margins import margin
from isoship.sources.sklearn.walk.carrier import Carrier

X, SPECIES = load_iris(return_X_y=True)
X, SPECIES = X[::2], SPECIES[::2]
NAMES = np.array(["a", "b", "ç"])[SPECIES]
KERNELS = [
    None,
    ConstantKernel(2.0) * Matern(length_scale=[1, 2, 0.5, 1], nu=1.5) + WhiteKernel(0.1),
    Matern(nu=2.5),
    Matern(nu=0.5),
    Matern(nu=np.inf),
    RationalQuadratic(1.0, 0.5),
    DotProduct(1.0),
    RBF(2.0) ** 2,
]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_two_classes(kernel: Any) -> None:
    model = GaussianProcessClassifier(kernel, optimizer=None).fit(X, SPECIES > 0)
    source = check(model, X, undecided=lambda x: ~(margin(model, x) > 1e-9))
    assert not any(column.missing or column.infinity for column in source.signature.columns)


def test_a_regressions_graph_is_the_same_whatever_was_converted_before() -> None:
    """skl2onnx counts its names through the process, and they would be part of a bundle's digest."""
    rows = np.random.default_rng(0).normal(size=(30, 2))
    model = GaussianProcessRegressor(alpha=0.01).fit(rows, rows[:, 0])
    first, second = (open_source(model, sample=rows).to_onnx().SerializeToString(deterministic=True) for _ in range(2))
    assert first == second


def test_three_classes() -> None:
    model = GaussianProcessClassifier(2.0 * RBF(1.5), optimizer=None).fit(X, NAMES)

    def undecided(x: Any) -> Any:
        shares = np.sort(model.predict_proba(x), axis=1)
        return ~(shares[:, -1] - shares[:, -2] > 1e-9)

    check(model, X, undecided=undecided)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"kernel": Matern(nu=0.8)}, "Bessel"),
        ({"kernel": ExpSineSquared(2.0, 5.0) + WhiteKernel(0.1)}, "sine of a distance"),
        ({"kernel": PairwiseKernel(metric="laplacian")}, "no covariance function"),
    ],
    ids=str,
)
def test_what_has_no_graph_is_refused(options: dict[str, Any], why: str) -> None:
    model = GaussianProcessClassifier(optimizer=None, **options).fit(X, NAMES)
    with pytest.raises(UnsupportedModelError, match=why):
        open_source(model, sample=X).to_onnx()


@pytest.mark.parametrize("level", LEVELS)
def test_error_function_in_double(level: str) -> None:
    c = Carrier()
    c.g.name("x")
    c.g.op("Identity", write_erf(c, "x", 2), out="y")
    value = helper.make_tensor_value_info
    graph = c.g.model([value("x", TensorProto.DOUBLE, ["N", 2])], [value("y", TensorProto.DOUBLE, ["N", 2])])
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-7, 7, 4000), rng.normal(0, 1e-3, 1000), np.arange(-50, 51) / 8, [0, 1e-300, 1e9]])
    x = np.concatenate([x, np.nextafter(x, 9), [np.inf, -np.inf]]).reshape(-1, 2)
    got = _session(graph.SerializeToString(), level).run(None, {"x": x})[0]
    np.testing.assert_allclose(got, erf(x), atol=4e-16, rtol=0)
