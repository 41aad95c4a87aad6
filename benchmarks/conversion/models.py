"""The models measured: each fitted with a fixed seed on synthetic rows of 30 features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

FEATURES = 30
ROWS = 20_000

#: The forest that the bars hold (issue 3): 100 trees of depth 10, three classes.
BARRED = "forest, 3 classes"


@dataclass(frozen=True)
class Case:
    """fit: from features [N, 30] and class numbers of 2 or 3 classes. package: whose converter is the standard one."""

    name: str
    classes: int
    fit: Callable[[Any, Any], Any]
    package: str = "skl2onnx"


def rows(classes: int) -> tuple[Any, Any]:
    from sklearn.datasets import make_classification

    return make_classification(ROWS, FEATURES, n_informative=12, n_classes=classes, random_state=0)


def cases() -> list[Case]:
    from sklearn import ensemble, linear_model, pipeline, preprocessing

    def forest(x: Any, y: Any) -> Any:
        return ensemble.RandomForestClassifier(100, max_depth=10, random_state=0).fit(x, y)

    def mean_forest(x: Any, y: Any) -> Any:
        noise = np.random.default_rng(0).normal(size=5000)
        return ensemble.RandomForestRegressor(100, max_depth=10, random_state=0).fit(x[:5000], y[:5000] + noise)

    def histograms(x: Any, y: Any) -> Any:
        return ensemble.HistGradientBoostingClassifier(random_state=0).fit(x, y)

    def boosted(x: Any, y: Any) -> Any:
        return ensemble.GradientBoostingClassifier(random_state=0).fit(x[:5000], y[:5000])

    def scaled(x: Any, y: Any) -> Any:
        return pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()).fit(x, y)

    return [
        Case(BARRED, 3, forest),
        Case("forest, 2 classes", 2, forest),
        Case("forest, regressor", 3, mean_forest),
        Case("HistGradientBoosting", 2, histograms),
        Case("GradientBoosting", 2, boosted),
        Case("scaler, logistic", 3, scaled),
        Case("XGBoost", 3, _xgboost, "onnxmltools"),
        Case("LightGBM", 3, _lightgbm, "onnxmltools"),
    ]


def _xgboost(x: Any, y: Any) -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1, random_state=0).fit(x, y)


def _lightgbm(x: Any, y: Any) -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=100, n_jobs=1, random_state=0, verbose=-1).fit(x, y)
