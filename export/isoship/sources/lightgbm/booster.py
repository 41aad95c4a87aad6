"""LightGBM's own Booster in the shape of a scikit-learn estimator, so that one contract holds for both.

A binary or multi-class objective makes a classifier of the numbers 0..C-1; every other objective answers `predict`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from isoship.errors import UnsupportedModelError
from isoship.sources.lightgbm.links import read_objective
from isoship.sources.lightgbm.model_text import parse


class _OfBooster(BaseEstimator):  # type: ignore[misc]
    """booster: a lightgbm.Booster; names: its columns, None where it was trained on an array."""

    def __init__(self, booster: Any, names: list[str] | None) -> None:
        self.booster = booster
        self.names = names
        self.booster_ = booster
        self.n_features_in_ = booster.num_feature()
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)

    def fit(self, X: Any, y: Any = None) -> Any:
        """There only because scikit-learn knows an estimator by it."""
        raise TypeError("a Booster is trained by lightgbm.train, not by fit")

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return "lightgbm.Booster"

    def _ask(self, rows: Any, *, raw: bool = False) -> Any:
        return self.booster.predict(rows, raw_score=raw, num_threads=1)


class LightGBMBoosterRegressor(RegressorMixin, _OfBooster):  # type: ignore[misc]
    """A Booster that answers numbers: what `Booster.predict` does."""

    def predict(self, X: Any) -> Any:
        return self._ask(X)


class LightGBMBoosterClassifier(ClassifierMixin, _OfBooster):  # type: ignore[misc]
    """A Booster that answers classes."""

    def __init__(self, booster: Any, names: list[str] | None) -> None:
        super().__init__(booster, names)
        self.classes_ = np.arange(max(2, booster.num_model_per_iteration()))

    def predict(self, X: Any) -> Any:
        """The class with the highest probability, the first of equals."""
        return np.argmax(self.predict_proba(X), axis=1)

    def predict_proba(self, X: Any) -> Any:
        """[N, C]."""
        found = self._ask(X)
        return found if found.ndim == 2 else np.column_stack([1.0 - found, found])

    def decision_function(self, X: Any) -> Any:
        """Raw scores, [N] or [N, C]."""
        return self._ask(X, raw=True)


def estimator_of(booster: Any) -> Any:
    """A Booster as an estimator.

    Raises:
        UnsupportedModelError: its objective is none of LightGBM's.
    """
    names = booster.feature_name()
    try:
        objective = read_objective(parse(booster.model_to_string(num_iteration=1)).objective)
    except ValueError as err:
        raise UnsupportedModelError("lightgbm.Booster", str(err), "Use a built-in objective of LightGBM") from err
    made_up = names == [f"Column_{i}" for i in range(len(names))]
    kind = LightGBMBoosterClassifier if objective.classifies else LightGBMBoosterRegressor
    return kind(booster, None if made_up else names)
