"""Lookups, limits and intervals as pandas has them: of integers among integers, of missing ones, of other types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparison import run
from sklearn.preprocessing import FunctionTransformer

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.frames import rows_from_frame

BIG = [0, 1, -1, 41, 42, 50, 51, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, -7, 5, 90]
HARD = pd.DataFrame(
    {
        "n": BIG,
        "m": BIG[::-1],
        "f": [0.0, -0.0, 1.0, 2.5, -3.0, 1e300, 5.0, 7.0, 41.5, 0.1, np.nan, 2.0, 3.0, 50.0],
        "t": [True, False] * 7,
        "s": ["a", "b", "unseen", "a", None, "b", ""] * 2,
    }
)
USUAL = HARD[:3].assign(n=[3, 4, 5], m=[1, 2, 3], f=[0.5, np.nan, 2.5], s=["a", "b", None])
USUAL = pd.concat([USUAL] * 8, ignore_index=True)

STEPS: dict[str, Callable[[Any], Any]] = {
    "integers among integers": lambda X: X["n"].map({2**53: 1, 2**53 + 1: 2, 5: 3}).to_frame(),
    "integers among numbers": lambda X: X["n"].map({float(2**53): 1, 5.5: 2, 5: 3}).to_frame(),
    "booleans": lambda X: pd.DataFrame({"v": X["t"].map({True: 1, False: 0}), "w": X["t"].map({True: 2.5})}),
    "a number that no integer is": lambda X: X[["n"]].replace(41.5, 0),
    "infinity among integers": lambda X: X[["n", "t"]].replace([np.inf, -np.inf], 0) * 1,
    "a number in every column": lambda X: X.replace(-999, np.nan).drop(columns="s") * 1.0,
    "integers swapped": lambda X: X[["n"]].replace({1: 0, 0: 1, 5: 42, 42: 5}),
    "integers filled": lambda X: (X["n"].fillna(0.5) == 2**53 + 1).to_frame(),
    "is one of the numbers": lambda X: X[["n"]].isin([2**53, 5.5]) * 1,
    "is none of the texts": lambda X: X[["n"]].isin([5.5, "a"]) * 1,
    "is missing or one of them": lambda X: X[["f", "s"]].isin([2.5, np.nan, "a"]) * 1,
    "integers within numbers": lambda X: (X["n"].clip(0, 1e18) == 2**53 + 1).to_frame(),
    "within the other way about": lambda X: X["n"].clip(50, 5).to_frame(),
    "within other columns": lambda X: (
        pd.DataFrame({"a": X["n"].clip(lower=X["m"]), "b": X["m"].clip(upper=X["f"])}) / 3
    ),
    "what is divided by": lambda X: 1 / X[["f"]].clip(upper=40.0),
    "a logarithm within": lambda X: np.log1p(X["f"].abs()).clip(0, 1.5).to_frame(),
    "intervals of integers": lambda X: pd.cut(X["n"], [-10, 2**53, 2**54], labels=False).to_frame(),
    "intervals with their lowest": lambda X: pd.cut(X["n"], [0, 5, 41], labels=False, include_lowest=True).to_frame(),
    "searched among integers": lambda X: np.searchsorted([2**53, 2**53 + 1], X["n"]).reshape(-1, 1),
    "searched among numbers": lambda X: np.searchsorted([2.0**53, 2.0**53 + 2], X["n"]).reshape(-1, 1),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_same_as_pandas(name: str) -> None:
    step = FunctionTransformer(STEPS[name]).fit(USUAL)
    source = open_source(step, sample=USUAL)
    graph = source.to_onnx()
    for rows in (HARD, HARD[8:9]):
        got = run(graph, rows_from_frame(rows, list(HARD)), source)["transformed"]
        with np.errstate(all="ignore"):
            expected = np.asarray(step.transform(rows), float)
        np.testing.assert_allclose(got, expected, rtol=1e-15, atol=0)


def test_a_lookup_answers_numbers_though_the_sample_knows_every_key() -> None:
    table = pd.DataFrame({"word": ["x", "y"] * 12, "n": 1.0})
    step = FunctionTransformer(lambda X: pd.DataFrame({"rank": X["word"].map({"x": 1, "y": 2})})).fit(table)
    source = open_source(step, sample=table)
    rows = [{"word": "y", "n": 1.0}, {"word": "unseen", "n": 1.0}]
    np.testing.assert_array_equal(run(source.to_onnx(), rows, source)["transformed"], [[2.0], [np.nan]])


def test_a_key_that_no_number_is_exactly_is_refused() -> None:
    step = FunctionTransformer(lambda X: X["f"].map({2**53 + 1: 1.0}).to_frame()).fit(USUAL)
    with pytest.raises(UnsupportedModelError, match="9007199254740993, which no float64 is"):
        open_source(step, sample=USUAL).to_onnx()
