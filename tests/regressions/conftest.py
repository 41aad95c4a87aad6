"""The stock converters run in a process of their own: ours take their place in the process that loads them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before any library's OpenMP loads: threads would wait for each other

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "sources"))

from stock import Stock
from threadpoolctl import threadpool_limits

threadpool_limits(1)


@pytest.fixture(scope="session")
def stock() -> Iterator[Stock]:
    with Stock() as process:
        yield process
