"""Pipelines that end in XGBoost, LightGBM and CatBoost."""

from __future__ import annotations

from typing import Any

from catalogue import case, filled, hot, numbers, ordinal, text, words
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, TargetEncoder
from xgboost import XGBClassifier, XGBRegressor

_SEED = {"n_estimators": 20, "random_state": 0, "n_jobs": 1}
_CAT = {
    "iterations": 15,
    "depth": 4,
    "random_seed": 0,
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
}


@case("churn-xgboost", "churn", "flag")
def _() -> Any:
    columns = make_column_transformer((hot(), words), remainder="passthrough")
    return make_pipeline(columns, XGBClassifier(max_depth=3, **_SEED))


@case("housing-xgboost-logarithm", "housing", "price")
def _() -> Any:
    import numpy as np

    columns = make_column_transformer((TargetEncoder(random_state=0), words), (filled(), numbers))
    model = make_pipeline(columns, XGBRegressor(max_depth=3, **_SEED))
    return TransformedTargetRegressor(model, func=np.log1p, inverse_func=np.expm1)


@case("insurance-lightgbm", "insurance", "price")
def _() -> Any:
    codes = make_pipeline(text("constant", fill_value="?"), ordinal())
    columns = ColumnTransformer(
        [("codes", codes, ["region", "comment"]), ("rest", "passthrough", ["age", "bmi", "children"])]
    )
    return make_pipeline(columns, LGBMRegressor(num_leaves=7, min_child_samples=5, verbose=-1, **_SEED))


@case("credit-lightgbm-calibrated", "credit", "yes")
def _() -> Any:
    columns = make_column_transformer((ordinal(), ["purpose"]), ("passthrough", ["income", "debt", "grade", "branch"]))
    model = LGBMClassifier(num_leaves=7, min_child_samples=5, verbose=-1, **_SEED)
    return make_pipeline(columns, CalibratedClassifierCV(model, cv=3))


@case("passengers-catboost", "passengers", "yes")
def _() -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["sex", "embarked", "pclass"]),
        (SimpleImputer(add_indicator=True), ["age", "fare"]),
        sparse_threshold=0.0,
    )
    return make_pipeline(columns, CatBoostClassifier(**_CAT))


@case("sensor-three-boosters", "sensors", "price")
def _() -> Any:
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), QuantileTransformer(n_quantiles=20)), numbers),
        (hot(), words),
        sparse_threshold=0.0,
    )
    members = [
        ("x", XGBRegressor(max_depth=3, **_SEED)),
        ("l", LGBMRegressor(num_leaves=7, min_child_samples=5, verbose=-1, **_SEED)),
        ("c", CatBoostRegressor(**_CAT)),
    ]
    return make_pipeline(columns, VotingRegressor(members))
