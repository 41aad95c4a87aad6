"""Each end of a range is exact: its last number is answered by the source model, the next one refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import AdditiveChi2Sampler, SkewedChi2Sampler
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PowerTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn import source as source_module
from isoship.sources.sklearn.contract.group_testing import accepted
from isoship.sources.sklearn.contract.number_line import Line
from isoship_edge.manifest import ENDS, Column

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.gamma(2.0, 1.0, 60) + 0.1, "b": RNG.gamma(2.0, 30.0, 60) + 0.1})
WHOLE = pd.DataFrame({"a": RNG.integers(1, 9, 60), "b": RNG.integers(0, 99, 60)})
Y = X["a"] + X["b"] / 10
MAX = np.finfo(np.float64).max


def answers(source: Any, row: dict[str, Any]) -> bool:
    try:
        source.answers([row])
    except InputError:
        return False
    return True


def ends_of(column: Column) -> dict[str, float]:
    return {name: end for name in ENDS if (end := getattr(column, name)) is not None}


def ends_hold(source: Any, base: dict[str, Any]) -> None:
    """Puts both ends of every column to the model."""
    for column in source.signature.columns:
        if column.dtype not in ("double", "int64"):
            continue
        whole = column.dtype == "int64"
        for end, towards in ((column.lowest, -math.inf), (column.highest, math.inf)):
            if math.isinf(end):
                far = 2**53 if whole else 1.7e308
                assert answers(source, {**base, column.name: math.copysign(1, end) * far}), column
                continue
            beyond = int(end) + (1 if towards > 0 else -1) if whole else math.nextafter(end, towards)
            assert answers(source, {**base, column.name: end}), column
            assert not answers(source, {**base, column.name: beyond}), column


@pytest.mark.parametrize(
    ("steps", "x", "ends"),
    [
        ([AdditiveChi2Sampler()], X, {"minimum": 0.0}),
        ([AdditiveChi2Sampler()], WHOLE, {"minimum": 0}),
        ([SkewedChi2Sampler(skewedness=0.5, random_state=0)], X, {"exclusive_minimum": -0.5}),
        ([PowerTransformer("box-cox")], X, {"exclusive_minimum": 0.0}),
        ([FunctionTransformer(np.log1p), LinearRegression()], X, {"exclusive_minimum": -1.0}),
        ([FunctionTransformer(np.log), LinearRegression()], X, {"exclusive_minimum": 0.0}),
        ([FunctionTransformer(np.log), LinearRegression()], WHOLE + 1, {"minimum": 1}),
        ([FunctionTransformer(np.sqrt), LinearRegression()], X, {"minimum": 0.0}),
        ([HistGradientBoostingRegressor(max_iter=2)], X, {}),
    ],
    ids=["chi2", "chi2-whole", "skewed-chi2", "box-cox", "log1p", "log", "log-whole", "sqrt", "none"],
)
def test_an_end_on_one_side_is_found_and_written_short(steps: Any, x: pd.DataFrame, ends: dict[str, float]) -> None:
    source = open_source(make_pipeline(*steps).fit(x, Y), sample=x)
    for column in source.signature.columns:
        assert {k: repr(v) for k, v in ends_of(column).items()} == {k: repr(v) for k, v in ends.items()}
    ends_hold(source, dict(x.iloc[0]))


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(PowerTransformer(), LinearRegression()),
        IsotonicRegression(out_of_bounds="raise"),
        make_pipeline(StandardScaler(), SplineTransformer(extrapolation="error"), LinearRegression()),
        TransformedTargetRegressor(make_pipeline(StandardScaler(), RandomForestRegressor(2)), func=np.log,
                                   inverse_func=np.exp),
    ],
    ids=["yeo-johnson", "isotonic", "spline", "forest-behind-a-scaler-inside"],
)  # fmt: skip
def test_ends_that_differ_by_column_and_side_are_exact(model: Any) -> None:
    x = X[["a"]] if isinstance(model, IsotonicRegression) else X
    source = open_source(model.fit(x, Y), sample=x)
    assert all(ends_of(column) for column in source.signature.columns)
    ends_hold(source, dict(x.iloc[0]))


def test_one_sided_overflow_leaves_the_other_side_open() -> None:
    source = open_source(make_pipeline(PowerTransformer(), LinearRegression()).fit(X, Y), sample=X)
    for column in source.signature.columns:
        assert list(ends_of(column)) == ["minimum"]
        assert answers(source, {**dict(X.iloc[0]), column.name: MAX})


def test_a_hole_makes_the_contract_stricter_than_the_model_and_a_note() -> None:
    model = make_pipeline(FunctionTransformer(np.reciprocal), LinearRegression()).fit(X, Y)
    source = open_source(model, sample=X)
    assert all(column.lowest > 0 for column in source.signature.columns)
    assert any('column "a": the model refuses 0.0 and answers numbers beyond it' in note for note in source.notes)
    ends_hold(source, dict(X.iloc[0]))


def test_thirty_columns_of_several_kinds_cost_few_calls_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,588 calls before columns were asked together: a ceiling on calls, not on time, which machines share."""
    frame = pd.DataFrame({f"n{i}": RNG.normal(size=60) * 10.0 ** (i % 5 - 2) for i in range(25)})
    numbers, texts = list(frame.columns), [f"s{i}" for i in range(5)]
    for name in texts:
        frame[name] = RNG.choice(["x", "y", "z"], 60)
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), texts),
    )
    model = make_pipeline(prepared, LogisticRegression()).fit(frame, frame["n2"] > 0)
    calls: list[str] = []
    ask, finite_rows = source_module.ask, source_module.finite_rows

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            calls.append(name)
            return function(*arguments)

        return call

    monkeypatch.setattr(source_module, "ask", counted("ask", ask))
    monkeypatch.setattr(source_module, "finite_rows", counted("look", finite_rows))
    source = open_source(model, sample=frame)
    limited = [column for column in source.signature.columns if ends_of(column)]
    assert 5 <= len(limited) <= 15
    # one a column for infinity, one for each end, a few for all columns at once, and those of `SklearnSource` itself
    assert calls.count("ask") <= 25 + 2 * len(limited) + 30
    assert calls.count("look") <= 4
    monkeypatch.undo()
    for column in limited[:2]:
        row = dict(frame.iloc[0])
        assert answers(source, {**row, column.name: column.highest})
        assert not answers(source, {**row, column.name: math.nextafter(column.highest, math.inf)})


@pytest.mark.parametrize("refused", [set(), {0}, {39}, {3, 4, 20}, set(range(40)), set(range(1, 40, 2))], ids=str)
@pytest.mark.parametrize("likely", [True, False])
def test_group_testing_finds_exactly_the_refused_ones(refused: set[int], likely: bool) -> None:
    asked = 0

    def answering(rows: list[dict[str, Any]]) -> bool:
        nonlocal asked
        asked += 1
        assert rows
        return not any(row["i"] in refused for row in rows)

    found = accepted([[{"i": i}, {"i": -1}] for i in range(40)], answering, likely=likely)
    assert found == [i not in refused for i in range(40)]
    assert asked <= max(1 if likely else 6, min(42 + len(refused), 13 * len(refused) + 12))


def test_places_are_in_order_and_next_to_each_other() -> None:
    line = Line()
    for number in (0.0, 5e-324, -5e-324, 1.0, -0.1, 3.4e38, MAX, -MAX):
        assert line.at(line.place(number)) == number
        if abs(number) < MAX:
            assert line.at(line.place(number) + 1) == math.nextafter(number, math.inf)
            assert line.at(line.place(number) - 1) == math.nextafter(number, -math.inf)
    assert line.place(-0.0) == line.place(0.0) == 0


def test_a_calibrated_scaler_is_looked_into() -> None:
    x = X / 1e6
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    source = open_source(CalibratedClassifierCV(inner, cv=2).fit(x, Y.median() < Y), sample=x)
    assert all(math.isfinite(column.highest) for column in source.signature.columns)
    ends_hold(source, dict(x.iloc[0]))


def test_a_hole_between_rows_of_the_sample_is_refused() -> None:
    """log1p is -inf at -1 alone, which the tree refuses; below it is NaN, which the tree takes for missing."""
    x = pd.DataFrame({"a": np.append(RNG.normal(size=60), -1.9)})
    model = make_pipeline(FunctionTransformer(np.log1p), DecisionTreeRegressor(max_depth=1)).fit(x, x["a"])
    with pytest.raises(UnsupportedModelError, match=r"column 'a' it refuses numbers next to -0\.99.* on both sides"):
        open_source(model, sample=x).to_onnx()
    above = x[x["a"] > -1]
    assert open_source(model, sample=above).signature.columns[0].lowest > -1
