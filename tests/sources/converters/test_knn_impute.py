"""KNNImputer: donors, shared columns, empty columns, indicators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from depth import check
from sklearn.datasets import load_iris
from sklearn.impute import KNNImputer

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

RNG = np.random.default_rng(0)
X = load_iris(return_X_y=True)[0] + RNG.normal(0, 1e-3, (150, 4))
HOLES = np.where(RNG.random(X.shape) < 0.15, np.nan, X)
EMPTY = np.hstack([HOLES, np.full((150, 1), np.nan)])


def at_a_tie(model: Any) -> Any:
    return lambda x: ~(margin(model, x) > 1e-9)


@pytest.mark.parametrize("options", [{}, {"n_neighbors": 2, "add_indicator": True}, {"n_neighbors": 200}], ids=str)
def test_missing_values(options: dict[str, Any]) -> None:
    """Also rows of nothing but missing values, and donors that share no column with the row."""
    model = KNNImputer(**options).fit(HOLES)
    nothing = np.full((2, 4), np.nan)
    nothing[1, 0] = 5.0
    source = check(model, HOLES, fresh=nothing, undecided=at_a_tie(model))
    assert all(column.missing and not column.infinity for column in source.signature.columns)


@pytest.mark.parametrize("keep", [False, True])
def test_a_column_without_values(keep: bool) -> None:
    model = KNNImputer(keep_empty_features=keep).fit(EMPTY)
    check(model, EMPTY, undecided=at_a_tie(model), extreme=False)


def test_a_number_that_stands_for_missing() -> None:
    marked = np.nan_to_num(HOLES, nan=-1.0)
    model = KNNImputer(missing_values=-1).fit(marked)
    check(model, marked, fresh=marked, undecided=at_a_tie(model))


@pytest.mark.parametrize(
    ("model", "x", "why"),
    [
        (KNNImputer(weights="distance"), HOLES, "divides by it"),
        (KNNImputer(weights=lambda d: d), HOLES, "Python code"),
        (KNNImputer(), HOLES + 1e6, "mostly rounding error"),
    ],
    ids=lambda value: None,
)
def test_what_cannot_be_exact_is_refused(model: Any, x: Any, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        open_source(model.fit(x), sample=x).to_onnx()
