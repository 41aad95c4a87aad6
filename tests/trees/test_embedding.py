"""RandomTreesEmbedding: one column a leaf."""

from __future__ import annotations

import numpy as np
import pytest
from on_thresholds import answers, rows_on_thresholds
from sklearn.ensemble import RandomTreesEmbedding

import isoship


@pytest.mark.parametrize("options", [{}, {"max_leaf_nodes": 9}, {"min_samples_leaf": 30}])
def test_every_leaf_is_a_column(options, sample):
    model = RandomTreesEmbedding(n_estimators=8, random_state=0, **options).fit(sample)
    rows = rows_on_thresholds(model, sample)
    got = answers(isoship.to_onnx(model), rows)["transformed"]
    np.testing.assert_array_equal(got, model.transform(rows).toarray())
    assert (got.sum(axis=1) == 8).all()
