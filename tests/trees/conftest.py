"""Data with what trees stumble over: cents, small integers, epoch seconds, a constant, missing values."""

from __future__ import annotations

import numpy as np
import pytest
from on_thresholds import EPOCH
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """HistGradientBoosting's threads wait for each other longer than they work on data this small."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def sample():
    """400 rows: two normal features, one on a grid of cents, one small integer, one of epoch seconds, one constant."""
    rng = np.random.default_rng(7)
    return np.c_[
        rng.normal(size=(400, 2)),
        rng.integers(0, 2000, 400) / 100,
        rng.integers(0, 6, 400),
        EPOCH + rng.integers(0, 5_000_000, 400) + rng.random(400),
        np.full(400, 3.25),
    ]


@pytest.fixture(scope="session")
def value(sample):
    return sample[:, 0] * 3 + np.sin(sample[:, 2]) + (sample[:, 3] > 2) + (sample[:, 4] - EPOCH) / 1e6


@pytest.fixture(scope="session")
def three(value):
    """Three classes as integers that are not 0, 1, 2."""
    return np.array([-4, 3, 11])[np.digitize(value, np.quantile(value, [0.3, 0.7]))]


@pytest.fixture(scope="session")
def words(three):
    return np.where(three == -4, "no", np.where(three == 3, "peut-être", "はい"))


@pytest.fixture(scope="session")
def gaps_in(sample):
    """The sample with one value in eight missing."""
    rng = np.random.default_rng(11)
    return np.where(rng.random(sample.shape) < 0.125, np.nan, sample)
