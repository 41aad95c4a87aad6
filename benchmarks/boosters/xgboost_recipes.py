"""Configurations of XGBoost for the booster sweep: every booster, objective and class, on small seeded tables."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Recipe = Callable[[], tuple[Any, Any]]

_ROWS = 400
_SMALL = {"n_estimators": 25, "max_depth": 5, "n_jobs": 1}
#: The columns that `_in_a_pipeline` scales.
_MEASURED = ["seconds", "latitude", "cents"]


def recipes() -> dict[str, Recipe]:
    """Configuration -> a recipe that fits it: the model (or the path of its file) and its training rows."""
    return {
        "XGBRegressor()": _regressor,
        "XGBRegressor(reg:squaredlogerror)": partial(_regressor, objective="reg:squaredlogerror"),
        "XGBRegressor(reg:logistic)": partial(_regressor, y="binary", objective="reg:logistic"),
        "XGBRegressor(reg:pseudohubererror)": partial(_regressor, objective="reg:pseudohubererror"),
        "XGBRegressor(reg:absoluteerror)": partial(_regressor, objective="reg:absoluteerror"),
        "XGBRegressor(reg:quantileerror, 3 alphas)": partial(
            _regressor, objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9]
        ),
        "XGBRegressor(reg:gamma)": partial(_regressor, objective="reg:gamma"),
        "XGBRegressor(reg:tweedie)": partial(_regressor, objective="reg:tweedie"),
        "XGBRegressor(count:poisson)": partial(_regressor, y="counts", objective="count:poisson"),
        "XGBRegressor(survival:cox)": partial(_regressor, y="censored", objective="survival:cox"),
        "Booster(survival:aft)": _survival_aft,
        "XGBRegressor(dart)": partial(_regressor, booster="dart", rate_drop=0.3),
        "XGBRegressor(gblinear)": _linear,
        "XGBRegressor(3 targets)": partial(_regressor, y="targets"),
        "XGBRegressor(3 targets, multi_output_tree)": partial(
            _regressor, y="targets", multi_strategy="multi_output_tree"
        ),
        "XGBRegressor(missing=-1)": _missing_marker,
        "XGBRegressor(tree_method='exact', gamma)": partial(_regressor, tree_method="exact", gamma=0.5),
        "XGBRFRegressor()": _forest,
        "XGBClassifier()": _classifier,
        "XGBClassifier(binary:logitraw)": partial(_classifier, objective="binary:logitraw"),
        "XGBClassifier(binary:hinge)": partial(_classifier, objective="binary:hinge"),
        "XGBClassifier(3 classes)": partial(_classifier, y="three"),
        "XGBClassifier(3 classes, multi:softmax)": partial(_classifier, y="three", objective="multi:softmax"),
        "XGBClassifier(3 classes, dart)": partial(_classifier, y="three", booster="dart", rate_drop=0.2),
        "XGBClassifier(3 classes, num_parallel_tree=3)": partial(
            _classifier, y="three", num_parallel_tree=3, n_estimators=8, subsample=0.8
        ),
        "XGBClassifier(3 labels at once)": partial(_classifier, y="labels"),
        "XGBClassifier(early stopping)": _early_stopping,
        "XGBClassifier(base_score=0.02)": partial(_classifier, base_score=0.02),
        "XGBRFClassifier(3 classes)": _forest_of_classes,
        "XGBRanker(rank:ndcg)": partial(_ranker, "rank:ndcg"),
        "XGBRanker(rank:pairwise)": partial(_ranker, "rank:pairwise"),
        "Booster(binary:logistic)": partial(_booster, "binary:logistic", "binary"),
        "Booster(multi:softprob)": partial(_booster, "multi:softprob", "three", num_class=3),
        "Booster(reg:squarederror, dart)": partial(
            _booster, "reg:squarederror", "value", booster="dart", rate_drop=0.3
        ),
        "XGBRegressor(categories in sets)": partial(_categories, max_cat_to_onehot=1),
        "XGBRegressor(categories one by one)": partial(_categories, max_cat_to_onehot=100),
        "XGBClassifier(realistic frame)": _realistic,
        "Pipeline(scaled and encoded columns, XGBClassifier)": partial(_in_a_pipeline, sparse=False),
        "Pipeline(sparse columns, XGBClassifier)": partial(_in_a_pipeline, sparse=True),
        "Pipeline(StandardScaler, XGBRegressor)": _scaled,
        "CalibratedClassifierCV(XGBClassifier)": _calibrated,
        "file .json (XGBClassifier, 3 classes)": partial(_file, "model.json", "classifier"),
        "file .ubj (Booster, count:poisson)": partial(_file, "model.ubj", "booster"),
    }


def _numbers() -> Any:
    """A plain number, epoch seconds, cents, small integers, degrees within metres, and missing values."""
    rng = np.random.default_rng(20)
    x = np.column_stack(
        [
            rng.normal(size=_ROWS),
            1.7e9 + rng.integers(0, 10**7, _ROWS),
            np.round(rng.gamma(2, 20, _ROWS), 2),
            rng.integers(0, 6, _ROWS),
            59.9139 + rng.normal(0, 2e-5, _ROWS),
        ]
    ).astype(np.float64)
    x[rng.random(_ROWS) < 0.05, 0] = np.nan
    return x


def _frame() -> pd.DataFrame:
    """Columns of the same sizes by name, with a flag and a city."""
    rng = np.random.default_rng(21)
    x = _numbers()
    return pd.DataFrame(
        {
            "seconds": x[:, 1],
            "latitude": x[:, 4],
            "cents": x[:, 2],
            "small": x[:, 3].astype(np.int64),
            "flag": rng.random(_ROWS) < 0.4,
            "city": rng.choice(["Oslo", "Bergen", "Alta", "Bodo", "Molde"], _ROWS),
        }
    )


def _target(kind: str) -> Any:
    rng = np.random.default_rng(22)
    x = _numbers()
    raw = np.nan_to_num(x[:, 0]) + x[:, 2] / 20 - x[:, 3] / 3 + (x[:, 1] - 1.7e9) / 1e7 + (x[:, 4] - 59.9139) * 2e4
    raw = raw + rng.normal(0, 0.2, _ROWS)
    value, binary = np.exp(raw / 3), (raw > np.median(raw)).astype(int)
    targets = {
        "value": value,
        "binary": binary,
        "three": np.digitize(raw, np.quantile(raw, [0.3, 0.6])),
        "counts": np.round(value),
        "censored": value * np.where(rng.random(_ROWS) < 0.7, 1, -1),
        "targets": np.column_stack([raw, -raw, value]),
        "labels": np.column_stack([binary, raw > 1, 1 - binary]).astype(int),
    }
    return targets[kind]


def _regressor(y: str = "value", **parameters: Any) -> tuple[Any, Any]:
    from xgboost import XGBRegressor

    return XGBRegressor(**{**_SMALL, **parameters}).fit(_numbers(), _target(y)), _numbers()


def _classifier(y: str = "binary", **parameters: Any) -> tuple[Any, Any]:
    from xgboost import XGBClassifier

    return XGBClassifier(**{**_SMALL, **parameters}).fit(_numbers(), _target(y)), _numbers()


def _ranker(objective: str) -> tuple[Any, Any]:
    from xgboost import XGBRanker

    groups = np.repeat(np.arange(_ROWS // 10), 10)
    return XGBRanker(objective=objective, **_SMALL).fit(_numbers(), _target("binary"), qid=groups), _numbers()


def _linear() -> tuple[Any, Any]:
    from xgboost import XGBRegressor

    x = _numbers()
    x[:, 1] = (x[:, 1] - 1.7e9) / 1e6
    return XGBRegressor(booster="gblinear", n_estimators=20, n_jobs=1).fit(x, _target("value")), x


def _missing_marker() -> tuple[Any, Any]:
    from xgboost import XGBRegressor

    x = np.nan_to_num(_numbers(), nan=-1.0)
    return XGBRegressor(missing=-1.0, **_SMALL).fit(x, _target("value")), x


def _forest() -> tuple[Any, Any]:
    from xgboost import XGBRFRegressor

    return XGBRFRegressor(n_estimators=40, max_depth=6, n_jobs=1).fit(_numbers(), _target("value")), _numbers()


def _forest_of_classes() -> tuple[Any, Any]:
    from xgboost import XGBRFClassifier

    return XGBRFClassifier(n_estimators=30, max_depth=6, n_jobs=1).fit(_numbers(), _target("three")), _numbers()


def _early_stopping() -> tuple[Any, Any]:
    from xgboost import XGBClassifier

    x, y = _numbers(), _target("binary")
    model = XGBClassifier(n_estimators=200, learning_rate=0.8, early_stopping_rounds=3, n_jobs=1)
    return model.fit(x[:200], y[:200], eval_set=[(x[200:], y[200:])], verbose=False), x


def _survival_aft() -> tuple[Any, Any]:
    import xgboost

    x, y = _numbers(), _target("value")
    data = xgboost.DMatrix(x)
    data.set_float_info("label_lower_bound", y)
    data.set_float_info("label_upper_bound", y * 1.5)
    return xgboost.train({"objective": "survival:aft", "max_depth": 4, "nthread": 1}, data, 20), x


def _booster(objective: str, y: str, **parameters: Any) -> tuple[Any, Any]:
    import xgboost

    settings = {"objective": objective, "max_depth": 4, "nthread": 1, **parameters}
    return xgboost.train(settings, xgboost.DMatrix(_numbers(), label=_target(y)), 20), _numbers()


def _categories(**parameters: Any) -> tuple[Any, Any]:
    from xgboost import XGBRegressor

    frame = _frame()
    frame["city"] = frame["city"].astype("category")
    y = _target("value") + frame["city"].cat.codes % 3
    return XGBRegressor(enable_categorical=True, **_SMALL, **parameters).fit(frame, y), frame


def _realistic() -> tuple[Any, Any]:
    from xgboost import XGBClassifier

    frame = _frame().drop(columns="city")
    return XGBClassifier(**_SMALL).fit(frame, _target("three")), frame


def _in_a_pipeline(*, sparse: bool) -> tuple[Any, Any]:
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from xgboost import XGBClassifier

    columns = make_column_transformer(
        (StandardScaler(), _MEASURED),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=sparse), ["city"]),
        ("passthrough", ["small", "flag"]),
        sparse_threshold=1.0,
    )
    return make_pipeline(columns, XGBClassifier(**_SMALL)).fit(_frame(), _target("binary")), _frame()


def _scaled() -> tuple[Any, Any]:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from xgboost import XGBRegressor

    return make_pipeline(StandardScaler(), XGBRegressor(**_SMALL)).fit(_numbers(), _target("value")), _numbers()


def _calibrated() -> tuple[Any, Any]:
    from sklearn.calibration import CalibratedClassifierCV
    from xgboost import XGBClassifier

    return CalibratedClassifierCV(XGBClassifier(**_SMALL), cv=2).fit(_numbers(), _target("binary")), _numbers()


def _file(name: str, kind: str) -> tuple[Any, Any]:
    """A model in XGBoost's own form, in a temporary folder."""
    path = Path(tempfile.mkdtemp(prefix="isoship-xgboost-")) / name
    model, rows = _classifier("three") if kind == "classifier" else _booster("count:poisson", "counts")
    model.save_model(path)
    return path, rows
