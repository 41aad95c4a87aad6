"""Estimators made of estimators, on three classes with string labels, two classes, and several targets."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC

X, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["a", "b", "ç"])[SPECIES]
TWO = SPECIES > 0
VALUE = X @ [1.0, -2.0, 3.0, 0.5] + 10


def members(*models):
    return [(f"m{i}", model) for i, model in enumerate(models)]


def forest():
    return RandomForestClassifier(5, max_depth=3, random_state=0)


def logistic():
    return LogisticRegression(max_iter=500)


MODELS = {
    "vote-soft": (VotingClassifier(members(logistic(), forest()), voting="soft", weights=[2, 1]), NAMES),
    "vote-hard": (VotingClassifier(members(logistic(), forest(), GaussianNB())), NAMES),
    "vote-mean": (VotingRegressor(members(LinearRegression(), Ridge(), RandomForestRegressor(3))), VALUE),
    "stack-three": (StackingClassifier(members(logistic(), forest()), cv=2, passthrough=True), NAMES),
    "stack-two": (StackingClassifier(members(logistic(), LinearSVC()), cv=2), TWO),
    "stack-value": (StackingRegressor(members(Ridge(), RandomForestRegressor(3)), cv=2), VALUE),
    "rest-score": (OneVsRestClassifier(logistic()), NAMES),
    "rest-probability": (OneVsRestClassifier(forest()), NAMES),
    "rest-two": (OneVsRestClassifier(logistic()), TWO),
    "targets-value": (MultiOutputRegressor(Ridge()), np.column_stack([VALUE, VALUE**2])),
    "targets-class": (MultiOutputClassifier(logistic()), np.column_stack([SPECIES, SPECIES % 2])),
    "forest-targets": (forest(), np.column_stack([SPECIES, SPECIES % 2])),
    "fixed": (FixedThresholdClassifier(logistic(), threshold=0.3), TWO),
    "tuned": (TunedThresholdClassifierCV(logistic(), cv=2, thresholds=20), TWO),
    "target-function": (TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1), VALUE),
    "target-scaled": (TransformedTargetRegressor(Ridge(), transformer=StandardScaler()), VALUE),
    "target-range": (TransformedTargetRegressor(Ridge(), transformer=MinMaxScaler()), VALUE),
    "eliminated": (RFE(logistic(), n_features_to_select=2), NAMES),
    "selected": (make_pipeline(SelectKBest(k=3), SelectFromModel(logistic()), logistic()), NAMES),
    "frozen": (make_pipeline(StandardScaler(), FrozenEstimator(logistic().fit(X, NAMES))), NAMES),
}


@pytest.mark.parametrize("name", MODELS)
def test_graph_agrees(name, agrees) -> None:
    model, y = MODELS[name]
    agrees(model.fit(X, y), X)
