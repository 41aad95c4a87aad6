"""The models and the rows of the batch benchmark: 9 columns, two of them strings, some values missing.

`files` writes rows.parquet and rows.csv; `export` fits, writes model.joblib and the bundle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_TRAINED = 20_000
_CITIES = [f"{name} {k}" for name in ("Oslo", "Bergen", "Aarhus", "Uppsala", "Turku") for k in range(8)]
_PLANS = ["free", "basic", "family", "business"]
_PIECE = 250_000
#: Share of the values that are missing in columns that know it.
_MISSING = 0.03
NUMBERS = ["age", "income", "visits", "minutes", "tenure", "distance", "score"]
TEXTS = ["city", "plan"]
MODELS = ("logistic", "hist", "forest")


def frame(count: int, seed: int) -> pd.DataFrame:
    """Seeded rows."""
    import pandas as pd

    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "city": random.choice(_CITIES, count),
            "plan": random.choice(_PLANS, count),
            "age": random.integers(18, 90, count).astype(float),
            "income": np.round(random.lognormal(10, 0.5, count), 2),
            "visits": random.integers(0, 40, count).astype(float),
            "minutes": random.gamma(2, 30, count),
            "tenure": random.integers(0, 400, count),
            "distance": random.exponential(12, count),
            "score": random.normal(0, 1, count),
        }
    )
    for name in ("plan", "income", "minutes"):
        table.loc[random.random(count) < _MISSING, name] = None
    return table


def target(table: pd.DataFrame, seed: int) -> Any:
    """Labels that depend on several columns."""
    noise = np.random.default_rng(seed).normal(0, 1, len(table))
    score = (table["age"] - 50) / 20 + (table["plan"] == "family") + table["score"] * (table["visits"] > 20) + noise
    return (score > 0).map({True: "stays", False: "leaves"})


def files(folder: Path, count: int) -> None:
    """rows.parquet and rows.csv of `count` rows, written a piece at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as text:
        for start in range(0, count, _PIECE):
            table = frame(min(_PIECE, count - start), seed=start + 1)
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            writer = writer or pq.ParquetWriter(folder / "rows.parquet", arrow.schema)
            writer.write_table(arrow)
            table.to_csv(text, index=False, header=start == 0)
    assert writer is not None
    writer.close()


def fitted(name: str) -> tuple[Any, pd.DataFrame]:
    """A model of `MODELS`, and the rows that it was fitted to."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    rows = frame(_TRAINED, seed=0)
    one_hot = (OneHotEncoder(handle_unknown="ignore"), TEXTS)
    ordinal = (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2), TEXTS)
    if name == "logistic":
        numbers = (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS)
        model = make_pipeline(make_column_transformer(one_hot, numbers), LogisticRegression(max_iter=1000))
    elif name == "hist":
        model = make_pipeline(
            make_column_transformer(ordinal, remainder="passthrough"), HistGradientBoostingClassifier(random_state=0)
        )
    else:
        numbers = (SimpleImputer(), NUMBERS)
        forest = RandomForestClassifier(100, max_depth=10, random_state=0)
        model = make_pipeline(make_column_transformer(ordinal, numbers), forest)
    return model.fit(rows, target(rows, seed=0)), rows


def export(folder: Path, name: str) -> None:
    """model.joblib and bundle/ of a model."""
    import joblib

    import isoship

    model, rows = fitted(name)
    joblib.dump(model, folder / "model.joblib")
    isoship.export(model, sample=rows, out=folder / "bundle", name=name, targets=(), force=True)


def prepare(folder: Path, count: int) -> None:
    """The files, and a folder with model and bundle for each model."""
    files(folder, count)
    for name in MODELS:
        (folder / name).mkdir()
        export(folder / name, name)
