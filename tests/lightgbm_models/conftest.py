"""What the tests of LightGBM share: the configurations of benchmarks/boosters and other rooms' comparison tools."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before LightGBM's OpenMP loads: threads would wait for each other

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS / "sources"), str(TESTS / "trees")]
