"""Tf-idf weights of counts."""

from __future__ import annotations

import numpy as np
import pytest
from comparison import compare, rows_of
from depth import check
from sklearn.feature_extraction.text import TfidfTransformer

from isoship.sources import open_source

COUNTS = np.random.default_rng(0).poisson([3.0, 1.0, 2.0, 0.5, 1.5, 0.7], size=(80, 6)).astype(np.float64)


@pytest.mark.parametrize("norm", ["l1", "l2", "max", None])
@pytest.mark.parametrize("idf", [False, True])
def test_weights_agree(norm: str | None, idf: bool) -> None:
    """Of negative numbers too, which scikit-learn does not refuse."""
    if norm == "max":
        model = TfidfTransformer(use_idf=idf).fit(COUNTS).set_params(norm="max")
    else:
        model = TfidfTransformer(norm=norm, use_idf=idf).fit(COUNTS)
    check(model, COUNTS, fresh=np.vstack([np.zeros((2, 6)), np.eye(6), -COUNTS[:5]]))


@pytest.mark.parametrize("norm", ["l1", "l2", None])
@pytest.mark.parametrize("idf", [False, True])
def test_logarithms_of_counts_agree_and_zero_stays_zero(norm: str | None, idf: bool) -> None:
    source = open_source(TfidfTransformer(norm=norm, use_idf=idf, sublinear_tf=True).fit(COUNTS), sample=COUNTS)
    compare(source, rows_of(source, np.vstack([COUNTS, np.zeros((2, 6)), np.eye(6), 1e9 * COUNTS, 1e-9 * COUNTS])))
    if norm:  # the logarithm of a negative number is NaN, and lengths of NaN are refused
        assert source.signature.columns[0].minimum == 0.0
