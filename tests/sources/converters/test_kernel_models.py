"""KernelRidge, KernelPCA and Nystroem with every kernel that has a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from depth import check
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

X = load_iris(return_X_y=True)[0]
D, TARGET = load_diabetes(return_X_y=True)
D, TARGET = D[:100] * 20, TARGET[:100]
KERNELS = ("linear", "rbf", "poly", "sigmoid", "cosine", "laplacian")


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_ridge(kernel: str) -> None:
    source = check(KernelRidge(kernel=kernel).fit(D, TARGET), D)
    assert not any(column.missing or column.infinity for column in source.signature.columns)


@pytest.mark.parametrize(
    "options", [{"kernel": "rbf", "gamma": 0.3, "alpha": 1e-3}, {"kernel": "poly", "degree": 2}], ids=str
)
def test_kernel_ridge_of_two_targets(options: dict[str, Any]) -> None:
    check(KernelRidge(coef0=0.5, **options).fit(D, np.column_stack([TARGET, TARGET[::-1]])), D)


@pytest.mark.parametrize("kernel", KERNELS[:-1])
def test_kernel_pca(kernel: str) -> None:
    """1e60 and not 1e150: a kernel that overflows is refused by scikit-learn itself."""
    check(KernelPCA(3, kernel=kernel).fit(X), X, huge=1e60)


@pytest.mark.parametrize("kernel", ["rbf", "poly", "cosine"])
def test_nystroem(kernel: str) -> None:
    check(Nystroem(kernel=kernel, n_components=8, random_state=0).fit(D), D)


@pytest.mark.parametrize(
    ("model", "x", "why"),
    [
        (Nystroem(kernel="linear", n_components=40, random_state=0), D, "nearly singular"),
        (KernelRidge(kernel="rbf"), D + 1e5, "far from zero"),
        (KernelPCA(2, kernel="precomputed"), (D @ D.T)[:8, :8], "precomputed"),
        (Nystroem(kernel=lambda a, b: float(a @ b), n_components=3), D, "Python code"),
        (Nystroem(kernel="chi2", n_components=3), abs(D), "no kernel 'chi2'"),
    ],
    ids=lambda value: None,
)
def test_what_cannot_be_exact_is_refused(model: Any, x: Any, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        open_source(model.fit(x, TARGET[: len(x)]), sample=x).to_onnx()
