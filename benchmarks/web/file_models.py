"""Models whose files of rows are answered in a page, and the files: name -> fitted model and 100,000 seeded rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS = 100_000
_TRAINED = 4000
_CITIES = [f"{name}{k}" for name in ("Oslo", "Bergen", "Aarhus", "Uppsala", "Turku") for k in range(8)]


@dataclass(frozen=True)
class FileSubject:
    """fit: -> the fitted model, rows to train and rows to ask. times: how many times as fast as PapaParse and
    onnxruntime-web the page has to be (issue 20)."""

    name: str
    fit: Callable[[int], tuple[Any, Any, Any]]
    times: float


def file_subjects() -> list[FileSubject]:
    return [
        FileSubject("forest", _forest, 1.0),
        FileSubject("logistic pipeline with strings", _logistic, 3.0),
    ]


def _forest(rows: int) -> tuple[Any, Any, Any]:
    """The forest of web.json, on numbers that float32 holds: no input is rounded anywhere."""
    import pandas as pd
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    x, y = make_classification(_TRAINED + rows, 30, n_informative=12, random_state=0)
    x = np.round(x * 64) / 64
    model = RandomForestClassifier(100, max_depth=10, random_state=0).fit(x[:_TRAINED], y[:_TRAINED])
    return model, x[:_TRAINED], pd.DataFrame(x[_TRAINED:], columns=[f"x{i}" for i in range(30)])


def _logistic(rows: int) -> tuple[Any, Any, Any]:
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    random = np.random.default_rng(0)
    count = _TRAINED + rows
    table = pd.DataFrame(
        {
            "city": random.choice(_CITIES, count),
            "plan": random.choice(["free", "basic", "family", "business"], count),
            "device": random.choice(["phone", "tablet", "laptop", "desktop", "television"], count),
            "channel": random.choice(["search", "friend", "shop", "letter"], count),
            "age": random.integers(18, 90, count).astype(float),
            "income": np.round(random.lognormal(10, 0.5, count) * 4) / 4,
            "visits": random.integers(0, 40, count).astype(float),
            "minutes": np.round(random.gamma(2, 30, count) * 2) / 2,
        }
    )
    score = (
        (table["age"] - 50) / 20
        + (table["plan"] == "family")
        - (table["device"] == "phone")
        + random.normal(0, 1, count)
    )
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city", "plan", "device", "channel"]), remainder=StandardScaler()
    )
    model = make_pipeline(encoder, LogisticRegression()).fit(
        table[:_TRAINED], (score > 0).map({True: "stays", False: "leaves"})[:_TRAINED]
    )
    return model, table[:_TRAINED], table[_TRAINED:].reset_index(drop=True)
