"""QuantileTransformer on knots, beside them, on repeated quantiles and with missing values."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from edges import rows_at
from sklearn.preprocessing import QuantileTransformer

RNG = np.random.default_rng(0)
SMOOTH = RNG.normal(size=(300, 3)) * [1.0, 30.0, 0.01]
TIED = np.column_stack([np.round(SMOOTH[:, 0]), np.clip(SMOOTH[:, 1], 0, 10), np.full(300, 2.5)])


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@pytest.mark.parametrize("x", [SMOOTH, TIED], ids=["smooth", "tied"])
def test_graph_agrees(distribution, x) -> None:
    x = x.copy()
    x[5, 0] = np.nan
    model = QuantileTransformer(n_quantiles=100, output_distribution=distribution).fit(x)
    near = model.quantiles_[[0, -1]] + np.array([[1e-7], [-1e-7]])
    knots = [*np.concatenate([model.quantiles_, near]).T]
    fresh = rows_at(x, knots)
    fresh[::9, 1] = np.nan
    check(model, x, fresh=fresh)


def test_the_normal_quantile_is_exact_over_the_whole_range() -> None:
    """Shares from 1e-7 to 1 - 1e-7, the middle and its neighbours included."""
    x = np.linspace(0, 1, 1001).reshape(-1, 1)
    model = QuantileTransformer(n_quantiles=2, output_distribution="normal").fit(x)
    tail = np.logspace(-12, -0.31, 400)
    check(model, x, fresh=np.concatenate([tail, 1 - tail, 0.5 + np.linspace(-1e-9, 1e-9, 41)]).reshape(-1, 1))
