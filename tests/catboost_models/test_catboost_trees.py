"""Trees of every shape: routing in float32 on borders, missing values on their side, sums in the library's order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.boosters.catboost_recipes import recipes, table
from catboost import CatBoostRegressor, sum_models
from catboost_rows import agree
from onnx import numpy_helper

from isoship import UnsupportedModelError
from isoship.sources import open_source, to_onnx

RECIPES = recipes()
SMALL = {"iterations": 6, "depth": 3, "thread_count": 1, "verbose": False, "allow_writing_files": False}


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith(("regression", "missing", "column"))])
def test_trees_agree_on_their_borders(name: str) -> None:
    model, rows = RECIPES[name]()
    agree(model, rows, exact=name.startswith(("regression", "missing")))


def test_neighbouring_doubles_between_two_floats_go_the_way_of_their_float() -> None:
    """Epoch seconds are 128 apart in float32: the double itself would go elsewhere."""
    rows = table()[:, [3]]
    model = CatBoostRegressor(**SMALL).fit(rows, np.sin(rows[:, 0] / 1e6))
    source = agree(model, rows, exact=True)
    assert any(node.op_type == "Cast" for node in source.to_onnx().graph.node)


def test_a_border_one_ulp_off_is_noticed() -> None:
    rows = table()[:, :3]
    model = CatBoostRegressor(**SMALL).fit(rows, rows[:, 0] + rows[:, 2])
    graph = to_onnx(model, sample=rows)
    trees = next(node for node in graph.graph.node if node.op_type == "TreeEnsemble")
    splits = next(each for each in trees.attribute if each.name == "nodes_splits")
    values = numpy_helper.to_array(splits.t).copy()
    values[0] = np.nextafter(values[0], np.float32(np.inf))
    splits.t.CopyFrom(numpy_helper.from_array(values, splits.t.name))
    with pytest.raises(AssertionError):
        agree(model, rows, exact=True, graph=graph)


@pytest.mark.parametrize("mode", ["Min", "Max"])
@pytest.mark.parametrize("policy", ["SymmetricTree", "Lossguide"])
def test_missing_values_go_to_the_side_of_nan_mode(mode: str, policy: str) -> None:
    rows = table(0.3)[:, :2]
    target = np.where(np.isnan(rows[:, 0]), 5.0, np.nan_to_num(rows[:, 0]))
    model = CatBoostRegressor(**SMALL, nan_mode=mode, grow_policy=policy).fit(rows, target)
    source = agree(model, rows, exact=True)
    assert all(column.missing and column.infinity for column in source.signature.columns)


def test_missing_values_that_training_did_not_have_are_answered_as_the_model_does() -> None:
    rows = table()
    model = CatBoostRegressor(**SMALL).fit(rows, rows[:, 0])
    source = agree(model, rows, exact=True)
    assert all(column.missing for column in source.signature.columns)


def test_trees_without_splits_and_columns_without_borders() -> None:
    rows = np.c_[table()[:, 0], np.ones(400), table()[:, 2]]
    options = {**SMALL, "grow_policy": "Depthwise", "min_data_in_leaf": 390}
    agree(CatBoostRegressor(**options).fit(rows, rows[:, 0]), rows, exact=True)
    agree(CatBoostRegressor(**SMALL, ignored_features=[0]).fit(rows, rows[:, 2]), rows, exact=True)


def test_models_that_were_summed_or_shrunk() -> None:
    rows = table()
    one, two = (CatBoostRegressor(**SMALL, random_seed=seed).fit(rows, rows[:, 0] + seed) for seed in (1, 2))
    agree(sum_models([one, two], weights=[0.25, 0.75]), rows, exact=True)
    one.shrink(3, ntree_start=1)
    agree(one, rows, exact=True)


def test_deep_and_many_trees_are_summed_from_the_first_to_the_last() -> None:
    rows = table()
    model = CatBoostRegressor(**{**SMALL, "iterations": 300, "depth": 2}).fit(rows, rows[:, 0] * 1e6 + rows[:, 1])
    agree(model, rows, exact=True)
    agree(CatBoostRegressor(**{**SMALL, "iterations": 2, "depth": 10}).fit(rows, rows[:, 0]), rows, exact=True)


def test_integer_and_boolean_columns_are_cast_from_what_they_are() -> None:
    """An int64 becomes float32 as CatBoost rounds it; 2**52 + 2**28 + 1 lies one above the middle of two floats."""
    import pandas as pd

    rng = np.random.default_rng(4)
    big = rng.integers(2**40, 2**53, 300)
    tie = 2**52 + 2**28 + 1
    columns = pd.DataFrame({"big": np.where(np.arange(300) % 3, big, tie), "small": rng.integers(0, 5, 300)})
    columns["flag"] = rng.random(300) < 0.5
    target = (columns["big"] / 2**52).to_numpy() + columns["small"].to_numpy() + columns["flag"].to_numpy()
    model = CatBoostRegressor(**SMALL).fit(columns, target)
    source = agree(model, columns, exact=True)
    assert [column.dtype for column in source.signature.columns] == ["int64", "int64", "bool"]


def test_strings_in_a_numeric_column_are_refused() -> None:
    import pandas as pd

    columns: Any = pd.DataFrame({"a": [str(i / 10) for i in range(50)], "b": np.arange(50.0)})
    model = CatBoostRegressor(**SMALL).fit(columns, np.arange(50.0))
    with pytest.raises(UnsupportedModelError, match='column "a" holds strings'):
        open_source(model, sample=columns).to_onnx()
