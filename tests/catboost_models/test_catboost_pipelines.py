"""CatBoost inside scikit-learn: behind preprocessing, and as a member of other estimators; and on to a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.boosters.catboost_recipes import frame, recipes, table
from catboost import CatBoostClassifier, CatBoostRegressor
from catboost_rows import agree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import isoship
from isoship import UnsupportedModelError
from isoship.sources import to_onnx

RECIPES = recipes()
SMALL: dict[str, Any] = {
    "iterations": 4,
    "depth": 3,
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
}
ROWS = table()
VALUE = ROWS[:, 0] + np.sin(ROWS[:, 1])
TWO = np.where(VALUE > 0, "yes", "no")
THREE = np.digitize(VALUE, [-0.5, 0.5])


def _one() -> Any:
    return CatBoostClassifier(**SMALL)


def _value() -> Any:
    return CatBoostRegressor(**SMALL)


MEMBERS: dict[str, Any] = {
    "calibrated": (CalibratedClassifierCV(_one(), cv=2), TWO),
    "voting": (VotingClassifier([("c", _one()), ("l", LogisticRegression())], voting="soft"), THREE),
    "stacking": (StackingClassifier([("c", _one())], LogisticRegression(), cv=2), TWO),
    "one vs rest": (OneVsRestClassifier(_one()), THREE),
    "bagging": (BaggingClassifier(_one(), n_estimators=3, random_state=0), THREE),
    "several labels": (MultiOutputClassifier(_one()), np.c_[VALUE > 0, ROWS[:, 2] > 3].astype(int)),
    "threshold": (FixedThresholdClassifier(_one(), threshold=0.3), (VALUE > 0).astype(int)),
    "search": (GridSearchCV(_one(), {"depth": [2, 3]}, cv=2), THREE),
    "voting values": (VotingRegressor([("c", _value()), ("r", Ridge())]), VALUE),
    "boosted values": (AdaBoostRegressor(_value(), n_estimators=3, random_state=0), VALUE),
    "several values": (MultiOutputRegressor(_value()), np.c_[VALUE, ROWS[:, 2]]),
    "logarithm": (TransformedTargetRegressor(_value(), func=np.log1p, inverse_func=np.expm1), np.exp(VALUE)),
    "scaled": (make_pipeline(MinMaxScaler(), _one()), THREE),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_members_of_other_estimators_agree(name: str) -> None:
    model, target = MEMBERS[name]
    rows = ROWS[:, :3]  # scaled epoch seconds reach float32's own rounding in Ridge
    agree(model.fit(rows, target), rows)


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith("pipeline")])
def test_pipelines_agree(name: str) -> None:
    agree(*RECIPES[name]())


def _mixed() -> tuple[Any, Any, Any]:
    columns = frame(0.1)
    columns["city"] = columns["city"].astype(object).where(np.arange(len(columns)) % 7 > 0, np.nan)
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["amount", "score"]),
        (SimpleImputer(strategy="most_frequent"), ["city"]),
        ("passthrough", ["code"]),
    )
    target = (columns["city"].isin(["Oslo", "東京", ""])) ^ (columns["code"] > 1000)
    return make_pipeline(prepared, CatBoostClassifier(**SMALL, cat_features=[2, 3])), columns, target


def test_categories_behind_an_imputer_are_those_that_reach_the_model() -> None:
    model, columns, target = _mixed()
    source = agree(model.fit(columns, target), columns)
    assert {column.name: column.missing for column in source.signature.columns} == {
        "city": True,
        "amount": True,
        "code": False,
        "score": True,
    }


def test_a_refusal_behind_an_imputer_names_the_step_and_the_column_of_the_table() -> None:
    model, columns, target = _mixed()
    model.fit(columns, target)
    with pytest.raises(UnsupportedModelError, match=r'pipeline\.steps\[1\].*"city"'):
        to_onnx(model, sample=columns[columns["city"] != "東京"])


@pytest.mark.parametrize("name", ["categories Borders combined"])
def test_a_bundle_for_the_browser_is_verified(name: str, tmp_path: Path) -> None:
    model, rows = RECIPES[name]()
    bundle = isoship.export(model, sample=rows, out=tmp_path / "bundle", name="cat", targets=("web",), offline=True)
    assert bundle.report.ok
    assert (tmp_path / "bundle" / "web" / "model.json").exists()
