"""Every row of the tables of known faults, as a model, rows that show the fault, and what the stock converter does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import stock_tables as t
from sklearn import (
    discriminant_analysis,
    ensemble,
    gaussian_process,
    impute,
    linear_model,
    model_selection,
    multiclass,
    neighbors,
    preprocessing,
    svm,
    tree,
)
from sklearn.pipeline import make_pipeline

#: The tables call a row wrong when a label differs or a value is further off than this: what float32 alone explains.
FLOAT32 = (1e-5, 1e-4)
DOUBLE = (1e-9, 1e-9)


@dataclass(frozen=True)
class Case:
    """fit: the model, what it was fitted on, and rows.

    stock: how many rows at least the standard graph gets wrong, or what its failure says.
    width: of the standard graph. within: (atol, rtol) beyond which it is wrong. ours: the tolerance for our graph.
    """

    fit: Callable[[], tuple[Any, Any, Any]]
    stock: int | str
    width: str = "float"
    within: tuple[float, float] = FLOAT32
    ours: tuple[float, float] = DOUBLE


CASES: dict[str, Case] = {}


def case(name: str, stock: int | str, **more: Any) -> Callable[[Any], Any]:
    def add(fit: Any) -> Any:
        assert name not in CASES
        CASES[name] = Case(fit, stock, **more)
        return fit

    return add


def fitted(name: str, stock: int | str, model: Any, x: Any, y: Any = None, rows: Any = None, **more: Any) -> None:
    """A case whose model is fitted when it is asked for."""
    CASES[name] = Case(lambda: (model.fit(x, y), x, x if rows is None else rows), stock, **more)


FOREST = {"n_estimators": 20, "random_state": 0}

# wrong on ordinary rows
_CITIES = np.c_[t.RNG.integers(0, 12, t.ROWS), t.X[:, 0]]
fitted(
    "HistGradientBoosting, categories",
    t.ROWS // 2,
    ensemble.HistGradientBoostingRegressor(max_iter=20, categorical_features=[0], random_state=0),
    _CITIES,
    np.sin(_CITIES[:, 0] * 2) + _CITIES[:, 1],
)
fitted(
    "TunedThresholdClassifierCV",
    5,
    model_selection.TunedThresholdClassifierCV(linear_model.LogisticRegression(), thresholds=9, cv=2, random_state=0),
    t.X,
    (t.SCORE + t.RNG.normal(size=t.ROWS) > 2).astype(int),
)
fitted("SimpleImputer, indicator", t.ROWS, impute.SimpleImputer(add_indicator=True), t.GAPS)
for _scaler in (
    preprocessing.StandardScaler(),
    preprocessing.MinMaxScaler(),
    preprocessing.RobustScaler(),
    preprocessing.QuantileTransformer(n_quantiles=20),
):
    fitted(
        f"{type(_scaler).__name__}, forest",
        1,
        make_pipeline(_scaler, ensemble.RandomForestClassifier(**FOREST)),
        t.ORDERS,
        t.PAID,
        np.concatenate([t.ORDERS, (t.ORDERS[1:] + t.ORDERS[:-1]) / 2]),
    )
fitted(
    "GaussianProcessRegressor",
    t.ROWS // 2,
    gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF(10.0), alpha=1e-8, optimizer=None),
    t.X[:150],
    t.SCORE[:150],
    t.X,
)
_WORDS = pd.DataFrame({"city": ["a"] * 40 + ["b"] * 30 + ["c", "d"] * 3})
fitted(
    "OneHotEncoder, infrequent",
    "Infrequent categories are not implemented",
    preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False),
    _WORDS,
    rows=pd.DataFrame({"city": ["a", "c", "unseen", ""]}),
)
fitted(
    "OneHotEncoder, none infrequent",
    "run: ",
    preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False),
    _WORDS,
    rows=pd.DataFrame({"city": ["a", "c", "unseen", ""]}),
)
fitted("KNNImputer", "run: ", impute.KNNImputer(n_neighbors=3), t.GAPS)
fitted(
    "RadiusNeighborsClassifier",
    "run: ",
    neighbors.RadiusNeighborsClassifier(2.0, outlier_label="most_frequent"),
    t.X,
    t.THREE,
)
fitted("RadiusNeighborsRegressor", "run: ", neighbors.RadiusNeighborsRegressor(30.0), t.X, t.SCORE)
fitted(
    "OneVsRestClassifier, saturated",
    1,
    multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
    t.X,
    t.THREE,
    t.X * 100,
)
fitted("PowerTransformer, missing", 1, preprocessing.PowerTransformer(), t.GAPS)
fitted("SVC in double", 1, svm.SVC(probability=False), t.X, t.THREE, width="double", within=DOUBLE)
fitted("LinearDiscriminantAnalysis, two classes", 1, discriminant_analysis.LinearDiscriminantAnalysis(), t.X, t.TWO)
fitted("KNeighborsClassifier, distance", 1, neighbors.KNeighborsClassifier(weights="distance"), t.X, t.THREE)
fitted("KNeighborsRegressor, distance", 1, neighbors.KNeighborsRegressor(weights="distance"), t.X, t.SCORE)
_TINY = np.array([[0.0] * 4, [5e-324, 0, 0, 0], [1e-310, 1e-310, 0, 1e-312], [1.0, 2, 3, 4]])
for _norm in ("l1", "l2"):
    fitted(f"Normalizer, {_norm}", 1, preprocessing.Normalizer(norm=_norm), t.X, rows=_TINY, width="double")

# float64 features
_HIST = {"max_iter": 30, "random_state": 0}
for _name, _x, _y in (("places", t.PLACES, t.NEAR), ("seconds", t.SECONDS, t.EARLY)):
    fitted(f"HistGradientBoosting on {_name}", 20, ensemble.HistGradientBoostingClassifier(**_HIST), _x, _y)
    fitted(
        f"scaler, logistic on {_name}",
        20,
        make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
        _x,
        _y,
    )

# thresholds and edges


@case("HistGradientBoosting on its thresholds", 20)
def _() -> Any:
    model = ensemble.HistGradientBoostingRegressor(**_HIST).fit(t.X, t.SCORE)
    nodes = np.concatenate([stage[0].nodes for stage in model._predictors])
    inner = nodes[nodes["is_leaf"] == 0]
    return model, t.X, t.on(zip(inner["feature_idx"], inner["num_threshold"], strict=True), t.X)


@case("KBinsDiscretizer on its edges", 1)
def _() -> Any:
    model = preprocessing.KBinsDiscretizer(8, encode="ordinal", quantile_method="averaged_inverted_cdf").fit(t.X)
    edges = [(i, edge) for i, each in enumerate(model.bin_edges_) for edge in each]
    return model, t.X, t.on(edges, t.X)


fitted(
    "Binarizer on its threshold", 1, preprocessing.Binarizer(threshold=0.1), t.X, rows=t.on([(0, 0.1), (1, 0.1)], t.X)
)

# missing values that take the wrong branch
for _class in (
    *(tree.DecisionTreeClassifier, tree.DecisionTreeRegressor, tree.ExtraTreeClassifier, tree.ExtraTreeRegressor),
    *(ensemble.RandomForestClassifier, ensemble.RandomForestRegressor),
    *(ensemble.ExtraTreesClassifier, ensemble.ExtraTreesRegressor),
    *(ensemble.BaggingClassifier, ensemble.BaggingRegressor, ensemble.IsolationForest),
):
    _size = {} if _class.__module__.startswith("sklearn.tree") else {"n_estimators": 10}
    fitted(f"{_class.__name__}, missing", 10, _class(random_state=0, **_size), t.GAPS, t.THREE)

# what fails in double, or is missing
fitted(
    "RandomForestClassifier in double",
    1,
    ensemble.RandomForestClassifier(**FOREST),
    t.X,
    t.THREE,
    width="double",
    within=DOUBLE,
)
fitted(
    "RandomForestRegressor in double", "load: ", ensemble.RandomForestRegressor(**FOREST), t.X, t.SCORE, width="double"
)
fitted("PowerTransformer in double", "", preprocessing.PowerTransformer(), t.X, width="double")
fitted("PolynomialFeatures in double", "", preprocessing.PolynomialFeatures(), t.X, width="double")
fitted(
    "KBinsDiscretizer one-hot in double",
    "",
    preprocessing.KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf"),
    t.X,
    width="double",
)
fitted(
    "QuantileTransformer, normal",
    "convert: ",
    preprocessing.QuantileTransformer(n_quantiles=50, output_distribution="normal"),
    t.X,
)
fitted("SplineTransformer", "convert: ", preprocessing.SplineTransformer(), t.X)
fitted(
    "GaussianProcessClassifier, three classes",
    "convert: ",
    gaussian_process.GaussianProcessClassifier(),
    t.X[:60],
    t.THREE[:60],
)
