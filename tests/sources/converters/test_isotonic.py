"""IsotonicRegression on its thresholds, beside them and outside them."""

from __future__ import annotations

import numpy as np
import pytest
from comparison import compare, rows_of
from depth import check
from edges import rows_at
from sklearn.decomposition import PCA
from sklearn.isotonic import IsotonicRegression
from sklearn.pipeline import make_pipeline

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

RNG = np.random.default_rng(2)
X = np.round(RNG.normal(size=(300, 1)), 2)
Y = X[:, 0] + RNG.normal(size=300)


@pytest.mark.parametrize("increasing", [True, False])
@pytest.mark.parametrize("outside", ["clip", "nan"])
def test_graph_agrees(outside, increasing) -> None:
    model = IsotonicRegression(out_of_bounds=outside, increasing=increasing).fit(X, Y if increasing else -Y)
    check(model, X, fresh=rows_at(X, [model.X_thresholds_]))


@pytest.mark.parametrize("outside", ["clip", "nan"])
def test_a_single_threshold_is_a_constant(outside) -> None:
    model = IsotonicRegression(out_of_bounds=outside).fit(np.ones(5), np.arange(5.0))
    check(model, np.ones((5, 1)))


def test_values_outside_are_refused_by_the_contract() -> None:
    model = IsotonicRegression(out_of_bounds="raise").fit(X, Y)
    source = open_source(model, sample=X[:50])
    compare(source, rows_of(source, X))
    (column,) = source.signature.columns
    assert (column.minimum, column.maximum) == (X.min(), X.max())


def test_refusing_what_is_no_input_column_is_refused() -> None:
    x = np.column_stack([X, X**2])
    source = open_source(make_pipeline(PCA(1), IsotonicRegression(out_of_bounds="raise")).fit(x, Y), sample=x)
    with pytest.raises(UnsupportedModelError, match="out_of_bounds"):
        source.to_onnx()
