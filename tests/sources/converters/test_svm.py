"""Support vector machines: every kernel, two and more classes, both shapes of decisions, coupled probabilities."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from depth import Matrix, check
from sklearn.datasets import load_diabetes, load_iris
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

X, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["a", "b", "ç"])[SPECIES]
FOUR = np.where((SPECIES == 2) & (X[:, 0] > 6.3), 3, SPECIES)
D, TARGET = load_diabetes(return_X_y=True)
D, TARGET = D[:120] * 20, TARGET[:120]
KERNELS = ("rbf", "linear", "poly", "sigmoid")


def fitted(model: Any, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # probability=True goes away in scikit-learn 1.11
        return model.fit(x, y)


def near_a_pair(model: Any) -> Any:
    return lambda x: ~(margin(model, x) > 1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("y", [SPECIES > 0, NAMES, FOUR], ids=["two", "three", "four"])
def test_votes_decisions_and_probabilities(kernel: str, y: Any) -> None:
    """One model for all three: the label is the vote of the pairs and not the highest probability."""
    model = fitted(SVC(kernel=kernel, probability=True), X, y)
    check(model, X, undecided=near_a_pair(model))


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_nu_svc(kernel: str) -> None:
    model = fitted(NuSVC(nu=0.1, kernel=kernel), X, NAMES)
    check(model, X, undecided=near_a_pair(model))


@pytest.mark.parametrize("options", [{"break_ties": True}, {"decision_function_shape": "ovo"}], ids=str)
def test_shapes_of_decisions(options: dict[str, Any]) -> None:
    model = fitted(SVC(kernel="sigmoid", gamma=0.01, **options), X, FOUR)
    check(model, X, undecided=near_a_pair(model))


@pytest.mark.parametrize(
    "model",
    [*(SVR(kernel=kernel) for kernel in KERNELS), NuSVR(), OneClassSVM(), OneClassSVM(kernel="linear")],
    ids=str,
)
def test_regression_and_novelty(model: Any) -> None:
    check(model.fit(D, TARGET), D)


def test_sparse_training_rows_are_written_out() -> None:
    from scipy.sparse import csr_matrix

    model = fitted(SVC(), csr_matrix(X), NAMES)
    check(model, X, undecided=near_a_pair(model))


def test_columns_far_from_zero_keep_their_digits() -> None:
    """Positions within metres, as degrees: |x|^2 - 2 x.y + |y|^2 would lose the kernel."""
    near = 60.0 + X[:, :2] * 1e-5
    model = SVC(gamma=1e10).fit(near, SPECIES > 0)
    source = check(model, near, undecided=near_a_pair(model), extreme=False)
    assert not any(column.missing or column.infinity for column in source.signature.columns)


def test_a_linear_kernel_ships_coefficients_and_no_training_row() -> None:
    graph = open_source(SVC(kernel="linear").fit(X, NAMES), sample=X).to_onnx()
    assert max(int(np.prod(tensor.dims)) for tensor in graph.graph.initializer) <= 4 * 3


@pytest.mark.parametrize(
    ("kernel", "x"), [(lambda a, b: a @ b.T, X), ("precomputed", X[::15] @ X[::15].T)], ids=["callable", "precomputed"]
)
def test_kernels_without_a_graph_are_refused(kernel: Any, x: Matrix) -> None:
    with pytest.raises(UnsupportedModelError, match=r"SVC.*kernel"):
        open_source(SVC(kernel=kernel).fit(x, NAMES[:: len(X) // len(x)]), sample=x).to_onnx()
