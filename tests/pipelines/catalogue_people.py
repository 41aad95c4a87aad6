"""Pipelines about people: churn, insurance, credit, passengers."""

from __future__ import annotations

from typing import Any

import numpy as np
from catalogue import booleans, case, filled, hot, numbers, ordinal, text, words
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge, RidgeClassifier, SGDClassifier, TweedieRegressor
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier


@case("churn-logistic", "churn", "yes", "scores")
def _() -> Any:
    columns = make_column_transformer((filled(add_indicator=True), numbers), (hot(), words), ("passthrough", booleans))
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


@case("churn-sgd-constant", "churn", "three")
def _() -> Any:
    text = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unbekannt — 不明"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=12),
    )
    columns = make_column_transformer(
        (filled("mean", MinMaxScaler()), numbers), (text, words), (StandardScaler(), booleans)
    )
    return make_pipeline(columns, SGDClassifier(loss="modified_huber", random_state=0))


@case("churn-tuned-threshold", "churn", "yes")
def _() -> Any:
    columns = make_column_transformer(
        (filled(), numbers), (OneHotEncoder(handle_unknown="ignore", drop="if_binary"), words), remainder="passthrough"
    )
    model = TunedThresholdClassifierCV(LogisticRegression(max_iter=2000), scoring="balanced_accuracy", cv=3)
    return make_pipeline(columns, model)


@case("churn-whole-model-tuned", "churn", "flag")
def _() -> Any:
    columns = make_column_transformer((SimpleImputer(), numbers), (TargetEncoder(random_state=0), words))
    return TunedThresholdClassifierCV(make_pipeline(columns, DecisionTreeClassifier(max_depth=4, random_state=0)), cv=3)


@case("insurance-gradient-boosting", "insurance", "price")
def _() -> Any:
    columns = make_column_transformer(
        (SimpleImputer(), numbers),
        (make_pipeline(text("constant", fill_value=""), ordinal()), ["region", "comment"]),
        remainder="passthrough",
    )
    return make_pipeline(columns, GradientBoostingRegressor(n_estimators=20, random_state=0))


@case("insurance-tweedie", "insurance", "price")
def _() -> Any:
    age = make_pipeline(KBinsDiscretizer(5, encode="onehot", quantile_method="averaged_inverted_cdf"))
    columns = make_column_transformer(
        (age, ["age"]),
        (filled(), ["bmi"]),
        (MaxAbsScaler(), ["children"]),
        (make_pipeline(text(add_indicator=True), OneHotEncoder(handle_unknown="ignore")), ["region"]),
    )
    return make_pipeline(columns, TweedieRegressor(power=1.5, max_iter=1000))


@case("insurance-stacking", "insurance", "price")
def _() -> Any:
    columns = make_column_transformer(
        (filled(), numbers),
        (make_pipeline(text(), OneHotEncoder(handle_unknown="ignore")), ["region", "comment"]),
        ("passthrough", booleans),
    )
    members = [("net", ElasticNet(alpha=0.1)), ("boost", HistGradientBoostingRegressor(max_iter=10, random_state=0))]
    return make_pipeline(columns, StackingRegressor(members, final_estimator=Ridge(), cv=3))


@case("credit-voting", "credit", "yes")
def _() -> Any:
    columns = make_column_transformer(
        (filled(), ["income", "debt"]),
        (OneHotEncoder(handle_unknown="ignore"), ["branch", "grade", "purpose"]),
        ("passthrough", booleans),
    )
    members = [
        ("line", LogisticRegression(max_iter=2000)),
        ("tree", DecisionTreeClassifier(max_depth=4, random_state=0)),
        ("bayes", GaussianNB()),
    ]
    return make_pipeline(columns, VotingClassifier(members, voting="soft"))


@case("credit-calibrated", "credit", "yes")
def _() -> Any:
    columns = make_column_transformer((filled(scaler=PowerTransformer()), ["debt", "grade"]), (hot(), ["purpose"]))
    return make_pipeline(columns, CalibratedClassifierCV(RidgeClassifier(), cv=3))


@case("credit-strict-categories", "credit", "three")
def _() -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(), ["purpose", "grade"]),
        (OrdinalEncoder(encoded_missing_value=-1), ["branch"]),
        (StandardScaler(), ["income"]),
        sparse_threshold=0.0,
    )
    return make_pipeline(columns, LinearDiscriminantAnalysis())


@case("credit-log-money", "credit", "flag")
def _() -> Any:
    money = make_pipeline(SimpleImputer(strategy="median"), FunctionTransformer(np.log1p), StandardScaler())
    columns = make_column_transformer((money, ["income", "debt"]), (hot(), ["purpose", "branch"]), remainder="drop")
    return make_pipeline(columns, MLPClassifier((8, 4), max_iter=40, random_state=0))


@case("passengers-forest", "passengers", "flag")
def _() -> Any:
    columns = make_column_transformer(
        (SimpleImputer(strategy="mean", add_indicator=True), ["age", "fare", "sibsp"]),
        (hot(), ["sex", "embarked", "pclass"]),
        (OneHotEncoder(handle_unknown="ignore"), ["cabin"]),
    )
    return make_pipeline(columns, RandomForestClassifier(20, max_depth=6, random_state=0, n_jobs=2))


@case("passengers-search", "passengers", "yes")
def _() -> Any:
    union = make_union(
        make_pipeline(SimpleImputer(), MinMaxScaler()),
        make_pipeline(SimpleImputer(), KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf")),
        MissingIndicator(features="all"),
    )
    columns = make_column_transformer(
        (union, ["age", "fare"]), (hot(), ["sex", "embarked"]), (OneHotEncoder(categories=[[1, 2, 3]]), ["pclass"])
    )
    model = Pipeline([("columns", columns), ("best", SelectKBest(k=5)), ("line", LogisticRegression(max_iter=2000))])
    return GridSearchCV(model, {"best__k": [3, 6], "line__C": [0.1, 1.0]}, cv=2)


@case("passengers-hist", "passengers", "flag")
def _() -> Any:
    columns = ColumnTransformer(
        [
            ("codes", ordinal(), ["sex", "embarked", "cabin"]),
            ("rest", "passthrough", ["pclass", "age", "fare", "sibsp"]),
        ]
    )
    return make_pipeline(
        columns,
        HistGradientBoostingClassifier(max_iter=15, min_samples_leaf=5, categorical_features=[0, 1], random_state=0),
    )
