"""Columns made of columns, and the projections that decomposition.py carries."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from sklearn.cluster import FeatureAgglomeration
from sklearn.datasets import load_iris
from sklearn.decomposition import NMF, FactorAnalysis, IncrementalPCA, MiniBatchSparsePCA, SparsePCA, TruncatedSVD
from sklearn.preprocessing import KernelCenterer
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

X, _ = load_iris(return_X_y=True)
WIDE = np.random.default_rng(4).normal(size=(200, 20))


@pytest.mark.parametrize("rotation", [None, "varimax"])
def test_factor_analysis_agrees(rotation) -> None:
    check(FactorAnalysis(2, rotation=rotation).fit(X), X, without=("score_samples",))


@pytest.mark.parametrize("pooling", [np.mean, np.max, np.min])
def test_feature_agglomeration_agrees(pooling) -> None:
    check(FeatureAgglomeration(3, pooling_func=pooling).fit(WIDE), WIDE)


def test_kernel_centerer_agrees() -> None:
    check(KernelCenterer().fit(X[:20] @ X[:20].T), X @ X[:20].T)


@pytest.mark.parametrize(
    "model",
    [
        IncrementalPCA(2),
        IncrementalPCA(2, whiten=True),
        TruncatedSVD(2),
        GaussianRandomProjection(3, random_state=0),
        SparseRandomProjection(3, random_state=0),
    ],
    ids=str,
)
def test_projections_agree(model) -> None:
    check(model.fit(WIDE), WIDE)


@pytest.mark.parametrize(
    "model", [FeatureAgglomeration(2, pooling_func=np.median), NMF(2, max_iter=500)], ids=lambda m: type(m).__name__
)
def test_python_code_and_iterative_solvers_are_refused(model) -> None:
    source = open_source(model.fit(X), sample=X)
    with pytest.raises(UnsupportedModelError, match=r"Python code|iterative solver"):
        source.to_onnx()


@pytest.mark.parametrize("cls", [SparsePCA, MiniBatchSparsePCA])
def test_sparse_components_agree(cls) -> None:
    check(cls(2, max_iter=20, random_state=0).fit(X), X)


def test_nearly_dependent_sparse_components_are_refused() -> None:
    model = SparsePCA(2, max_iter=20, random_state=0, ridge_alpha=1e-12).fit(X)
    model.components_ = np.array([model.components_[0], model.components_[0] * (1 + 1e-9)])
    with pytest.raises(UnsupportedModelError, match="dependent"):
        open_source(model, sample=X).to_onnx()
