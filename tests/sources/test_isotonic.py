"""IsotonicRegression on its thresholds, beside them and outside them."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from edges import rows_at
from sklearn.isotonic import IsotonicRegression

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


def test_refusing_values_outside_is_refused() -> None:
    source = open_source(IsotonicRegression(out_of_bounds="raise").fit(X, Y), sample=X[:50])
    with pytest.raises(UnsupportedModelError, match="out_of_bounds"):
        source.to_onnx()
