"""Ranges are cut where the model refuses rows that are huge in every column."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import SparsePCA
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

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
