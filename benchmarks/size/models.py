"""The models of the table: each fits one, seeded, and says which rows it is asked with.

`python -m benchmarks.size.models NAME FOLDER` writes model.joblib and sample.parquet, and for some rows.csv and a row
of it in one.csv.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Made:
    """sample: what export is given. asked: the rows of `predict`, and least: the smallest model of the kind, where the
    row of the table asks for them."""

    model: Any
    sample: pd.DataFrame
    asked: pd.DataFrame | None = None
    least: Any = None


def forest_500() -> Made:
    """500 trees of depth 20: 1.08 million nodes."""
    from sklearn.ensemble import RandomForestClassifier

    x, y = _numbers(8_400, noise=1.0)
    return Made(RandomForestClassifier(500, max_depth=20, random_state=0).fit(x, y), x[:2000])


def forest_deep() -> Made:
    """A random forest as people leave it, on 100,000 rows of 20 columns: 1.58 million nodes. Its sample is all rows."""
    from sklearn.ensemble import RandomForestClassifier

    x, y = _numbers(100_000, noise=0.24)
    return Made(RandomForestClassifier(random_state=0).fit(x, y), x)


def forest_10m() -> Made:
    """10 million nodes: 230 extremely randomized trees without a limit of depth on 30,000 noisy rows, which grow in
    seconds."""
    from sklearn.ensemble import ExtraTreesClassifier

    x, y = _numbers(30_000, noise=1.0)
    return Made(ExtraTreesClassifier(230, max_features=1, random_state=0).fit(x, y), x[:2000])


def xgboost_2000() -> Made:
    """2,000 trees of XGBoost on 20 columns."""
    from xgboost import XGBClassifier

    x, y = _numbers(5_000, noise=0.5)
    trees = {n: XGBClassifier(n_estimators=n, max_depth=6, n_jobs=1, random_state=0).fit(x, y) for n in (2000, 1)}
    return Made(trees[2000], x[:2000], least=trees[1])


def wide_logistic() -> Made:
    """600 mixed columns, half numbers with gaps and half strings, then logistic regression."""
    from sklearn.linear_model import LogisticRegression

    x, y = _mixed(5_600)
    return Made(_mixed_pipeline(LogisticRegression(max_iter=300)).fit(x[:2000], y[:2000]), x[:600], x[600:])


def wide_hist() -> Made:
    """The same columns, then histogram gradient boosting."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = _mixed(2_000)
    model = _mixed_pipeline(HistGradientBoostingClassifier(random_state=0))
    return Made(model.fit(x, y), x[:600])


def one_hot() -> Made:
    """A one-hot encoder of 20,000 categories, then logistic regression."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(4)
    articles = [f"article {i:05}" for i in range(20_000)]
    x = pd.DataFrame({"article": articles * 2, "price": rng.gamma(2, 10, 40_000).round(2)})
    encoded = ("e", OneHotEncoder(handle_unknown="ignore"), ["article"])
    columns = ColumnTransformer([encoded, ("s", StandardScaler(), ["price"])])
    model = make_pipeline(columns, LogisticRegression()).fit(x, (x.price > 20).astype(int))
    asked = pd.DataFrame({"article": rng.choice(articles, 20_000), "price": rng.gamma(2, 10, 20_000).round(2)})
    return Made(model, x[:300], asked)


def svr() -> Made:
    """SVR with 2,400 support vectors on 26 columns after encoding."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.svm import SVR

    rng = np.random.default_rng(9)
    rows = 2_500
    numbers = {f"n{i}": rng.normal(size=rows).round(3) for i in range(6)}
    words = {f"c{i}": rng.choice([f"v{k}" for k in range(5)], rows) for i in range(4)}
    x = pd.DataFrame(numbers | words)
    y = x.n0 * x.n1 + np.sin(x.n2) + (x.c0 == "v1") + rng.normal(0, 0.3, rows)
    steps = [("s", StandardScaler(), list(numbers)), ("e", OneHotEncoder(handle_unknown="ignore"), list(words))]
    return Made(make_pipeline(ColumnTransformer(steps), SVR(epsilon=0.01)).fit(x, y), x[:600])


MODELS: dict[str, Callable[[], Made]] = {
    "forest-500": forest_500,
    "forest-deep": forest_deep,
    "forest-10m": forest_10m,
    "xgboost-2000": xgboost_2000,
    "wide-logistic": wide_logistic,
    "wide-hist": wide_hist,
    "one-hot": one_hot,
    "svr": svr,
}


def write(name: str, folder: Path) -> None:
    """Fits a model of the table and writes it with its rows."""
    import joblib

    made = MODELS[name]()
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(made.model, folder / "model.joblib")
    made.sample.to_parquet(folder / "sample.parquet")
    if made.least is not None:
        joblib.dump(made.least, folder / "least.joblib")
    if made.asked is not None:
        made.asked.to_csv(folder / "rows.csv", index=False)
        made.asked[:1].to_csv(folder / "one.csv", index=False)
    (folder / "made").write_text(MODELS[name].__doc__ or name)


def _numbers(rows: int, noise: float) -> tuple[pd.DataFrame, Array]:
    """20 columns of numbers and two classes; how deep trees grow goes by the noise."""
    import pandas as pd

    rng = np.random.default_rng(7)
    x = rng.normal(size=(rows, 20))
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] + rng.normal(0, noise, rows)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(20)]), (score > 0).astype(int)


def _mixed(rows: int) -> tuple[pd.DataFrame, Array]:
    import pandas as pd

    rng = np.random.default_rng(6)
    numbers = {f"n{i}": rng.normal(i % 7, 1 + i % 3, rows).round(4) for i in range(300)}
    for name in list(numbers)[::10]:
        numbers[name][rng.random(rows) < 0.05] = np.nan
    words = {f"c{i}": rng.choice([f"c{i} {k}" for k in range(3 + i % 8)], rows) for i in range(300)}
    x = pd.DataFrame(numbers | words)
    score = x.n1 - x.n2 + x.n3 + (x.c0 == "c0 1") + rng.normal(0, 1, rows)
    return x, (score > score.median()).astype(int).to_numpy()


def _mixed_pipeline(last: Any) -> Any:
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    selected = make_column_selector(dtype_include="number"), make_column_selector(dtype_exclude="number")
    return make_pipeline(make_column_transformer((numbers, selected[0]), (words, selected[1])), last)


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
