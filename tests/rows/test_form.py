"""What a page's form says of each column: never what the model itself does not know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from onnx import TensorProto, helper
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor, VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from formula import CITIES, SIGNATURE, formula_graph
from isoship.onnx.graph import GraphBuilder
from isoship.rows.structure import column_profiles, form_for
from isoship.sources import open_source
from isoship_edge.manifest import Column, Signature

RANDOM = np.random.default_rng(3)
HOUSES = pd.DataFrame(
    {
        "amount": RANDOM.gamma(2, 50, 400),
        "rooms": RANDOM.integers(1, 7, 400),
        "city": RANDOM.choice(["Oslo", "Rome", "Lima"], 400),
    }
)
PRICE = HOUSES["rooms"] * 1e5 + HOUSES["amount"] * 900 + (HOUSES["city"] == "Rome") * 5e4
NUMBERS = ["amount", "rooms"]


def form_of(model: Any, sample: pd.DataFrame = HOUSES) -> dict[str, dict[str, Any]]:
    source = open_source(model, sample=sample)
    form = form_for(column_profiles(source.to_onnx(), source.signature), source.signature)
    return {field["column"]: field for field in form}


def range_of(field: dict[str, Any]) -> tuple[Any, Any]:
    return field["min"], field["max"]


def test_trees_give_the_range_in_which_they_change_their_answer() -> None:
    encoder = make_column_transformer(
        ("passthrough", NUMBERS), (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["city"])
    )
    model = make_pipeline(encoder, HistGradientBoostingRegressor(max_iter=40)).fit(HOUSES, PRICE)
    form = form_of(model)
    assert range_of(form["rooms"]) == (1, 6)
    low, high = range_of(form["amount"])
    assert 0 <= low < high, "an amount that is never below 0 is given no range below it"
    row = HOUSES.iloc[:1].to_dict("records")[0]
    at = model.predict(pd.DataFrame([{**row, "amount": v} for v in (low - 1000, low - 1e-9, low)]))
    assert len(set(at)) == 1, "nothing changes below"
    at = model.predict(pd.DataFrame([{**row, "amount": v} for v in (high, high + 1e-9, high + 1000)]))
    assert len(set(at)) == 1, "nothing changes above"


def test_a_scalers_mean_and_deviation_are_no_range() -> None:
    """They said "usually -9 to 237" of an amount."""
    for scaler in (StandardScaler(), MinMaxScaler()):
        model = make_pipeline(make_column_transformer((scaler, NUMBERS)), LinearRegression()).fit(HOUSES, PRICE)
        form = form_of(model)
        assert range_of(form["amount"]) == range_of(form["rooms"]) == (None, None)


def test_bins_give_a_range_unless_the_column_reaches_the_model_on_another_way_too() -> None:
    sample = HOUSES.assign(income=RANDOM.normal(100, 30, 400))
    bins = KBinsDiscretizer(5, encode="onehot", quantile_method="averaged_inverted_cdf")
    columns = make_column_transformer((bins, ["amount", "income"]), (StandardScaler(), ["income", "rooms"]))
    form = form_of(make_pipeline(columns, LinearRegression()).fit(sample, PRICE), sample)
    low, high = range_of(form["amount"])
    assert sample["amount"].min() < low < high < sample["amount"].max()
    assert range_of(form["income"]) == range_of(form["rooms"]) == (None, None)


def test_a_forest_beside_a_linear_model_has_no_end() -> None:
    both = VotingRegressor([("trees", RandomForestRegressor(4, random_state=0)), ("line", LinearRegression())])
    numbers = HOUSES[NUMBERS].astype(float)
    form = form_of(both.fit(numbers, PRICE), numbers)
    assert range_of(form["amount"]) == range_of(form["rooms"]) == (None, None)


def test_categories_are_a_list_even_of_numbers_where_all_others_are_answered_alike() -> None:
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["rooms", "city"]))
    form = form_of(make_pipeline(columns, LinearRegression()).fit(HOUSES, PRICE))
    assert (form["rooms"]["kind"], form["rooms"]["choices"]) == ("choice", [1, 2, 3, 4, 5, 6])
    assert (form["city"]["choices"], form["city"]["closed"]) == (["Lima", "Oslo", "Rome"], False)


def test_numbers_that_are_more_than_their_categories_are_numbers() -> None:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["rooms"]), (StandardScaler(), ["rooms"])
    )
    form = form_of(make_pipeline(columns, LinearRegression()).fit(HOUSES, PRICE))
    assert (form["rooms"]["kind"], range_of(form["rooms"])) == ("number", (None, None))


def test_values_are_human_numbers_and_choices_are_fitted_ones() -> None:
    height, weight, city = form_for(column_profiles(formula_graph(), SIGNATURE), SIGNATURE)
    assert (height["value"], weight["value"]) == (170.5, 65.0)
    assert range_of(height) == range_of(weight) == (None, None)
    assert city == {
        "column": "city", "missing": True, "kind": "choice", "choices": list(CITIES), "closed": False, "value": "Oslo",
    }  # fmt: skip


def test_a_model_that_tells_nothing_of_its_range_gets_a_form_without_one() -> None:
    g = GraphBuilder()
    g.op("Mul", "a", np.array([2.0]), out="value")
    model = g.model(
        [helper.make_tensor_value_info("a", TensorProto.DOUBLE, ["N", 1])],
        [helper.make_tensor_value_info("value", TensorProto.DOUBLE, ["N", 1])],
    )
    signature = Signature("columns", (Column("a", "double"),))
    (field,) = form_for(column_profiles(model, signature), signature)
    assert (field["min"], field["max"], field["value"]) == (None, None, 0.0)
