"""Seeded tables for the XGBoost tests: numbers of every size that a float32 blurs, and columns of several types."""

from __future__ import annotations

import numpy as np
import pandas as pd

ROWS = 240
RNG = np.random.default_rng(0)
#: a plain number, epoch seconds, cents, small integers, degrees within metres
X = np.column_stack(
    [
        RNG.normal(size=ROWS),
        1.7e9 + RNG.integers(0, 10**7, ROWS),
        np.round(RNG.gamma(2, 20, ROWS), 2),
        RNG.integers(0, 6, ROWS),
        59.91 + RNG.normal(0, 2e-5, ROWS),
    ]
).astype(np.float64)
Z = X[:, 0] + X[:, 2] / 20 - X[:, 3] / 3 + (X[:, 1] - 1.7e9) / 1e7 + (X[:, 4] - 59.91) * 2e4 + RNG.normal(0, 0.2, ROWS)
POSITIVE = np.exp(Z / 3)
BINARY = (np.median(Z) < Z).astype(int)
THREE = np.digitize(Z, np.quantile(Z, [0.3, 0.6]))

FRAME = pd.DataFrame(
    {
        "seconds": X[:, 1],
        "cents": np.where(RNG.random(ROWS) < 0.1, np.nan, X[:, 2]),
        "small": X[:, 3].astype(np.int64),
        "flag": RNG.random(ROWS) < 0.4,
        "city": RNG.choice(["Oslo", "Bergen", "Alta", "x"], ROWS),
    }
)
#: The same with `city` as a pandas category.
CATEGORIES = FRAME.assign(city=FRAME["city"].astype("category"))
FRAME_Z = (
    FRAME["cents"].fillna(0) / 20 + FRAME["small"] + FRAME["city"].map({"Oslo": 2, "Bergen": 0, "Alta": 5, "x": 1})
)
FRAME_BINARY = (FRAME_Z.median() < FRAME_Z).astype(int)
FRAME_THREE = np.digitize(FRAME_Z, FRAME_Z.quantile([0.3, 0.6]))

SMALL = {"n_estimators": 12, "max_depth": 4, "n_jobs": 1}
