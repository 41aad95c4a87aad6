"""Ranges are cut where the model refuses rows that are huge in every column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.decomposition import SparsePCA
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures

from isoship.errors import InputError
from isoship.sources import open_source

X = np.random.default_rng(0).normal(size=(60, 5))


@pytest.mark.parametrize(
    "model",
    [
        KNeighborsClassifier(weights="distance").fit(X, X[:, 0] > 0),
        SparsePCA(2, max_iter=10, random_state=0).fit(X),
    ],
    ids=lambda model: type(model).__name__,
)
def test_rows_at_every_end_are_answered(model) -> None:
    source = open_source(model, sample=X)
    columns = source.signature.columns
    assert any("several columns at once" in note for note in source.notes)
    for end in ("minimum", "maximum"):
        limits = [getattr(column, end) for column in columns]
        assert all(1e100 < abs(limit) < 1e308 for limit in limits)
        source.answers([{column.name: limit for column, limit in zip(columns, limits, strict=True)}])
        with pytest.raises(InputError, match="refuses"):
            source.answers([{column.name: limit * 4 for column, limit in zip(columns, limits, strict=True)}])


def test_a_model_that_answers_them_keeps_its_ranges() -> None:
    source = open_source(LinearRegression().fit(X, X[:, 0]), sample=X)
    assert {(column.minimum, column.maximum) for column in source.signature.columns} == {(None, None)}


@pytest.mark.parametrize("typical", [1e3, 0.0], ids=["something to divide", "nothing to divide"])
def test_a_divisor_ends_near_zero_and_what_it_divides_far_from_it(typical: float) -> None:
    """Rows at the ends of both are answered, the sample lies within, and some powers of two more are too many."""
    table = pd.DataFrame({"income": np.abs(X[:, 0]) * 1e4 + 1, "debt": np.abs(X[:, 1]) * typical})
    divided = make_column_transformer(
        (FunctionTransformer(np.reciprocal), ["income"]), ("passthrough", ["debt"]), verbose_feature_names_out=False
    )
    model = make_pipeline(divided, PolynomialFeatures(interaction_only=True), LinearRegression()).fit(table, X[:, 2])
    source = open_source(model, sample=table)
    income, debt = source.signature.columns
    assert 0 < income.minimum < 1e-100
    assert income.maximum > 1e100
    assert debt.minimum < -1e100
    assert debt.maximum > 1e100
    for a in (income.minimum, income.maximum):
        for b in (debt.minimum, debt.maximum):
            source.answers([{"income": a, "debt": b}])
    with pytest.raises(InputError, match="refuses"):
        source.answers([{"income": income.minimum / 2**8, "debt": debt.maximum * 2**8}])
    assert any("very near 0 or very far from it in several columns at once" in note for note in source.notes)
    other = open_source(model, sample=table[:3] * 7 + 3)
    assert other.signature == source.signature, "whatever the sample is, as a check must know"
