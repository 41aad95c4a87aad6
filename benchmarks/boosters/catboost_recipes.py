"""Configurations of CatBoost: every way of growing trees, loss, treatment of missing values and of categories.

All data is synthetic and seeded. Columns are what tables have: epoch seconds, latitudes within metres, cents, small
integers; names of cities in several scripts, codes, flags. Every category stands in the first half of the rows too,
which is the sample that the sweep gives.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Recipe = Callable[[], tuple[Any, Any]]
_ROWS = 400
_SMALL = {
    "iterations": 12,
    "depth": 4,
    "learning_rate": 0.3,
    "thread_count": 1,
    "random_seed": 3,
    "verbose": False,
    "allow_writing_files": False,
}
_CITIES = ("Oslo", "Tromsø", "東京", "São Paulo", "Łódź", "", "NA", "🐧 city", "'quoted' \"city\"")
_LOSSES = (
    "MAE",
    "Quantile:alpha=0.3",
    "LogLinQuantile:alpha=0.4",
    "Poisson",
    "Tweedie:variance_power=1.4",
    "LogCosh",
    "Huber:delta=0.7",
    "Expectile:alpha=0.2",
    "MAPE",
    "Lq:q=3",
)
_SEVERAL = ("MultiRMSE", "MultiQuantile:alpha=0.1,0.5,0.9", "RMSEWithUncertainty")
_RANKINGS = ("YetiRank", "QueryRMSE", "PairLogit", "StochasticRank:metric=DCG")
_CTRS = ("Borders", "Buckets", "Counter", "BinarizedTargetMeanValue")


def recipes() -> dict[str, Recipe]:
    """Name -> a function that fits the model; it returns the model (or its file) and its training rows."""
    return {
        "regression": partial(_regressor),
        "regression Depthwise": partial(_regressor, grow_policy="Depthwise", gaps=0.1),
        "regression Lossguide": partial(_regressor, grow_policy="Lossguide", max_leaves=20, gaps=0.1),
        "regression Ordered boosting": partial(_regressor, boosting_type="Ordered"),
        "regression monotone": partial(_regressor, monotone_constraints=[1, 0, 0, 0, 0]),
        "missing Min": partial(_regressor, gaps=0.2, nan_mode="Min"),
        "missing Max": partial(_regressor, gaps=0.2, nan_mode="Max"),
        "missing Forbidden": partial(_regressor, nan_mode="Forbidden"),
        **{f"loss {loss.partition(':')[0]}": partial(_regressor, loss_function=loss) for loss in _LOSSES},
        **{f"loss {loss.partition(':')[0]}": partial(_several, loss) for loss in _SEVERAL},
        "classes two words": partial(_classifier),
        "classes two numbers, reversed": partial(_classifier, names=(7, 3), class_names=[7, 3]),
        "classes booleans": partial(_classifier, names=(False, True)),
        "classes two, threshold 0.2": partial(_classifier, threshold=0.2),
        "classes shares": _shares,
        "classes three words": partial(_classifier, names=("a", "é", "日")),
        "classes four OneVsAll": partial(_classifier, names=(1, 2, 4, 8), loss_function="MultiClassOneVsAll"),
        "classes three Lossguide": partial(_classifier, names=(0, 1, 2), grow_policy="Lossguide"),
        "labels MultiLogloss": _labels,
        "early stopping": partial(_stopped, 2),
        "early stopping three classes": partial(_stopped, 3),
        **{f"ranker {loss.partition(':')[0]}": partial(_ranker, loss) for loss in _RANKINGS},
        "native": partial(_native, "RMSE"),
        "native three classes": partial(_native, "MultiClass"),
        "scale and bias": _rescaled,
        "categories one-hot": partial(_categories, one_hot_max_size=20),
        **{f"categories {ctr}": partial(_categories, ctr=ctr, max_ctr_complexity=1) for ctr in _CTRS},
        **{f"categories {ctr} combined": partial(_categories, ctr=ctr, one_hot_max_size=3) for ctr in _CTRS},
        "categories three classes": partial(_categories, classes=3, one_hot_max_size=3),
        "categories with gaps in numbers": partial(
            _categories, classes=2, gaps=0.2, nan_mode="Max", one_hot_max_size=3
        ),
        "categories Lossguide": partial(_categories, grow_policy="Lossguide", one_hot_max_size=20),
        "categories in an array": _array,
        "column epoch seconds": partial(_one_column, "epoch"),
        "column cents": partial(_one_column, "cents"),
        "pipeline scaler": _scaled,
        "pipeline imputed categories": _imputed,
        "file classifier": partial(_file, "binary"),
        "file three classes": partial(_file, "multiclass"),
        "file regressor": partial(_file, "poisson"),
        "file ranker": partial(_file, "ranker"),
        "file categories": partial(_file, "categories"),
    }


def table(gaps: float = 0.0, seed: int = 0) -> np.ndarray[Any, Any]:
    """[400, 5]: normal, cents, small integers, epoch seconds, latitude within metres."""
    rng = np.random.default_rng(seed)
    rows = np.c_[
        rng.normal(size=_ROWS),
        rng.integers(0, 5000, _ROWS) / 100,
        rng.integers(0, 7, _ROWS),
        1_700_000_000 + rng.integers(0, 10_000_000, _ROWS),
        59.91 + rng.normal(size=_ROWS) * 2e-5,
    ]
    rows[rng.random(rows.shape) < gaps] = np.nan
    return rows


def frame(gaps: float = 0.0, seed: int = 0) -> Any:
    """400 rows of a city (9, accents, empty, "NA"), a code (6 integers), a flag, a kind (3), and two numbers."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    numbers = table(gaps, seed)
    return pd.DataFrame(
        {
            "city": rng.choice(_CITIES, _ROWS),
            "amount": numbers[:, 1],
            "code": rng.integers(-1, 5, _ROWS) * 1000,
            "member": rng.random(_ROWS) < 0.4,
            "kind": pd.Categorical(rng.choice(["p", "q", "r"], _ROWS)),
            "score": numbers[:, 0],
        }
    )


def _target(rows: np.ndarray[Any, Any], seed: int = 0) -> np.ndarray[Any, Any]:
    filled = np.nan_to_num(rows, nan=1.0)
    noise = np.random.default_rng(seed + 9).normal(size=len(rows)) * 0.1
    later = (filled[:, 3] > 1_705_000_000) + (filled[:, 4] > 59.91)
    return filled[:, 0] + np.sin(filled[:, 1]) + (filled[:, 2] % 2) + later + noise


def _crossed(columns: Any) -> np.ndarray[Any, Any]:
    """A target that turns on pairs of categories, and of a category and a number."""
    odd = columns["city"].isin(_CITIES[::2]) ^ (columns["code"] % 2000 == 0) ^ (columns["kind"] == "q")
    odd ^= columns["score"].fillna(2.0) > 0.3
    noise = np.random.default_rng(5).normal(size=len(columns)) * 0.2
    return np.asarray(odd * 2.0 + columns["member"] * 0.5 + noise)


def _classes(target: np.ndarray[Any, Any], names: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    cuts = np.quantile(target, np.arange(1, len(names)) / len(names))
    return np.array(names)[np.digitize(target, cuts)]


def _regressor(gaps: float = 0.0, **options: Any) -> tuple[Any, Any]:
    from catboost import CatBoostRegressor

    rows = table(gaps)
    target = np.abs(_target(rows)) + 0.1
    return CatBoostRegressor(**{**_SMALL, **options}).fit(rows, target), rows


def _several(loss: str) -> tuple[Any, Any]:
    from catboost import CatBoostRegressor

    rows = table(0.1)
    target = np.c_[_target(rows), np.nan_to_num(rows[:, 0])] if loss == "MultiRMSE" else _target(rows)
    return CatBoostRegressor(**_SMALL, loss_function=loss).fit(rows, target), rows


def _classifier(
    names: tuple[Any, ...] = ("no", "yes"), threshold: float | None = None, **options: Any
) -> tuple[Any, Any]:
    from catboost import CatBoostClassifier

    rows = table(0.1)
    model = CatBoostClassifier(**{**_SMALL, **options}).fit(rows, _classes(_target(rows), names))
    if threshold is not None:
        model.set_probability_threshold(threshold)
    return model, rows


def _shares() -> tuple[Any, Any]:
    from catboost import CatBoostClassifier

    rows = table()
    share = 1 / (1 + np.exp(-_target(rows)))
    return CatBoostClassifier(**_SMALL, loss_function="CrossEntropy").fit(rows, share), rows


def _labels() -> tuple[Any, Any]:
    from catboost import CatBoostClassifier

    rows = table()
    several = np.c_[_target(rows) > 1.5, rows[:, 1] > 20, rows[:, 2] % 2 > 0].astype(int)
    return CatBoostClassifier(**_SMALL, loss_function="MultiLogloss").fit(rows, several), rows


def _stopped(classes: int) -> tuple[Any, Any]:
    from catboost import CatBoostClassifier

    rows = table()
    target = _classes(_target(rows), tuple(range(classes)))
    noisy = np.where(np.random.default_rng(1).random(len(rows)) < 0.4, target[::-1], target)
    options = {**_SMALL, "iterations": 200, "learning_rate": 0.8}
    model = CatBoostClassifier(**options, early_stopping_rounds=5)
    model.fit(rows[:200], noisy[:200], eval_set=(rows[200:], target[200:]), use_best_model=True)
    assert 0 < model.tree_count_ < 200
    return model, rows


def _ranker(loss: str) -> tuple[Any, Any]:
    from catboost import CatBoostRanker

    rows = table()
    groups = np.repeat(np.arange(_ROWS // 20), 20)
    grades = _classes(_target(rows), (0, 1, 2, 3))
    return CatBoostRanker(**_SMALL, loss_function=loss).fit(rows, grades, group_id=groups), rows


def _native(loss: str) -> tuple[Any, Any]:
    from catboost import CatBoost

    rows = table()
    target = _classes(_target(rows), (0, 1, 2)) if loss == "MultiClass" else _target(rows)
    return CatBoost({**_SMALL, "loss_function": loss}).fit(rows, target), rows


def _rescaled() -> tuple[Any, Any]:
    model, rows = _regressor()
    model.set_scale_and_bias(0.3, -1.7)
    return model, rows


def _categories(classes: int = 0, ctr: str = "", gaps: float = 0.0, **options: Any) -> tuple[Any, Any]:
    from catboost import CatBoostClassifier, CatBoostRegressor

    columns = frame(gaps)
    target = _crossed(columns)
    if ctr:
        options |= {"simple_ctr": [f"{ctr}:Prior=0.5:Prior=0"], "combinations_ctr": [ctr]}
    # small tables get no combinations unless they are asked for
    wide = {"cat_features": ["city", "code", "member", "kind"], "model_size_reg": 0.0, "max_ctr_complexity": 4}
    options = {**_SMALL, **wide, **options}
    if classes:
        return CatBoostClassifier(**options).fit(columns, _classes(target, tuple(range(classes)))), columns
    return CatBoostRegressor(**options).fit(columns, target), columns


def _array() -> tuple[Any, Any]:
    """Columns by position, out of an array of objects."""
    from catboost import CatBoostRegressor

    columns = frame()
    rows = columns[["score", "city", "code"]].to_numpy(dtype=object)
    return CatBoostRegressor(**_SMALL, cat_features=[1, 2]).fit(rows, _crossed(columns)), rows


def _one_column(what: str) -> tuple[Any, Any]:
    from catboost import CatBoostClassifier

    rows = table()[:, [3]] if what == "epoch" else table()[:, [1]]
    target = np.sin(rows[:, 0] / np.ptp(rows) * 20) > 0
    return CatBoostClassifier(**_SMALL).fit(rows, target), rows


def _scaled() -> tuple[Any, Any]:
    from catboost import CatBoostClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = table()
    return make_pipeline(StandardScaler(), CatBoostClassifier(**_SMALL)).fit(rows, _target(rows) > 2), rows


def _imputed() -> tuple[Any, Any]:
    from catboost import CatBoostClassifier
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    columns = frame(0.1)
    target = _crossed(columns) > 1
    columns["city"] = columns["city"].astype(object).where(np.arange(_ROWS) % 9 > 0, np.nan)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = SimpleImputer(strategy="constant", fill_value="(none)")
    prepared = make_column_transformer((words, ["city"]), (numbers, ["amount", "score"]), ("passthrough", ["code"]))
    return make_pipeline(prepared, CatBoostClassifier(**_SMALL, cat_features=[0, 3])).fit(columns, target), columns


def _file(kind: str) -> tuple[Any, Any]:
    made: dict[str, Recipe] = {
        "binary": _classifier,
        "multiclass": partial(_classifier, names=("a", "é", "日")),
        "poisson": partial(_regressor, loss_function="Poisson"),
        "ranker": partial(_ranker, "YetiRank"),
        "categories": partial(_categories, classes=2, one_hot_max_size=3),
    }
    model, rows = made[kind]()
    path = Path(tempfile.mkdtemp(prefix="catboost-recipe-")) / f"{kind}.cbm"
    model.save_model(str(path))
    return path, rows
