"""Outliers by Mahalanobis distance."""

from __future__ import annotations

import pytest
from depth import check
from sklearn.covariance import EllipticEnvelope
from sklearn.datasets import load_iris


@pytest.mark.parametrize("options", [{}, {"contamination": 0.3, "assume_centered": True}], ids=str)
def test_elliptic_envelope(options: dict[str, float]) -> None:
    x = load_iris(return_X_y=True)[0]
    source = check(EllipticEnvelope(random_state=0, **options).fit(x), x)
    assert not any(column.missing or column.infinity for column in source.signature.columns)
