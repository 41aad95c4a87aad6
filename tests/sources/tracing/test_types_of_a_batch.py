"""pandas makes integers or numbers of a column as the rows of a batch have it, and a graph has one type for all."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparison import compare, rows_of
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

WORDS = pd.DataFrame({"word": ["x", "y", "z", "y"] * 10})
SOME_UNKNOWN = pd.DataFrame({"word": ["x", "w", "z", "y"] * 10})
UNSEEN = pd.DataFrame({"word": ["x", "unseen", "", "y", "z"]})


def ranked(X: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"rank": X["word"].map({"x": 1, "y": 2, "z": 3})})


AFTER: dict[str, Callable[[Any], Any]] = {
    "filled": lambda X: X.fillna(-1),
    "missing": lambda X: X.isna() * 1.0,
    "halved": lambda X: X / 2,
    "of an array": lambda X: np.nan_to_num(X.to_numpy(), nan=-1.0),
}


@pytest.mark.parametrize("sample", [WORDS, SOME_UNKNOWN], ids=["all known", "some unknown"])
@pytest.mark.parametrize("name", AFTER)
def test_a_step_behind_a_lookup_is_given_integers_or_numbers(name: str, sample: pd.DataFrame) -> None:
    model = make_pipeline(FunctionTransformer(ranked), FunctionTransformer(AFTER[name])).fit(sample)
    source = open_source(model, sample=sample)
    compare(source, rows_of(source, UNSEEN), graph=source.to_onnx())
    compare(source, rows_of(source, UNSEEN[:1]), graph=source.to_onnx())


@pytest.mark.parametrize("sample", [WORDS, SOME_UNKNOWN], ids=["all known", "some unknown"])
def test_a_step_that_asks_for_the_type_is_refused(sample: pd.DataFrame) -> None:
    def by_type(X: Any) -> Any:
        return X if X["rank"].dtype == float else X * 2

    model = make_pipeline(FunctionTransformer(ranked), FunctionTransformer(by_type)).fit(sample)
    with pytest.raises(UnsupportedModelError, match="a column of integers otherwise than the same values as numbers"):
        open_source(model, sample=sample).to_onnx()


def test_a_step_in_two_places_that_give_it_other_columns_is_refused() -> None:
    step = FunctionTransformer(lambda X: X * 2)
    table = pd.DataFrame({"a": [1.0, 2.5, -3.0] * 8, "b": [1, 2, 3] * 8})
    one, both = (make_pipeline(FunctionTransformer(choose), step) for choose in (lambda X: X[["a"]], lambda X: X * 1))
    model = make_union(one, both).fit(table)
    with pytest.raises(UnsupportedModelError, match="give each a clone"):
        open_source(model, sample=table).to_onnx()


@pytest.mark.parametrize("function", [lambda X: X * 2, lambda X: X - X.mean()], ids=["traced", "refused"])
def test_nothing_is_kept_of_a_step_that_is_gone(function: Callable[[Any], Any]) -> None:
    table = pd.DataFrame({"a": [1.0, 2.5, -3.0] * 8})
    step = FunctionTransformer(function).fit(table)
    known = weakref.ref(step)
    with contextlib.suppress(UnsupportedModelError):
        open_source(step, sample=table).to_onnx()
    del step
    gc.collect()
    assert known() is None
