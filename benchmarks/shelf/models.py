"""What stands on the shelf: fitted models of every family, with the rows that they were trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

#: Fits a model: (model, training rows).
Recipe = Callable[[], tuple[Any, Any]]

_NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
_STRINGS = ["island", "sex"]


def recipes() -> dict[str, Recipe]:
    """Name -> recipe, in the order of the table."""
    return {**_classifiers(), **_regressors(), **_others(), **_boosters()}


def _classifiers() -> dict[str, Recipe]:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import (
        AdaBoostClassifier,
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
        StackingClassifier,
        VotingClassifier,
    )
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier

    members = [("tree", DecisionTreeClassifier(max_depth=3)), ("logistic", LogisticRegression(max_iter=2000))]
    plain = {
        "decision tree, iris": DecisionTreeClassifier(max_depth=4, random_state=0),
        "extra trees, iris": ExtraTreesClassifier(30, max_depth=6, random_state=0),
        "gradient boosting, iris": GradientBoostingClassifier(n_estimators=20, random_state=0),
        "ada boost, iris": AdaBoostClassifier(n_estimators=20, random_state=0),
        "linear discriminants, iris": LinearDiscriminantAnalysis(),
        "gaussian naive bayes, iris": GaussianNB(),
        "SVM, iris": SVC(),
        "linear SVM, iris": LinearSVC(),
        "neighbours, iris": KNeighborsClassifier(),
        "calibrated SVM, iris": CalibratedClassifierCV(LinearSVC(), cv=3),
        "voting, iris": VotingClassifier(members, voting="soft"),
        "stacking, iris": StackingClassifier(members, cv=3),
    }
    mixed = {
        "logistic regression, penguins": LogisticRegression(max_iter=1000),
        "forest of 100 trees, penguins": RandomForestClassifier(100, max_depth=8, random_state=0),
        "neural network, penguins": MLPClassifier((16,), max_iter=400, random_state=0),
    }
    return {
        **{name: _on_iris(model) for name, model in plain.items()},
        **{name: on_penguins(model) for name, model in mixed.items()},
        "histogram boosting, missing numbers": _with_holes(HistGradientBoostingClassifier(max_iter=30)),
    }


def _regressors() -> dict[str, Recipe]:
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import Ridge
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler
    from sklearn.svm import SVR

    return {
        "polynomial ridge, diabetes": _on_diabetes(make_pipeline(PolynomialFeatures(2), Ridge())),
        "spline ridge, diabetes": _on_diabetes(make_pipeline(SplineTransformer(extrapolation="linear"), Ridge())),
        "forest, diabetes": _on_diabetes(RandomForestRegressor(50, max_depth=8, random_state=0)),
        "histogram boosting, diabetes": _on_diabetes(HistGradientBoostingRegressor(max_iter=30)),
        "neighbours, diabetes": _on_diabetes(KNeighborsRegressor()),
        "SVM, diabetes": _on_diabetes(make_pipeline(StandardScaler(), SVR())),
        "kernel ridge, diabetes": _on_diabetes(make_pipeline(StandardScaler(), KernelRidge(kernel="rbf", alpha=0.5))),
        "neural network, diabetes": _on_diabetes(
            make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), max_iter=300, random_state=0))
        ),
    }


def _others() -> dict[str, Recipe]:
    from sklearn.cluster import KMeans
    from sklearn.covariance import EllipticEnvelope
    from sklearn.ensemble import IsolationForest
    from sklearn.mixture import GaussianMixture
    from sklearn.svm import OneClassSVM

    return {
        "isolation forest, iris": _on_iris(IsolationForest(n_estimators=30, random_state=0), labels=False),
        "one-class SVM, iris": _on_iris(OneClassSVM(), labels=False),
        "elliptic envelope, iris": _on_iris(EllipticEnvelope(random_state=0), labels=False),
        "k-means, iris": _on_iris(KMeans(3, n_init=3, random_state=0), labels=False),
        "gaussian mixture, iris": _on_iris(GaussianMixture(3, random_state=0), labels=False),
    }


def _boosters() -> dict[str, Recipe]:
    from catboost import CatBoostClassifier, CatBoostRegressor
    from lightgbm import LGBMClassifier, LGBMRegressor
    from xgboost import XGBClassifier, XGBRegressor

    silent = {"iterations": 30, "depth": 4, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    return {
        "XGBoost, iris": _on_iris(XGBClassifier(n_estimators=20, max_depth=4, n_jobs=1)),
        "XGBoost, penguins": on_penguins(XGBClassifier(n_estimators=20, max_depth=4, n_jobs=1), coded=True),
        "XGBoost, diabetes": _on_diabetes(XGBRegressor(n_estimators=30, max_depth=4, n_jobs=1)),
        "LightGBM, iris": _on_iris(LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1)),
        "LightGBM, diabetes": _on_diabetes(LGBMRegressor(n_estimators=30, verbose=-1, n_jobs=1)),
        "CatBoost, iris": _on_iris(CatBoostClassifier(**silent)),
        "CatBoost, diabetes": _on_diabetes(CatBoostRegressor(**silent)),
    }


def _on_iris(model: Any, *, labels: bool = True) -> Recipe:
    def fit() -> tuple[Any, Any]:
        from sklearn.datasets import load_iris

        x, y = load_iris(return_X_y=True, as_frame=True)
        return (model.fit(x, y) if labels else model.fit(x)), x

    return fit


def _on_diabetes(model: Any) -> Recipe:
    def fit() -> tuple[Any, Any]:
        from sklearn.datasets import load_diabetes

        x, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
        return model.fit(x, y), x

    return fit


def _with_holes(model: Any) -> Recipe:
    """A tenth of the numbers is missing."""

    def fit() -> tuple[Any, Any]:
        from sklearn.datasets import load_breast_cancer

        x, y = load_breast_cancer(return_X_y=True, as_frame=True)
        x = x.iloc[:, :12].mask(np.random.default_rng(0).random((len(x), 12)) < 0.1)
        return model.fit(x, y), x

    return fit


def on_penguins(model: Any, *, coded: bool = False) -> Recipe:
    """Numbers and strings with missing values; the species as names, or as numbers for who takes no names."""

    def fit() -> tuple[Any, Any]:
        from palmerpenguins import load_penguins
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        frame = load_penguins()
        words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
        columns = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), _NUMBERS), (words, _STRINGS)
        )
        species: pd.Series[Any] = frame["species"]
        target = species.astype("category").cat.codes if coded else species
        return make_pipeline(columns, model).fit(frame[_NUMBERS + _STRINGS], target), frame[_NUMBERS + _STRINGS]

    return fit
