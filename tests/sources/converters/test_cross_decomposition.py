"""Cross decomposition: one target and two, scaled and not."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.datasets import load_iris

X, _ = load_iris(return_X_y=True)
VALUE = X @ [1.0, -2.0, 3.0, 0.5] + np.sin(X[:, 0])
TWO = np.column_stack([VALUE, VALUE**2])


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("family", [PLSRegression, PLSCanonical, CCA, PLSSVD])
def test_graph_agrees(family, scale) -> None:
    check(family(n_components=2, scale=scale).fit(X, TWO), X)


def test_one_target_is_one_value() -> None:
    source = check(PLSRegression(n_components=2).fit(X, VALUE), X)
    assert source.outputs[0].shape == ("N",)
