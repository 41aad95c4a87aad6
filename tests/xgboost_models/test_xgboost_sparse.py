"""Models trained on scipy sparse matrices: what a matrix does not store is missing to XGBoost, and 0 in a plain row."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import xgboost
from lightgbm import LGBMClassifier
from on_splits import accepted, off, plain_rows, rows_for, run
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from isoship.errors import SampleError
from isoship.rows.columns import rows_from_sample
from isoship.sources import open_source
from isoship.sources.xgboost.source import XGBoostSource

RNG = np.random.default_rng(2)
DENSE = np.where(RNG.random((300, 6)) < 0.7, 0, RNG.integers(1, 6, (300, 6))).astype(float)
MATRIX = sp.csr_matrix(DENSE)
VALUE = DENSE[:, 0] - DENSE[:, 1] + (DENSE[:, 2] == 0) * 3 + DENSE[:, 3] * DENSE[:, 4]
ABOVE = (VALUE.mean() < VALUE).astype(int)
THREE = np.digitize(VALUE, np.quantile(VALUE, [0.3, 0.6]))
FEW = {"n_estimators": 6, "n_jobs": 1}


def trained(kind, matrix=MATRIX, target=ABOVE, **more):
    return kind(**FEW, **more).fit(matrix, target), matrix


def native(matrix, names=None, objective="binary:logistic"):
    rows = xgboost.DMatrix(matrix, ABOVE, feature_names=names)
    return xgboost.train({"objective": objective, "nthread": 1}, rows, 6), matrix


def ranked():
    return xgboost.XGBRanker(**FEW).fit(MATRIX, ABOVE, group=[100, 200]), MATRIX


MODELS = {
    "csr": lambda: trained(xgboost.XGBClassifier),
    "csc": lambda: trained(xgboost.XGBClassifier, MATRIX.tocsc()),
    "coo": lambda: trained(xgboost.XGBClassifier, MATRIX.tocoo()),
    "sparse array": lambda: trained(xgboost.XGBClassifier, sp.csr_array(DENSE)),
    "integers": lambda: trained(xgboost.XGBClassifier, MATRIX.astype(np.int64)),
    "missing=1": lambda: trained(xgboost.XGBClassifier, missing=1),
    "three classes": lambda: trained(xgboost.XGBClassifier, target=THREE),
    "regressor": lambda: trained(xgboost.XGBRegressor, target=VALUE),
    "forest": lambda: trained(xgboost.XGBRFClassifier),
    "ranker": ranked,
    "gblinear": lambda: trained(xgboost.XGBRegressor, target=VALUE, booster="gblinear"),
    "dart": lambda: trained(xgboost.XGBClassifier, booster="dart"),
    "Booster": lambda: native(MATRIX),
    "Booster with names": lambda: native(MATRIX.tocsc(), list("abcdef"), "reg:squarederror"),
}


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
def test_zeros_of_a_row_are_what_the_matrix_does_not_store(build):
    """The graph answers dense rows as the model answers its own matrix, and every other row as the source does."""
    model, matrix = build()
    source = open_source(model, sample=matrix)
    assert any("sparse matrix" in note for note in source.notes)
    graph = source.to_onnx()
    rows = rows_from_sample(matrix, source.signature)
    got = run(source, rows, graph)
    if isinstance(model, xgboost.Booster):
        theirs = model.predict(xgboost.DMatrix(matrix, feature_names=model.feature_names))
    else:
        theirs = model.predict_proba(matrix) if hasattr(model, "predict_proba") else model.predict(matrix)
    ours = got["probabilities"] if "probabilities" in got else got["value"]
    assert (ours if ours.ndim == theirs.ndim else ours[:, 1]) == pytest.approx(theirs, abs=2e-7)
    booster = model if isinstance(model, xgboost.Booster) else model.get_booster()
    hostile = rows_for(booster if booster.num_boosted_rounds() else None, DENSE, count=150)
    assert max(off(source, accepted(source, plain_rows(source, hostile)), graph).values()) <= 4


def test_the_sample_itself_shows_a_wrong_form(monkeypatch):
    """The harness asks the matrix as it came: rows with plain zeros answer otherwise."""
    monkeypatch.setattr(XGBoostSource, "_frame", lambda self, rows: super(XGBoostSource, self)._frame(rows))
    model, matrix = trained(xgboost.XGBClassifier)
    with pytest.raises(SampleError, match=r"otherwise than the same rows with zeros.*toarray"):
        open_source(model, sample=matrix)


def test_stored_zeros_are_refused_with_the_way_out():
    stored = MATRIX.copy()
    stored.data[::5] = 0
    model, _ = trained(xgboost.XGBClassifier, stored)
    with pytest.raises(SampleError, match=r"eliminate_zeros\(\)"):
        open_source(model, sample=stored)


@pytest.mark.parametrize("around", ["scaled", "calibrated"])
def test_an_estimator_around_it_that_passes_the_matrix_on_is_refused(around):
    model = xgboost.XGBClassifier(**FEW)
    model = make_pipeline(MaxAbsScaler(), model) if around == "scaled" else CalibratedClassifierCV(model, cv=2)
    with pytest.raises(SampleError, match="toarray"):
        open_source(model.fit(MATRIX, ABOVE), sample=MATRIX)


@pytest.mark.parametrize("name", ["projected", "LightGBM"])
def test_where_zeros_are_zeros_a_sparse_sample_is_one_like_others(name):
    """TruncatedSVD gives XGBoost dense rows; LightGBM takes what is not stored for 0."""
    model = (
        make_pipeline(TruncatedSVD(3, random_state=0), xgboost.XGBClassifier(**FEW))
        if name == "projected"
        else LGBMClassifier(**FEW, verbose=-1)
    ).fit(MATRIX, ABOVE)
    source = open_source(model, sample=MATRIX)
    got = run(source, rows_from_sample(MATRIX, source.signature))
    assert got["probabilities"] == pytest.approx(model.predict_proba(MATRIX), abs=2e-7)
