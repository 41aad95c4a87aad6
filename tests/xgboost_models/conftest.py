"""One thread for XGBoost: its threads wait for each other longer than they work on data this small."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import xgboost  # noqa: F401  the limit holds for what is loaded

    with threadpool_limits(1):
        yield
