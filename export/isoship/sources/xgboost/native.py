"""A native `xgboost.Booster` with the methods that scikit-learn's estimators have.

It is asked as its users ask it: `booster.predict(DMatrix(rows))`, all rounds, NaN for missing. Binary and multi-class
objectives are classifiers with the classes 0..C-1; what their `predict` returns decides what there is:

| objective | label | probabilities | scores |
|---|---|---|---|
| binary:logistic | above 0.5 | 1 - p, p | raw score |
| binary:logitraw | above 0 | | raw score |
| binary:hinge | as predicted | | raw score |
| multi:softprob | the highest | as predicted | raw scores |
| multi:softmax | as predicted | | raw scores |
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

_CLASSIFIERS = ("binary:hinge", "binary:logistic", "binary:logitraw", "multi:softmax", "multi:softprob")
_PROBABILITIES = ("binary:logistic", "multi:softprob")


class _Booster(BaseEstimator):  # type: ignore[misc]
    """What both kinds share. objective: the booster's; booster: an `xgboost.Booster`."""

    def __init__(self, booster: Any = None, objective: str = "") -> None:
        self.booster = booster
        self.objective = objective

    def fit(self, x: Any, y: Any) -> Any:
        raise TypeError("a Booster is trained by xgboost.train, not here")

    def __sklearn_is_fitted__(self) -> bool:
        return self.booster is not None

    def get_booster(self) -> Any:
        return self.booster

    @property
    def n_features_in_(self) -> int:
        return int(self.booster.num_features())

    @property
    def feature_names_in_(self) -> Any:
        if self.booster.feature_names is None:
            raise AttributeError("the booster has no feature names")
        return np.array(self.booster.feature_names, dtype=object)

    def _answer(self, x: Any, *, raw: bool) -> Any:
        import xgboost

        named: dict[str, Any] = {}
        if not hasattr(x, "columns"):
            named = {"feature_names": self.booster.feature_names, "feature_types": self.booster.feature_types}
        rows = xgboost.DMatrix(x, enable_categorical=True, **named)
        return self.booster.predict(rows, output_margin=raw)


class XGBoostRegressor(RegressorMixin, _Booster):  # type: ignore[misc]
    """A Booster whose prediction is a number, or several: regression, counts, survival, ranking."""

    def predict(self, x: Any) -> Any:
        return self._answer(x, raw=False)


def _has_probabilities(estimator: Any) -> bool:
    return estimator.objective in _PROBABILITIES


class XGBoostClassifier(ClassifierMixin, _Booster):  # type: ignore[misc]
    """A Booster with a binary or multi-class objective."""

    @property
    def classes_(self) -> Any:
        parameters = json.loads(self.booster.save_config())["learner"]["learner_model_param"]
        return np.arange(max(int(parameters["num_class"]), 2))

    def predict(self, x: Any) -> Any:
        predicted = self._answer(x, raw=False)
        if self.objective == "multi:softprob":
            return np.argmax(predicted, axis=1)
        if self.objective in ("binary:logistic", "binary:logitraw"):
            return (predicted > (0.5 if self.objective == "binary:logistic" else 0.0)).astype(np.int64)
        return predicted.astype(np.int64)

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, x: Any) -> Any:
        predicted = self._answer(x, raw=False)
        return predicted if predicted.ndim == 2 else np.column_stack([np.float32(1) - predicted, predicted])

    def decision_function(self, x: Any) -> Any:
        return self._answer(x, raw=True)


def estimator_of(booster: Any) -> Any:
    """The booster as an estimator."""
    learner = json.loads(booster.save_config())["learner"]
    objective = str(learner["objective"]["name"])
    several = int(learner["learner_model_param"].get("num_target", 1)) > 1
    kind = XGBoostClassifier if objective in _CLASSIFIERS and not several else XGBoostRegressor
    return kind(booster, objective)
