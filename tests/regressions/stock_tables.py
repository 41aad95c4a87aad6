"""Columns as real tables have them, on which a float32 is not enough, and rows that stand on a model's thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(0)
ROWS = 600

#: Ordinary numbers of four sizes, a class of three and a value that depend on them.
X = RNG.normal(size=(ROWS, 4)) * [1, 10, 0.1, 3]
SCORE = X @ [1.0, 0.2, 3.0, -0.5] + X[:, 0] * X[:, 3] / 4
THREE = np.digitize(SCORE, np.quantile(SCORE, [0.3, 0.7]))
TWO = (SCORE > 0).astype(int)

#: Places within metres of each other, and seconds since 1970 within minutes: both beyond a float32's 24 bits.
PLACES = np.array([52.52, 13.405]) + RNG.normal(size=(ROWS, 2)) * 4.5e-5
NEAR = (np.sin((PLACES[:, 0] - 52.52) * 1e5) + (PLACES[:, 1] - 13.405) * 2e4 > 0).astype(int)
SECONDS = 1_700_000_000.0 + RNG.integers(0, 1000, (ROWS, 2))
EARLY = (np.sin(SECONDS[:, 0] / 20) + np.cos(SECONDS[:, 1] / 30) > 0).astype(int)

#: Small integers and cents, as in an order form.
ORDERS = np.c_[RNG.integers(0, 30, ROWS), RNG.integers(0, 2000, (ROWS, 2)) / 100, RNG.integers(0, 5, ROWS)].astype(
    float
)
PAID = ((ORDERS[:, 0] * ORDERS[:, 1] / 10 + RNG.normal(size=ROWS) * 3) > 12).astype(int)

GAPS = np.where(RNG.random(X.shape) < 0.2, np.nan, X)


def on(thresholds: Any, rows: Any) -> Any:
    """Copies of rows, each with one feature on a threshold, its float32, or one ulp of either width beside them."""
    pairs = np.array(sorted(set(thresholds)), np.float64)
    wide = pairs[:, 1]
    narrow = wide.astype(np.float32)
    low, high = np.float32(-np.inf), np.float32(np.inf)
    beside = np.array(
        [
            *(np.nextafter(wide, -np.inf), wide, np.nextafter(wide, np.inf)),
            *(np.nextafter(narrow, low), narrow, np.nextafter(narrow, high)),
        ],
        np.float64,
    )
    picked = rows[np.arange(beside.size) % len(rows)].copy()
    picked[np.arange(beside.size), np.tile(pairs[:, 0].astype(int), len(beside))] = beside.ravel()
    return picked
