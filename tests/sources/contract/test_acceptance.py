"""The input contract says exactly what the source model answers and refuses: each claim is put to the model."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from comparison import compare, rows_of
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import ExtraTreeRegressor

from isoship.errors import InputError
from isoship.sources import open_source

N = 60
RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.normal(size=N) * 1e3})
Y = X["a"] + X["b"]
WITH_NAN = X.mask(RNG.random(X.shape) < 0.2)


def answers(source, row) -> bool:
    try:
        source.answers([row])
    except InputError:
        return False
    return True


def claims_hold(source, base) -> None:
    """Puts every claim of the contract to the model, both ways."""
    for column in source.signature.columns:
        assert answers(source, {**base, column.name: None}) == column.missing, column
        if column.dtype == "double":
            assert answers(source, {**base, column.name: math.inf}) == column.infinity, column
            assert answers(source, {**base, column.name: -math.inf}) == column.infinity, column
            for end, towards in ((column.lowest, -math.inf), (column.highest, math.inf)):
                if math.isinf(end):
                    assert answers(source, {**base, column.name: math.copysign(1.7e308, end)}), column
                else:
                    assert answers(source, {**base, column.name: end}), column
                    assert not answers(source, {**base, column.name: math.nextafter(end, towards)}), column
        if column.dtype == "string":
            assert answers(source, {**base, column.name: "quite new"}) == (column.categories is None), column
            for category in column.categories or ():
                assert answers(source, {**base, column.name: category}), column


@pytest.mark.parametrize(
    ("model", "missing", "infinity", "limited"),
    [
        (LinearRegression(), False, False, False),
        (HistGradientBoostingRegressor(max_iter=3), True, True, False),
        (RandomForestRegressor(3), True, False, True),
        (ExtraTreeRegressor(), True, False, True),
        (GradientBoostingRegressor(n_estimators=3), False, False, True),
        (make_pipeline(StandardScaler(), RandomForestRegressor(3)), True, False, True),
        (make_pipeline(SimpleImputer(), RandomForestRegressor(3)), True, False, True),
        (make_pipeline(SimpleImputer(), LinearRegression()), True, False, False),
    ],
    ids=["linear", "histogram", "forest", "tree", "boosting", "scaled-forest", "imputed-forest", "imputed-linear"],
)
def test_numbers_that_the_model_refuses_are_in_the_contract(model, missing, infinity, limited) -> None:
    source = open_source(model.fit(X, Y), sample=X)
    for column in source.signature.columns:
        assert (column.missing, column.infinity, math.isfinite(column.highest)) == (missing, infinity, limited)
    claims_hold(source, rows_of(source, X)[0])


def test_missing_values_route_as_the_trees_do_with_and_without_them_in_training() -> None:
    """Since scikit-learn 1.3 trees take NaN even when they never saw one."""
    for x in (X, WITH_NAN):
        source = open_source(RandomForestRegressor(10, random_state=0).fit(x, Y), sample=x)
        rows = rows_of(source, WITH_NAN)
        assert any(value is None for row in rows for value in row.values())
        compare(source, rows)


def test_a_forests_range_ends_at_the_last_double_that_float32_holds() -> None:
    source = open_source(RandomForestRegressor(3).fit(X, Y), sample=X)
    limit = source.signature.columns[0].maximum
    assert limit is not None
    assert source.signature.columns[0].minimum == -limit
    with np.errstate(over="ignore"):
        assert np.isfinite(np.float32(limit))
        assert np.isinf(np.float32(math.nextafter(limit, math.inf)))


def test_refused_categories_are_listed_and_ignored_ones_are_not() -> None:
    frame = pd.DataFrame({"strict": ["a", "b", None] * 20, "open": ["x", "y", "z"] * 20, "code": [3, 5, 9] * 20})
    model = make_column_transformer(
        (OneHotEncoder(), ["strict"]),
        (OneHotEncoder(handle_unknown="ignore"), ["open"]),
        (OrdinalEncoder(), ["code"]),
    ).fit(frame)
    source = open_source(model, sample=frame)
    strict, free, code = source.signature.columns
    assert (strict.categories, strict.missing) == (("a", "b"), True)
    assert (free.categories, free.missing) == (None, True)
    assert code.categories == (3, 5, 9)
    row = {"strict": "a", "open": "x", "code": 3}
    assert not answers(source, {**row, "code": 4})
    for column in (strict, free):
        assert answers(source, {**row, column.name: None})
        assert answers(source, {**row, column.name: "quite new"}) == (column.categories is None)


def test_the_models_own_words_come_with_a_refusal() -> None:
    source = open_source(LinearRegression().fit(X, Y), sample=X)
    with pytest.raises(InputError, match=r"the model refuses these rows: Input X contains NaN"):
        source.answers([{"a": None, "b": 1.0}])


def test_opening_and_asking_leave_the_model_as_it_was() -> None:
    forest = RandomForestRegressor(5, n_jobs=3, random_state=0).fit(X, Y)
    before = forest.predict(X)
    source = open_source(make_pipeline(StandardScaler(), forest).fit(X, Y), sample=X)
    source.answers(rows_of(source, X))
    assert forest.n_jobs == 3
    assert len(forest.estimators_) == 5
    assert before.shape == forest.predict(X).shape
