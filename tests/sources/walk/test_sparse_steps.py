"""Steps on a sparse matrix inside a pipeline: scikit-learn multiplies there where it divides on an array."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparison import compare, run
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import KernelPCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    Normalizer,
    OneHotEncoder,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from isoship.errors import UnsupportedModelError
from isoship.exporting import export
from isoship.sources import open_source

RNG = np.random.default_rng(0)
X = pd.DataFrame({
    "city": RNG.choice(list("abcdefghijkl"), 300),
    "price": np.round(RNG.normal(50, 10, 300), 1),
    "visits": np.round(RNG.exponential(3, 300), 2) * (RNG.random(300) < 0.3),
})  # fmt: skip
Y = ((X.price > 50) ^ (X.city < "f") ^ (X.visits > 1)).astype(int)


def columns(**more: Any) -> ColumnTransformer:
    encoder = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([("one", encoder, ["city"])], remainder="passthrough", sparse_threshold=1.0, **more)


def booster(name: str) -> Any:
    if name == "forest":
        return RandomForestClassifier(10, random_state=0)
    library = importlib.import_module(name)
    if name == "xgboost":
        return library.XGBClassifier(n_estimators=15, max_depth=4)
    return library.LGBMClassifier(n_estimators=15, min_child_samples=5, verbose=-1)


@pytest.mark.parametrize(
    ("step", "last"),
    [
        (MaxAbsScaler(), "xgboost"),
        (StandardScaler(with_mean=False), "forest"),
        (StandardScaler(with_mean=False), "lightgbm"),
        (RobustScaler(with_centering=False), "xgboost"),
        (Normalizer(), "lightgbm"),
        (Normalizer("l1"), "xgboost"),
        (Normalizer("max"), "xgboost"),
    ],
    ids=["maxabs", "standard forest", "standard", "robust", "l2", "l1", "max"],
)
def test_a_tree_behind_a_scaled_sparse_matrix_is_exact(step: Any, last: str) -> None:
    """The last bit decided on which side of its own thresholds a training row lies: up to 0.85 off."""
    source = open_source(make_pipeline(columns(), step, booster(last)).fit(X, Y), sample=X)
    splits = [{**row, "price": round(row["price"] * 2) / 2 + 0.05} for row in X.to_dict("records")]
    compare(source, [*X.to_dict("records"), *splits])


def test_such_a_booster_is_exported(tmp_path: Any) -> None:
    model = make_pipeline(columns(), StandardScaler(with_mean=False), booster("xgboost")).fit(X, Y)
    made = export(model, sample=X, out=tmp_path / "b", name="sparse", targets=())
    (verdict,) = [v for v in made.report.verdicts if v.name == "onnxruntime"]
    assert (verdict.status, verdict.flips) == ("agree", 0)


@pytest.mark.parametrize("step", [MaxAbsScaler(), StandardScaler(with_mean=False), Normalizer()])
def test_the_operation_is_scikit_learns_for_the_form_that_it_saw(step: Any) -> None:
    """Bit by bit, and a dense matrix is divided as before."""
    for threshold in (1.0, 0.0):
        model = make_pipeline(columns().set_params(sparse_threshold=threshold), step).fit(X)
        source = open_source(model, sample=X)
        rows = X.to_dict("records")
        want = source.answers(rows).outputs["transformed"]
        got = run(source.to_onnx(), rows, source)["transformed"]
        if not (isinstance(step, Normalizer) and threshold == 0.0):  # whose dense sum has an order of its own
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(
            ColumnTransformer([("s", SplineTransformer(sparse_output=True), ["price"])], sparse_threshold=1.0)
        ),
        make_pipeline(columns(), SimpleImputer(strategy="most_frequent")),
        make_pipeline(columns(), FunctionTransformer(np.rint, accept_sparse=True)),
    ],
    ids=["spline", "imputer", "rint"],
)
def test_zeros_that_a_sparse_matrix_stores_are_refused_before_xgboost(model: Any) -> None:
    model = make_pipeline(*(step for _, step in model.steps), booster("xgboost")).fit(X, Y)
    with pytest.raises(UnsupportedModelError, match="stores zeros in a sparse matrix"):
        open_source(model, sample=X).to_onnx()


@pytest.mark.parametrize(
    "model",
    [
        KNeighborsClassifier(3, algorithm="brute"),
        KNeighborsRegressor(3),
        RadiusNeighborsClassifier(1.3, algorithm="brute", outlier_label="most_frequent"),
        RadiusNeighborsRegressor(1.3),
        LocalOutlierFactor(5, novelty=True),
        LabelPropagation(),
        LabelSpreading("knn", n_neighbors=3),
        KernelRidge(kernel="rbf"),
        KernelPCA(2, kernel="rbf"),
        Nystroem(n_components=9),
    ],
    ids=lambda model: type(model).__name__,
)
def test_training_rows_kept_as_a_sparse_matrix_are_refused_by_name(model: Any) -> None:
    """Margins and bounds ask the kept rows before the converter does, and must not stumble over their form."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.choice(list("abcde"), 60), "b": rng.choice(list("xyz"), 60)})
    pipeline = make_pipeline(OneHotEncoder(), model).fit(table, (rng.random(60) > 0.5).astype(int))
    with pytest.raises(UnsupportedModelError, match="it was trained on a sparse matrix"):
        open_source(pipeline, sample=table).to_onnx()
