"""XGBoost inside scikit-learn, on tables of several types, and as a whole bundle with its browser form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xgboost
from on_splits import accepted, off, plain_rows, rows_for, run
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import KBinsDiscretizer, MaxAbsScaler, OneHotEncoder, StandardScaler
from xgb_tables import (
    BINARY,
    CATEGORIES,
    FRAME,
    FRAME_BINARY,
    FRAME_THREE,
    FRAME_Z,
    SMALL,
    THREE,
    X,
    Z,
)

import isoship
from isoship.bundle.tolerances import tolerances_for
from isoship.errors import InputError, UnsupportedModelError
from isoship.parity.verdict.compare import compare
from isoship.sources import open_source
from isoship.sources.frames import rows_from_frame
from isoship.sources.xgboost import features

WORDS = FRAME[["city", "small"]]


def classifier(**more):
    return xgboost.XGBClassifier(**{**SMALL, **more})


def regressor(**more):
    return xgboost.XGBRegressor(**{**SMALL, **more})


def columns(*, sparse):
    return make_column_transformer(
        (StandardScaler(), ["seconds", "cents"]),
        (OneHotEncoder(sparse_output=sparse, handle_unknown="ignore"), ["city"]),
        ("passthrough", ["small", "flag"]),
        sparse_threshold=1.0,
    )


def one_hot(**more):
    return OneHotEncoder(handle_unknown="ignore", **more)


def with_frames(transformer):
    return transformer.set_output(transform="pandas")


def passed_on():
    kept = make_column_transformer(
        (StandardScaler(), ["seconds", "cents"]), remainder="passthrough", verbose_feature_names_out=False
    )
    return make_pipeline(with_frames(kept), regressor(enable_categorical=True, max_cat_to_onehot=1))


CODED = CATEGORIES.assign(small=CATEGORIES["small"].astype("category"))
#: id -> (unfitted model, rows, target)
MODELS = {
    "scaled": (make_pipeline(StandardScaler(), regressor()), X, Z),
    "frame": (classifier(), FRAME.drop(columns="city"), FRAME_BINARY),
    "dense columns": (make_pipeline(columns(sparse=False), classifier()), FRAME, FRAME_BINARY),
    "sparse columns": (make_pipeline(columns(sparse=True), classifier()), FRAME, FRAME_BINARY),
    "sparse and scaled": (make_pipeline(columns(sparse=True), MaxAbsScaler(), regressor()), FRAME, FRAME_Z),
    "sparse words": (make_pipeline(one_hot(), regressor()), WORDS, FRAME_Z),
    "sparse and dense words": (
        make_pipeline(make_union(one_hot(), one_hot(sparse_output=False)), regressor()),
        WORDS,
        FRAME_Z,
    ),
    "sparse and selected": (make_pipeline(one_hot(), SelectKBest(k=3), regressor()), WORDS, FRAME_BINARY),
    "sparse bins": (make_pipeline(KBinsDiscretizer(4), regressor()), X, Z),
    "sparse, calibrated": (
        make_pipeline(columns(sparse=True), CalibratedClassifierCV(classifier(), cv=2)),
        FRAME,
        FRAME_BINARY,
    ),
    "float32 words": (make_pipeline(one_hot(sparse_output=False, dtype=np.float32), regressor()), WORDS, FRAME_Z),
    "calibrated": (CalibratedClassifierCV(classifier(), cv=2), X, BINARY),
    "voting": (VotingClassifier([("a", classifier()), ("b", classifier(max_depth=2))], voting="soft"), X, THREE),
    "voting with others": (
        VotingClassifier(
            [("a", classifier()), ("b", make_pipeline(StandardScaler(), LogisticRegression()))], voting="soft"
        ),
        X,
        THREE,
    ),
    "voting values": (VotingRegressor([("a", regressor()), ("b", regressor(max_depth=2))]), X, Z),
    "stacked": (StackingClassifier([("a", classifier()), ("b", classifier(max_depth=2))], cv=2), X, BINARY),
    "stacked values": (StackingRegressor([("a", regressor()), ("b", Ridge())], cv=2), X, Z),
    "last of a stack": (StackingRegressor([("a", Ridge())], final_estimator=regressor(), cv=2), X, Z),
    "one vs rest": (OneVsRestClassifier(classifier()), X, THREE),
    "several targets": (MultiOutputRegressor(regressor()), X, np.column_stack([Z, -Z])),
    "several classes": (MultiOutputClassifier(classifier()), X, np.column_stack([BINARY, THREE])),
    "chain": (RegressorChain(regressor()), X, np.column_stack([Z, -Z])),
    "search": (GridSearchCV(classifier(), {"max_depth": [2, 3]}, cv=2), X, BINARY),
    "bag": (BaggingClassifier(classifier(), n_estimators=3, random_state=0), X, BINARY),
    "threshold": (FixedThresholdClassifier(classifier(), threshold=0.3), X, BINARY),
    "transformed target": (
        TransformedTargetRegressor(regressor(), func=np.log1p, inverse_func=np.expm1),
        X,
        Z - Z.min(),
    ),
    "categories in sets": (classifier(enable_categorical=True, max_cat_to_onehot=1), CATEGORIES, FRAME_THREE),
    "categories one by one": (regressor(enable_categorical=True, max_cat_to_onehot=99), CATEGORIES, FRAME_Z),
    "categories of numbers": (regressor(enable_categorical=True, max_cat_to_onehot=1), CODED, FRAME_Z),
    "categories passed on": (passed_on(), CATEGORIES, FRAME_Z),
}


def rows_of(source, table):
    if isinstance(table, np.ndarray):
        return accepted(source, plain_rows(source, rows_for(None, table, count=120)))
    names = [column.name for column in source.signature.columns]
    rows = rows_from_frame(table[names], names)
    odd = {
        "string": [None, "unseen", "", "Oslo "],
        "double": [None, 0.0, -0.0, -1.0, 2.0, 3.5, 1e300, -1e300, np.inf, -np.inf, 1e-46, 5e-324],
        "int64": [0, -3, 7, 10**9],
        "bool": [True, False],
    }
    for column in source.signature.columns:
        rows += [{**rows[i], column.name: value} for i in range(3) for value in odd[column.dtype]]
    return accepted(source, rows)


@pytest.mark.parametrize(("model", "table", "target"), MODELS.values(), ids=MODELS)
def test_xgboost_inside_a_model_answers_as_the_model_does(model, table, target):
    source = open_source(model.fit(table, target), sample=table)
    rows = rows_of(source, table)
    expected, got = source.answers(rows), run(source, rows)
    golden = {name: values.tolist() for name, values in expected.outputs.items()}
    by_output = tolerances_for(source.outputs, golden, source.double_tolerances)
    tolerances = {name: both["double"] for name, both in by_output.items()}
    found = compare(expected, got, source.outputs, tolerances, kinds=["row"] * len(rows), precision="double")
    assert found.agrees, found
    assert found.ties == 0
    if not source.double_tolerances:  # raw scores, widened
        assert found.max_abs == 0


@pytest.mark.parametrize("name", ["sparse columns", "dense columns", "sparse, calibrated"])
def test_zeros_are_missing_in_sparse_matrices_alone(name, monkeypatch):
    """XGBoost takes what a sparse matrix does not store for missing: taken the other way, answers differ."""
    model, table, target = MODELS[name]
    source = open_source(model.fit(table, target), sample=table)
    rows = rows_of(source, table)
    assert off(source, rows)["probabilities"] <= 2
    gives_sparse = features.gives_sparse
    monkeypatch.setattr(features, "gives_sparse", lambda steps: not gives_sparse(steps))
    assert off(source, rows)["probabilities"] > 1000


def test_unseen_categories_are_refused_where_xgboost_takes_them_for_others():
    model = regressor(enable_categorical=True).fit(CATEGORIES, FRAME_Z)
    frame = CATEGORIES.head(1).assign(city=pd.Categorical(["Aaa"]))
    known = frame.assign(city=pd.Categorical(["Alta"]))
    np.testing.assert_array_equal(model.predict(frame), model.predict(known))  # XGBoost's own answer
    source = open_source(model, sample=CATEGORIES)
    row = rows_from_frame(FRAME.head(1), list(FRAME.columns))[0]
    with pytest.raises(InputError, match="unseen category 'Aaa'"):
        source.answers([{**row, "city": "Aaa"}])
    assert source.signature.columns[-1].categories == ("Alta", "Bergen", "Oslo", "x")


def test_categories_in_another_order_are_the_same():
    model = regressor(enable_categorical=True, max_cat_to_onehot=1).fit(CATEGORIES, FRAME_Z)
    turned = CATEGORIES.assign(city=CATEGORIES["city"].cat.reorder_categories(["x", "Oslo", "Alta", "Bergen"]))
    source = open_source(model, sample=turned)
    assert off(source, rows_from_frame(FRAME, list(FRAME.columns))) == {"value": 0.0}


def test_categories_that_xgboost_mixes_up_are_refused():
    named = CATEGORIES.assign(city=CATEGORIES["city"].cat.rename_categories({"Alta": "Ærø"}))
    model = regressor(enable_categorical=True).fit(named, FRAME_Z)
    with pytest.raises(UnsupportedModelError, match="ASCII"):
        open_source(model, sample=named).to_onnx()


@pytest.mark.parametrize("name", ["scaled", "sparse columns", "categories in sets"])
def test_a_bundle_agrees_with_the_model_in_the_browser_form_too(name, tmp_path):
    model, table, target = MODELS[name]
    model.fit(table, target)
    bundle = isoship.export(model, sample=table, out=tmp_path / "bundle", targets=("web",), offline=True)
    assert bundle.report.ok
    assert {verdict.name for verdict in bundle.report.verdicts if verdict.status == "agree"} >= {
        "onnxruntime",
        "web-node-wasm",
    }


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64"])
def test_categories_of_every_integer_type_are_asked_in_their_own(dtype):
    """XGBoost refuses categories of int64 where training had int8."""
    codes = pd.Categorical(FRAME["small"].astype(dtype))
    table = pd.DataFrame({"code": codes, "cents": FRAME["cents"]})
    model = classifier(enable_categorical=True).fit(table, FRAME_BINARY)
    source = open_source(model, sample=table)
    rows = rows_from_frame(table, list(table.columns))
    assert off(source, rows) == {"label": 0.0, "probabilities": 0.0}
    theirs = model.predict_proba(table)
    assert source.answers(rows).outputs["probabilities"] == pytest.approx(theirs, abs=0)


def test_names_that_are_not_ascii_are_told_before_the_sample_is_asked():
    """With two columns XGBoost refuses a sample's own row for another reason."""
    table = FRAME[["city", "flag"]].assign(size=FRAME["city"].str.upper()).replace({"Oslo": "Bodø"})
    table = table.assign(city=table["city"].astype("category"), size=table["size"].astype("category"))
    model = classifier(enable_categorical=True).fit(table, FRAME_BINARY)
    with pytest.raises(UnsupportedModelError, match="column 'city' has categories that are not ASCII"):
        open_source(model, sample=table)


def test_an_isotonic_calibration_is_refused_with_advice_that_can_be_followed():
    model = CalibratedClassifierCV(classifier(), method="isotonic", cv=2).fit(X, BINARY)
    with pytest.raises(UnsupportedModelError, match="Calibrate with method='sigmoid'"):
        isoship.to_onnx(model, sample=X)
