"""The same for XGBoost and LightGBM beside onnxmltools."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import stock_tables as t
import xgboost
from stock_cases import CASES, Case, case, fitted

#: XGBoost computes its links in float32: two ulp.
_FLOAT_LINK = (1e-9, 2.4e-7)
_XGB = {"n_estimators": 20, "max_depth": 4, "n_jobs": 1, "random_state": 0}
_LGB = {"n_estimators": 20, "num_leaves": 15, "n_jobs": 1, "random_state": 0, "verbose": -1}
_SHARE = 1 / (1 + np.exp(-t.SCORE))


def boosted(name: str, stock: int | str, model: Any, x: Any, y: Any, rows: Any = None) -> None:
    fitted(name, stock, model, x, y, rows, ours=_FLOAT_LINK if isinstance(model, xgboost.XGBModel) else (1e-9, 1e-9))


boosted(
    "LightGBM, rf",
    t.ROWS // 2,
    lightgbm.LGBMRegressor(boosting_type="rf", bagging_freq=1, bagging_fraction=0.7, **_LGB),
    t.X,
    t.SCORE,
)
boosted("LightGBM, linear_tree", t.ROWS // 2, lightgbm.LGBMRegressor(linear_tree=True, **_LGB), t.X, t.SCORE)
boosted("XGBoost, reg:logistic", t.ROWS // 2, xgboost.XGBRegressor(objective="reg:logistic", **_XGB), t.X, _SHARE)
boosted(
    "XGBoost, survival:cox", t.ROWS // 2, xgboost.XGBRegressor(objective="survival:cox", **_XGB), t.X, np.exp(t.X[:, 0])
)
boosted("XGBoost, two targets", t.ROWS // 2, xgboost.XGBRegressor(**_XGB), t.X, np.c_[t.SCORE, -2 * t.X[:, 0]])
boosted(
    "XGBoost, dart",
    "KeyError: 'gbtree_model_param'",
    xgboost.XGBClassifier(booster="dart", rate_drop=0.2, **_XGB),
    t.X,
    t.TWO,
)
boosted(
    "XGBoost, gblinear",
    "gbtree_model_param",
    xgboost.XGBRegressor(booster="gblinear", n_estimators=20, n_jobs=1),
    t.X,
    t.SCORE,
)
boosted("LightGBM on places", 20, lightgbm.LGBMClassifier(**_LGB), t.PLACES, t.NEAR)
boosted("LightGBM on seconds", 20, lightgbm.LGBMClassifier(**_LGB), t.SECONDS, t.EARLY)
CASES["XGBoost in double"] = Case(
    lambda: (xgboost.XGBRegressor(**_XGB).fit(t.ORDERS, t.PAID), t.ORDERS, t.ORDERS), 1, "double", ours=_FLOAT_LINK
)


@case("LightGBM on its thresholds", 20)
def _() -> Any:
    model = lightgbm.LGBMRegressor(**_LGB).fit(t.X, t.SCORE)
    splits = model.booster_.trees_to_dataframe().dropna(subset=["threshold"])
    features = [int(name.removeprefix("Column_")) for name in splits["split_feature"]]
    return model, t.X, t.on(zip(features, splits["threshold"].astype(float), strict=True), t.X)


@case("LightGBM, nearly zero", 1)
def _() -> Any:
    """|x| <= 1e-35f is 0, and 0 is missing here."""
    x = np.where(t.RNG.random(t.X.shape) < 0.3, 0.0, t.X)
    model = lightgbm.LGBMRegressor(zero_as_missing=True, **_LGB).fit(x, t.SCORE + 5 * (x[:, 0] == 0))
    rows = x.copy()
    rows[::2][rows[::2] == 0] = 1e-36
    return model, x, rows
