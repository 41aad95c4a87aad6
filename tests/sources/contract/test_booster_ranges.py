"""What the boosters themselves refuse is in the contract: found by asking them, like any estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from isoship.errors import InputError
from isoship.sources import open_source

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"a": RNG.normal(size=90), "n": RNG.integers(0, 9, 90), "c": pd.Categorical(RNG.choice(["x", "y", "z"], 90))}
)
TARGET = FRAME["a"] + FRAME["n"]


def refuses(source: Any, row: dict[str, Any]) -> bool:
    try:
        source.answers([row])
    except InputError:
        return True
    return False


def test_xgboosts_linear_model_refuses_what_float32_cannot_hold() -> None:
    from xgboost import XGBRegressor

    x = FRAME[["a"]].assign(b=FRAME["a"] * 2)
    source = open_source(XGBRegressor(booster="gblinear", n_estimators=2, n_jobs=1).fit(x, TARGET), sample=x)
    row = {"a": 0.5, "b": 0.5}
    for column in source.signature.columns:
        assert not column.infinity
        assert 3.4e38 < column.highest < 3.5e38
        assert not refuses(source, {**row, column.name: column.highest})
        assert refuses(source, {**row, column.name: float(np.nextafter(column.highest, np.inf))})


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_unknown_values_of_a_category_column_are_in_the_contract_where_the_booster_refuses_them(library: str) -> None:
    if library == "xgboost":
        from xgboost import XGBRegressor

        model: Any = XGBRegressor(n_estimators=2, n_jobs=1, enable_categorical=True)
    else:
        from lightgbm import LGBMRegressor

        model = LGBMRegressor(n_estimators=2, n_jobs=1, verbose=-1, min_child_samples=2)
    source = open_source(model.fit(FRAME, TARGET), sample=FRAME)
    number, whole, category = source.signature.columns
    assert (number.missing, number.infinity) == (True, True)
    assert [(c.lowest, c.highest) for c in (number, whole)] == [(-np.inf, np.inf)] * 2
    row = {"a": 0.5, "n": 3, "c": "x"}
    assert refuses(source, {**row, "c": "quite new"}) == (category.categories is not None)
    assert category.categories == (("x", "y", "z") if library == "xgboost" else None)
