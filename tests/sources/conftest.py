"""What the tests of this room share: real data, and a check of a fitted model."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from comparison import HOSTILE, compare, odd_rows, rows_of
from palmerpenguins import load_penguins
from threadpoolctl import threadpool_limits

from isoship.sources import open_source
from isoship.sources.contract import Source

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# two cores, several test processes: threads that wait for each other cost more than they compute
os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when scikit-learn's OpenMP loads, later than this
threadpool_limits(1)


@pytest.fixture(scope="session")
def penguins() -> pd.DataFrame:
    """344 penguins: strings, doubles, an integer, a boolean, missing values in both, and a column with an odd name."""
    frame = load_penguins()
    frame["heavy"] = frame["body_mass_g"].fillna(0) > 4000
    return frame.rename(columns={"bill_depth_mm": HOSTILE})


@pytest.fixture
def agrees() -> Callable[..., Source]:
    """Opens a fitted model, and asserts that its graph agrees on its training rows and on odd ones."""

    def check(model: Any, sample: Any, *, atol: float = 1e-9, rtol: float = 1e-9, odd: bool = True, **options: Any):
        source = open_source(model, sample=sample, **options)
        rows, graph = rows_of(source, sample), source.to_onnx()
        compare(source, rows, atol, rtol, graph)
        if odd and (more := odd_rows(source, rows)):
            compare(source, more, atol, rtol, graph)
        return source

    return check
