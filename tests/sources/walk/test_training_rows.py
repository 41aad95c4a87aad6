"""Models that keep training rows are known as such, however deep the estimator lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from isoship.sources.sklearn.walk.training_rows import holds_training_rows

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (LogisticRegression(), ()),
        (RandomForestClassifier(5), ()),
        (LinearSVC(), ()),
        (make_pipeline(StandardScaler(), SVC()), ("SVC",)),
        (make_pipeline(make_column_transformer((KNNImputer(), [0, 1])), LogisticRegression()), ("KNNImputer",)),
        (GaussianProcessRegressor(), ("GaussianProcessRegressor",)),
        (CalibratedClassifierCV(KNeighborsClassifier(3), cv=2), ("KNeighborsClassifier",)),
        (StackingClassifier([("s", SVC()), ("k", KNeighborsClassifier(3))], cv=2), ("KNeighborsClassifier", "SVC")),
    ],
    ids=["linear", "forest", "linear svm", "svm", "imputer", "process", "calibrated", "stacking"],
)
def test_estimators_that_keep_rows_are_named(model: Any, names: tuple[str, ...]) -> None:
    assert holds_training_rows(model) == ()
    assert holds_training_rows(model.fit(X, Y)) == names
