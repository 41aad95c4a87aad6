"""Samples without one complete row: the contract is asked from a row of fitted and typical values."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from comparison import compare
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from isoship.errors import SampleError
from isoship.sources import open_source
from isoship.sources.frames import rows_from_frame
from isoship.sources.sklearn.contract.base_row import base_row
from isoship.sources.sklearn.walk.fitted import Known
from isoship_edge.manifest import Column

TEXTS = ["soil", "shade", "slope"]
N = 90
RNG = np.random.default_rng(6)
WHOLE = pd.DataFrame({name: RNG.choice(["low", "mid", "high"], N) for name in TEXTS})
WHOLE["depth"] = RNG.normal(size=N).round(2)
WHOLE["grade"] = RNG.integers(0, 3, N).astype(float)
GAPS = WHOLE.copy()
for _place, _name in enumerate(TEXTS):
    GAPS.loc[np.arange(N) % 3 == _place, _name] = None
GAPS.loc[np.arange(N) % 3 == 1, "grade"] = np.nan
Y = (WHOLE.depth > 0).astype(int)


def encoded(encoder, columns=TEXTS):
    front = ColumnTransformer([("e", encoder, columns)], remainder="passthrough")
    return make_pipeline(front, HistGradientBoostingClassifier(max_iter=3))


@pytest.mark.parametrize(
    ("model", "categories"),
    [
        (encoded(OneHotEncoder(handle_unknown="ignore", sparse_output=False)), False),
        (encoded(OneHotEncoder(sparse_output=False), [*TEXTS, "grade"]), False),
        (encoded(OrdinalEncoder()), False),
        (encoded(TargetEncoder(random_state=0)), False),
        (encoded(make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder())), False),
        (HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype"), True),
        (lightgbm.LGBMClassifier(n_estimators=3, verbose=-1), True),
        (xgboost.XGBClassifier(n_estimators=3, enable_categorical=True), True),
    ],
)
def test_a_sample_without_a_complete_row(model, categories) -> None:
    frame = GAPS.astype(dict.fromkeys(TEXTS, "category")) if categories else GAPS
    source = open_source(model.fit(frame, Y), sample=frame)
    assert all(column.missing for column in source.signature.columns if column.name in TEXTS)
    compare(source, rows_from_frame(frame, list(frame.columns)))


@pytest.mark.parametrize("encoder", [OneHotEncoder(sparse_output=False), OrdinalEncoder()])
def test_a_sample_of_which_the_model_answers_no_row(encoder) -> None:
    """Every row has a gap, and the encoder met none in training."""
    model = make_pipeline(ColumnTransformer([("e", encoder, TEXTS)]), LogisticRegression()).fit(WHOLE, Y)
    source = open_source(model, sample=GAPS)
    assert [(c.missing, sorted(c.categories)) for c in source.signature.columns] == [
        (False, ["high", "low", "mid"])
    ] * 3


def test_values_are_the_fitted_ones_where_others_are_refused_else_the_middle_or_the_most_frequent() -> None:
    columns = (Column("a", "string"), Column("b", "double"), Column("c", "int64"), Column("d", "string"))
    rows = [
        {"a": "odd", "b": 1.0, "c": None, "d": "x"},
        {"a": "odd", "b": 5.0, "c": 7, "d": "y"},
        {"a": None, "b": 2.0, "c": 9, "d": "y"},
    ]
    known = {"a": [Known(("fit", None), True)]}
    asked = []

    def answers(tried) -> bool:
        asked.extend(tried)
        return False

    assert base_row(columns, rows, known, answers) is None
    assert asked[-1] == {"a": "fit", "b": 2.0, "c": 7, "d": "y"}


def test_a_sample_that_no_row_can_be_made_of_is_refused_with_the_models_own_words() -> None:
    model = make_pipeline(ColumnTransformer([("e", OneHotEncoder(), TEXTS)]), LogisticRegression()).fit(WHOLE, Y)
    model[-1].coef_ = model[-1].coef_[:, :2]
    with pytest.raises(SampleError, match="the model does not answer the sample's own rows"):
        open_source(model, sample=GAPS)
