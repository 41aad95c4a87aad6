"""SplineTransformer: every extrapolation and degree, on knots, beside them and far outside."""

from __future__ import annotations

import numpy as np
import pytest
from comparison import compare, rows_of
from depth import check
from edges import rows_at
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

RNG = np.random.default_rng(1)
X = RNG.normal(size=(200, 3)) * [1.0, 30.0, 0.01]


KINDS = ("constant", "linear", "continue", "periodic")


@pytest.mark.parametrize(
    ("extrapolation", "degree"),
    [(kind, degree) for kind in KINDS for degree in range(4) if (kind, degree) != ("constant", 0)],
)
def test_graph_agrees(extrapolation, degree) -> None:
    """With degree 0 and 1, scikit-learn's linear extrapolation takes other knots for every next column."""
    model = SplineTransformer(
        n_knots=5, degree=degree, extrapolation=extrapolation, knots="quantile", include_bias=degree % 2 == 0
    ).fit(X)
    check(model, X, fresh=rows_at(X, [spline.t for spline in model.bsplines_]))


def test_repeated_knots_two_knots_and_a_single_column() -> None:
    tied = np.round(np.abs(X[:, :1]))
    check(SplineTransformer(n_knots=6, knots="quantile").fit(tied), tied)
    check(SplineTransformer(n_knots=2, degree=1).fit(X), X)
    check(SplineTransformer(n_knots=4, sparse_output=True).fit(X), X)


@pytest.mark.parametrize("extrapolation", KINDS)
def test_missing_values_become_zeros_and_infinities_are_answered(extrapolation) -> None:
    model = SplineTransformer(n_knots=5, extrapolation=extrapolation, handle_missing="zeros").fit(X)
    fresh = X[:30].copy()
    fresh[::3, 0], fresh[::4, 1], fresh[::5, 2] = np.nan, np.inf, -np.inf
    check(model, X, fresh=fresh)


def test_values_outside_the_knots_are_refused_by_the_contract() -> None:
    model = make_pipeline(SimpleImputer(), SplineTransformer(n_knots=5, extrapolation="error")).fit(X)
    source = open_source(model, sample=X)
    compare(source, rows_of(source, X))
    low, high = X.min(axis=0), X.max(axis=0)
    for column, least, most in zip(source.signature.columns, low, high, strict=True):
        assert (column.minimum, column.maximum) == (least, most)


@pytest.mark.parametrize(
    "model",
    [
        SplineTransformer(n_knots=5, degree=0),
        make_pipeline(PCA(2), SplineTransformer(n_knots=5, extrapolation="error")),
    ],
    ids=["degree 0", "not of columns"],
)
def test_what_refuses_other_rows_is_refused(model) -> None:
    source = open_source(model.fit(X), sample=X)
    with pytest.raises(UnsupportedModelError, match="SplineTransformer"):
        source.to_onnx()
