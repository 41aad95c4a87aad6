"""The models: name -> how it is fitted, on seeded rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS, COLUMNS = 4000, 30


@dataclass(frozen=True)
class Subject:
    """fit: -> the fitted model and 1,000 rows to ask, an array or a table."""

    name: str
    fit: Callable[[], tuple[Any, Any]]
    output: str = "probabilities"

    def numbers(self, model: Any, rows: Any) -> Any:
        """The model's own answers, flat."""
        made = model.predict(rows) if self.output == "value" else model.predict_proba(rows)
        return np.asarray(made, np.float64).ravel()


def subjects() -> list[Subject]:
    return [
        Subject("logistic pipeline", _logistic),
        Subject("penguins", _penguins),
        Subject("forest, classifier", lambda: _forest("RandomForestClassifier")),
        Subject("forest, regressor", lambda: _forest("RandomForestRegressor"), "value"),
        Subject("XGBoost", _xgboost),
        Subject("LightGBM", _lightgbm),
    ]


def _data(*, classes: bool = True) -> tuple[Any, Any, Any]:
    """Columns and targets to fit, and rows to ask; float32 values, so that no input is rounded anywhere."""
    from sklearn.datasets import make_classification, make_regression

    if classes:
        x, y = make_classification(ROWS + 1000, COLUMNS, n_informative=12, random_state=0)
    else:
        x, y = make_regression(ROWS + 1000, COLUMNS, n_informative=12, noise=5, random_state=0)
    x = x.astype(np.float32).astype(np.float64)
    return x[:ROWS], y[:ROWS], x[ROWS:]


def _logistic() -> tuple[Any, Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y, asked = _data()
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y), asked


def _forest(name: str) -> tuple[Any, Any]:
    import sklearn.ensemble

    x, y, asked = _data(classes=name.endswith("Classifier"))
    return getattr(sklearn.ensemble, name)(100, max_depth=10, random_state=0).fit(x, y), asked


def _xgboost() -> tuple[Any, Any]:
    from xgboost import XGBClassifier

    x, y, asked = _data()
    return XGBClassifier(n_estimators=500, max_depth=6, random_state=0).fit(x, y), asked


def _lightgbm() -> tuple[Any, Any]:
    from lightgbm import LGBMClassifier

    x, y, asked = _data()
    return LGBMClassifier(n_estimators=500, random_state=0, verbose=-1).fit(x, y), asked


def _penguins() -> tuple[Any, Any]:
    from isoship.demo import penguins, train

    columns, species = penguins()
    asked = columns.dropna().sample(1000, replace=True, random_state=0).reset_index(drop=True)
    return train(columns, species), asked
