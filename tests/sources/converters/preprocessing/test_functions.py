"""Every function of numpy that a FunctionTransformer may hold, on both sides of its steep places."""

from __future__ import annotations

import numpy as np
import pytest
from comparison import run
from sklearn.preprocessing import FunctionTransformer

from isoship.sources import open_source
from isoship.sources.sklearn.converters.arithmetic.one_number import FUNCTIONS

VALUES = np.concatenate(
    [
        np.array([0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, np.nan, np.inf, 1e-300, 5e-324, 1e300, -745.0, 709.0]),
        np.geomspace(1e-18, 1e3, 200),
        -np.geomspace(1e-18, 1e3, 200),
        np.linspace(-45, 45, 181),
    ]
).reshape(-1, 1)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_graph_agrees_with_numpy(name: str) -> None:
    source = open_source(FunctionTransformer(getattr(np, name)).fit(VALUES), sample=VALUES)
    rows = [{"x0": float(v)} for v in VALUES.ravel()]
    got = run(source.to_onnx(), rows, source)["transformed"]
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(VALUES)
    np.testing.assert_allclose(got, expected, rtol=4e-15, atol=1e-15, equal_nan=True)
