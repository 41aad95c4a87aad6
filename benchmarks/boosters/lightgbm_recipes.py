"""Configurations of LightGBM: every way of boosting, missing value, category, objective and place that is carried.

All data is synthetic and seeded; columns are what tables have: epoch seconds, latitudes within metres, cents, small
integers, counts with many zeros, category numbers.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Recipe = Callable[[], tuple[Any, Any]]
_ROWS = 400
_SMALL = {"n_estimators": 12, "num_leaves": 12, "min_child_samples": 8, "n_jobs": 1, "verbose": -1, "seed": 3}
#: Enough for splits on categories in small data.
_CATEGORIES = {"min_data_per_group": 5, "cat_smooth": 1.0, "cat_l2": 1.0, "max_cat_to_onehot": 2}


def recipes() -> dict[str, Recipe]:
    """Name -> a function that fits the model; it returns the model (or its file) and its training rows."""
    objectives = ("regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie")
    found: dict[str, Recipe] = {
        "regression gbdt": partial(_regressor),
        "regression dart": partial(_regressor, boosting_type="dart", drop_rate=0.5),
        "regression rf": partial(_regressor, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6),
        "regression goss": partial(_regressor, data_sample_strategy="goss"),
        "regression extra_trees": partial(_regressor, extra_trees=True, num_leaves=31),
        "regression monotone": partial(_regressor, monotone_constraints=[1, 0, 0, 0, 0, 0]),
        "regression reg_sqrt": partial(_regressor, reg_sqrt=True),
        **{f"objective {name}": partial(_regressor, objective=name) for name in objectives},
        "objective quantile sqrt": partial(_regressor, objective="quantile", alpha=0.8, reg_sqrt=True),
        "objective cross_entropy": partial(_shares, objective="cross_entropy"),
        "objective cross_entropy_lambda": partial(_shares, objective="cross_entropy_lambda"),
        "objective of the user": _own_objective,
        "linear_tree": partial(_regressor, linear_tree=True),
        "linear_tree with gaps": partial(_regressor, linear_tree=True, gaps=0.1),
        "linear_tree three classes": partial(_classifier, classes=3, linear_tree=True),
        "missing NaN": partial(_regressor, gaps=0.2),
        "missing use_missing=False": partial(_regressor, gaps=0.2, use_missing=False),
        "missing zero_as_missing": partial(_regressor, gaps=0.1, zero_as_missing=True),
        "missing zero_as_missing below zero": _zeros_between,
        "classes two words": partial(_classifier, words=True),
        "classes two, sigmoid 2.5": partial(_classifier, sigmoid=2.5),
        "classes three words": partial(_classifier, classes=3, words=True),
        "classes four ova": partial(_classifier, classes=4, objective="multiclassova", sigmoid=0.7),
        "classes two rf": partial(_classifier, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6),
        "classes three dart": partial(_classifier, classes=3, boosting_type="dart"),
        "classes unbalanced": partial(_classifier, is_unbalance=True, gaps=0.1),
        "early stopping": partial(_stopped, 2),
        "early stopping three classes": partial(_stopped, 3),
        "ranker lambdarank": partial(_ranker, "lambdarank"),
        "ranker rank_xendcg": partial(_ranker, "rank_xendcg"),
        "categories numbers": partial(_coded, gaps=0.0),
        "categories numbers with gaps": partial(_coded, gaps=0.1),
        "categories one against the rest": partial(_coded, gaps=0.1, max_cat_to_onehot=200),
        "categories of pandas": partial(_framed, classes=0),
        "categories of pandas, three classes": partial(_framed, classes=3),
        "column epoch seconds": partial(_one_column, "epoch"),
        "column latitude": partial(_one_column, "latitude"),
        "column cents": partial(_one_column, "cents"),
        "column small integers": partial(_one_column, "integers"),
        "pipeline scaler": _scaled,
        "pipeline mixed columns": _mixed,
        "calibrated": _calibrated,
        "file binary": partial(_file, "binary"),
        "file multiclass": partial(_file, "multiclass"),
        "file lambdarank": partial(_file, "lambdarank"),
        "file linear_tree of pandas": _file_of_pandas,
    }
    return found


def table(seed: int = 0, gaps: float = 0.0) -> np.ndarray[Any, Any]:
    """[400, 6]: normal, cents, small integers, epoch seconds, latitude, a count that is mostly 0."""
    rng = np.random.default_rng(seed)
    rows = np.c_[
        rng.normal(size=_ROWS),
        rng.integers(0, 2000, _ROWS) / 100,
        rng.integers(-3, 6, _ROWS),
        1_700_000_000 + rng.integers(0, 5_000_000, _ROWS) + rng.random(_ROWS),
        59.91 + rng.normal(size=_ROWS) * 2e-5,
        np.where(rng.random(_ROWS) < 0.6, 0, rng.integers(-4, 5, _ROWS)),
    ]
    return np.where(rng.random(rows.shape) < gaps, np.nan, rows)


def _target(rows: Any) -> Any:
    filled = np.nan_to_num(rows, nan=0.5)
    return (
        filled[:, 0] * 2
        + np.sin(filled[:, 1])
        + (filled[:, 2] > 1)
        + np.sin(filled[:, 3] / 4e5)
        + np.clip((filled[:, 4] - 59.91) * 5e4, -3, 3)
        + (filled[:, 5] == 0) * 1.5
        + 8
    )


def _classes(target: Any, classes: int) -> Any:
    return np.digitize(target, np.quantile(target, np.arange(1, classes) / classes))


def _quiet(model: Any, *given: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*given, **options)


def _regressor(gaps: float = 0.0, **options: Any) -> tuple[Any, Any]:
    from lightgbm import LGBMRegressor

    rows = table(gaps=gaps)
    return _quiet(LGBMRegressor(**_SMALL | options), rows, _target(rows)), rows


def _shares(objective: str) -> tuple[Any, Any]:
    from lightgbm import LGBMRegressor

    rows = table()
    share = 1 / (1 + np.exp(8 - _target(rows)))
    return _quiet(LGBMRegressor(**_SMALL | {"objective": objective}), rows, share), rows


def squared(truth: Any, scores: Any) -> tuple[Any, Any]:
    """Gradient and hessian of the squared error: an objective that LightGBM does not know by name."""
    return scores - truth, np.ones_like(truth)


def _own_objective() -> tuple[Any, Any]:
    return _regressor(objective=squared)


def _zeros_between() -> tuple[Any, Any]:
    """Splits below zero and above it, with zeros that go the other way than their value."""
    rng = np.random.default_rng(5)
    rows = np.where(rng.random((_ROWS, 3)) < 0.3, 0.0, rng.normal(size=(_ROWS, 3)))
    target = np.where(rows[:, 0] == 0, 3.0, rows[:, 0]) + np.where(rows[:, 1] == 0, -3.0, np.abs(rows[:, 1]))
    from lightgbm import LGBMRegressor

    return _quiet(LGBMRegressor(**_SMALL | {"zero_as_missing": True}), rows, target), rows


def _classifier(classes: int = 2, words: bool = False, gaps: float = 0.0, **options: Any) -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier

    rows = table(gaps=gaps)
    target = _classes(_target(rows), classes)
    labels = np.array(["nei", "ja", "peut-être", "はい"])[target] if words else target * 3 - 2
    return _quiet(LGBMClassifier(**_SMALL | options), rows, labels), rows


def _stopped(classes: int) -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier, early_stopping

    rows = table()
    target = np.random.default_rng(1).permuted(_classes(_target(rows), classes))
    model = LGBMClassifier(**_SMALL | {"n_estimators": 60, "learning_rate": 0.4})
    stop = early_stopping(3, verbose=False)
    _quiet(model, rows[:300], target[:300], eval_set=[(rows[300:], target[300:])], callbacks=[stop])
    return model, rows


def _ranker(objective: str) -> tuple[Any, Any]:
    from lightgbm import LGBMRanker

    rows = table()
    grade = _classes(_target(rows), 4)
    return _quiet(LGBMRanker(**_SMALL | {"objective": objective}), rows, grade, group=[20] * 20), rows


def _coded(gaps: float, **options: Any) -> tuple[Any, Any]:
    """Category numbers in an array: few, and 150 of them up to 900."""
    from lightgbm import LGBMRegressor

    rng = np.random.default_rng(2)
    rows = np.c_[rng.integers(0, 5, _ROWS), rng.integers(0, 150, _ROWS) * 6, rng.normal(size=_ROWS)]
    target = (rows[:, 0] % 3 == 1) * 2 + np.sin(rows[:, 1]) * 3 + rows[:, 2]
    rows = np.where(rng.random(rows.shape) < gaps, np.nan, rows)
    model = LGBMRegressor(**_SMALL | _CATEGORIES | options)
    return _quiet(model, rows, target, categorical_feature=[0, 1]), rows


def frame() -> tuple[Any, Any]:
    """Words, numbers and an ordered scale as pandas categories beside plain columns, and a target."""
    import pandas as pd

    rng = np.random.default_rng(4)
    columns = table(seed=4)
    city = np.array(["Oslo", "Tromsø", "東京", "", "🐧"], object)[rng.integers(0, 5, _ROWS)]
    city[rng.random(_ROWS) < 0.08] = None
    data = pd.DataFrame(
        {
            "city": pd.Categorical(city),
            "price in cents": columns[:, 1],
            "zone": pd.Categorical(rng.choice([10, 20, 45], _ROWS)),
            "seen": columns[:, 3],
            "size": pd.Categorical(rng.choice(["S", "M", "L"], _ROWS), ["S", "M", "L"], ordered=True),
            "rooms": rng.integers(0, 7, _ROWS),
            "new": rng.random(_ROWS) < 0.5,
        }
    )
    target = (
        _target(columns)
        + (data["city"] == "東京") * 2.0
        + (data["zone"] == 20) * 3.0
        + data["size"].cat.codes
        + data["new"]
    )
    return data, np.asarray(target, np.float64)


def _framed(classes: int) -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier, LGBMRegressor

    data, target = frame()
    options = _SMALL | _CATEGORIES
    if classes:
        return _quiet(LGBMClassifier(**options), data, _classes(target, classes)), data
    return _quiet(LGBMRegressor(**options), data, target), data


def _one_column(kind: str) -> tuple[Any, Any]:
    """A single column on which float32 would merge neighbours, or whose thresholds lie on a grid."""
    from lightgbm import LGBMClassifier

    column = {"cents": 1, "integers": 2, "epoch": 3, "latitude": 4}[kind]
    rows = table(seed=6)[:, [column]]
    rank = np.argsort(np.argsort(rows[:, 0]))
    return _quiet(LGBMClassifier(**_SMALL), rows, np.sin(rank / 15) > 0), rows


def _scaled() -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = table(seed=7)
    return _quiet(make_pipeline(StandardScaler(), LGBMClassifier(**_SMALL)), rows, _target(rows) > 9), rows


def _mixed() -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    data, target = frame()
    data = data.astype({"city": object, "size": object, "zone": "int64"})
    encoded = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer(
        [("words", encoded, ["city", "size"]), ("numbers", SimpleImputer(), ["price in cents", "seen", "zone"])],
        remainder="passthrough",
    )
    return _quiet(make_pipeline(columns, LGBMClassifier(**_SMALL)), data, _classes(target, 3)), data


def _calibrated() -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier
    from sklearn.calibration import CalibratedClassifierCV

    rows = table(seed=8)
    model = CalibratedClassifierCV(LGBMClassifier(**_SMALL), cv=2, method="sigmoid")
    return _quiet(model, rows, _target(rows) > 9), rows


def _file(objective: str) -> tuple[Any, Any]:
    """A file that LightGBM itself wrote, of a model that its native interface trained."""
    import lightgbm

    rows = table(seed=9, gaps=0.1)
    target = _classes(_target(rows), 3)
    options = {key: value for key, value in _SMALL.items() if key not in ("n_estimators", "n_jobs")}
    options |= {"objective": objective, "num_threads": 1}
    if objective == "multiclass":
        options["num_class"] = 3
    label = target > 1 if objective == "binary" else target
    group = [40] * 10 if objective == "lambdarank" else None
    booster = lightgbm.train(options, lightgbm.Dataset(rows, label, group=group), num_boost_round=8)
    path = Path(tempfile.mkdtemp(prefix="isoship-lightgbm-")) / f"{objective}.txt"
    booster.save_model(path)
    return path, rows


def _file_of_pandas() -> tuple[Any, Any]:
    from lightgbm import LGBMRegressor

    data, target = frame()
    model = _quiet(LGBMRegressor(**_SMALL | _CATEGORIES | {"linear_tree": True}), data, target)
    path = Path(tempfile.mkdtemp(prefix="isoship-lightgbm-")) / "rents.txt"
    model.booster_.save_model(path)
    return path, data
