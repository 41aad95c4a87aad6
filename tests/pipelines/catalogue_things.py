"""Pipelines about houses, sensors, penguins, blood values and surveys."""

from __future__ import annotations

from typing import Any

import numpy as np
from catalogue import booleans, case, filled, hot, numbers, ordinal, words
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectFromModel, VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


@case("housing-hist-from-dtype", "housing", "price")
def _() -> Any:
    chosen = ColumnTransformer(
        [("keep", "passthrough", ["latitude", "longitude", "rooms", "built", "heating"])],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    return make_pipeline(
        chosen,
        HistGradientBoostingRegressor(
            max_iter=20, categorical_features="from_dtype", min_samples_leaf=5, random_state=0
        ),
    )


@case("housing-spline-ridge", "housing", "price")
def _() -> Any:
    place = make_pipeline(StandardScaler(), SplineTransformer(n_knots=4, extrapolation="linear"))
    columns = ColumnTransformer(
        [
            ("place", place, ["latitude", "longitude"]),
            ("rest", filled("most_frequent"), ["rooms", "built"]),
            ("zip", OneHotEncoder(max_categories=4, handle_unknown="infrequent_if_exist"), ["zip"]),
            ("heating", hot(), ["heating"]),
        ],
    )
    return make_pipeline(columns, Ridge())


@case("housing-target-extra-trees", "housing", "price")
def _() -> Any:
    columns = make_column_transformer(
        (TargetEncoder(target_type="continuous", random_state=0), words),
        (SimpleImputer(strategy="constant", fill_value=-1), numbers),
    )
    return TransformedTargetRegressor(
        make_pipeline(columns, ExtraTreesRegressor(12, max_depth=6, random_state=0)),
        func=np.log1p,
        inverse_func=np.expm1,
    )


@case("housing-knn", "housing", "price")
def _() -> Any:
    columns = make_column_transformer((filled(scaler=RobustScaler()), numbers), (hot(), ["heating"]))
    return make_pipeline(columns, KNeighborsRegressor(4))


@case("sensor-isolation-forest", "sensors", "none", "scores")
def _() -> Any:
    columns = make_column_transformer((filled("median"), numbers), (ordinal(), words))
    return make_pipeline(columns, IsolationForest(n_estimators=25, random_state=0))


@case("sensor-kmeans", "sensors", "none")
def _() -> Any:
    columns = make_column_transformer((filled("mean"), ["temperature", "pressure", "vibration"]), (hot(), words))
    return make_pipeline(columns, PCA(3), KMeans(4, n_init=2, random_state=0))


@case("sensor-quantile-svc", "sensors", "three", "scores")
def _() -> Any:
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), QuantileTransformer(n_quantiles=20)), numbers), (hot(), words)
    )
    return make_pipeline(columns, SVC(random_state=0))


@case("sensor-features-alone", "sensors", "none")
def _() -> Any:
    columns = make_column_transformer(
        (
            make_pipeline(StandardScaler(), KNNImputer(n_neighbors=3, add_indicator=True)),
            ["temperature", "pressure", "vibration"],
        ),
        (OneHotEncoder(drop="first", handle_unknown="ignore"), words),
    )
    return make_pipeline(columns, VarianceThreshold(1e-4))


@case("penguins-forest-selected", "penguins", "three")
def _() -> Any:
    columns = make_column_transformer((filled("median"), numbers), (hot(), words), ("passthrough", booleans))
    chosen = SelectFromModel(RandomForestClassifier(8, random_state=0), threshold="median")
    return make_pipeline(columns, chosen, LogisticRegression(max_iter=2000))


@case("penguins-nested-unions", "penguins", "three")
def _() -> Any:
    union = FeatureUnion(
        [
            ("poly", make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False))),
            ("pca", make_pipeline(MinMaxScaler(), PCA(2))),
            ("bounded", FunctionTransformer(np.tanh)),
        ],
        transformer_weights={"pca": 0.5},
    )
    inner = make_column_transformer(
        (make_pipeline(SimpleImputer(), union), ["bill_length_mm", "bill_depth_mm"]), (filled(), ["flipper_length_mm"])
    )
    columns = make_column_transformer((inner, numbers), (hot(), words))
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


@case("diabetes-polynomial", "diabetes", "price")
def _() -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler(), PolynomialFeatures(2, interaction_only=True), Ridge())


@case("diabetes-two-targets", "diabetes", "two")
def _() -> Any:
    return make_pipeline(
        KNNImputer(n_neighbors=4), StandardScaler(), RandomForestRegressor(12, max_depth=6, random_state=0)
    )


@case("surveys-bayes", "surveys", "three")
def _() -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words), (filled("median"), ["hours"])
    )
    return make_pipeline(columns, GaussianNB(var_smoothing=1e-2))


@case("surveys-ordered", "surveys", "yes")
def _() -> Any:
    ordered = OrdinalEncoder(categories=[["low", "mid", "high"]])
    columns = make_column_transformer(
        (ordered, ["answer"]),
        (ordinal(min_frequency=20), ["mood", "town"]),
        (SimpleImputer(strategy="constant", fill_value=0.0), ["hours"]),
    )
    return make_pipeline(columns, DecisionTreeClassifier(max_depth=6, random_state=0))
