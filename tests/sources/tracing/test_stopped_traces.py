"""What cannot be traced is refused, with the line of the user's own code and a way out."""

from __future__ import annotations

import ctypes
import ctypes.util
import datetime
import gc
import inspect
import linecache
import logging
import os
import random
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from traced_steps import people

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

PEOPLE = people()[["age", "income", "debt", "plan"]]
NUMBERS = PEOPLE[["income", "debt"]]
_C = ctypes.CDLL(ctypes.util.find_library("m"))
_C.cbrt.restype, _C.cbrt.argtypes = ctypes.c_double, [ctypes.c_double]


def random_draw(X: pd.DataFrame) -> Any:
    return X.to_numpy() + np.random.rand(len(X), 1)  # here


def random_noise_of_a_generator(X: pd.DataFrame) -> Any:
    noise = np.random.default_rng(7).normal(size=(len(X), 2))
    return X + noise  # here


def unseeded(X: pd.DataFrame) -> Any:
    return X * np.random.default_rng().normal()  # here


def coin(X: pd.DataFrame) -> Any:
    return X * random.random()  # here


def file_read(X: pd.DataFrame) -> Any:
    factor = float(open(__file__).readline()[:1] == '"')  # noqa: PTH123, SIM115  # here
    return X * factor


def frame_of_a_file(X: pd.DataFrame) -> Any:
    factor = pd.read_csv(Path(__file__).parent / "factors.csv")  # here
    return X * factor


def loop_over_rows(X: pd.DataFrame) -> Any:
    return np.array([[row["income"] - row["debt"]] for _, row in X.iterrows()])  # here


def loop_over_an_array(X: pd.DataFrame) -> Any:
    found = []
    for row in X.to_numpy():  # here
        found.append([row.max()])
    return np.array(found)


def apply_to_rows(X: pd.DataFrame) -> Any:
    return X.apply(lambda row: row["income"] - 1, axis=1).to_frame()  # here


def regular_expression(X: pd.DataFrame) -> Any:
    return X["plan"].map(lambda plan: len(re.sub("[aeiou]", "", plan))).to_frame()  # here


def letters(X: pd.DataFrame) -> Any:
    return X["plan"].str.contains("^b").to_frame()  # here


def batch_mean(X: pd.DataFrame) -> Any:
    return X - X.mean()  # here


def batch_mean_of_an_array(X: pd.DataFrame) -> Any:
    X = X.to_numpy()
    return X - np.mean(X, axis=0)  # here


def ranks(X: pd.DataFrame) -> Any:
    return X.rank()  # here


def sorted_rows(X: pd.DataFrame) -> Any:
    return np.sort(X.to_numpy(), axis=0)  # here


def unique_values(X: pd.DataFrame) -> Any:
    return np.unique(X["income"].to_numpy(), return_inverse=True)[1].reshape(-1, 1)  # here


def running_sum(X: pd.DataFrame) -> Any:
    return np.cumsum(X.to_numpy(), axis=0)  # here


def decision_on_data(X: pd.DataFrame) -> Any:
    if X["income"].max() > 10:  # here
        return X
    return X * 2


def decision_that_is_hidden(X: pd.DataFrame) -> Any:
    try:
        if (X["income"] > 10).to_numpy()[0]:  # here
            return X * 3
    except BaseException:  # noqa: BLE001
        pass
    return X * 2


def the_clock(X: pd.DataFrame) -> Any:
    return X * (datetime.datetime.now().year - 2000)  # here


def the_time(X: pd.DataFrame) -> Any:
    return X * (time.time() > 0)  # here


def the_clock_of_pandas(X: pd.DataFrame) -> Any:
    return X * (pd.Timestamp.now().year - 2000)  # here


def the_clock_of_numpy(X: pd.DataFrame) -> Any:
    days = np.datetime64("today") - np.datetime64("2020-01-01")  # here
    return X * (days.astype(int) > 0)


def today_in_words(X: pd.DataFrame) -> Any:
    this_year = pd.to_datetime("now").year  # here
    return X * this_year


def the_clock_of_another_name(X: pd.DataFrame) -> Any:
    return X * _now().year  # here


_now = datetime.datetime.now


def the_clock_in_a_function_of_its_own(X: pd.DataFrame) -> Any:
    return X * _Calendar().year()


class _Calendar:
    def year(self) -> int:
        return datetime.date.today().year  # here


def environment(X: pd.DataFrame) -> Any:
    return X * float(os.environ["FACTOR"])  # here


def environment_with_a_default(X: pd.DataFrame) -> Any:
    return X * float(os.environ.get("NO_SUCH_FACTOR", "2"))  # here


def environment_by_function(X: pd.DataFrame) -> Any:
    return X * float(os.getenv("NO_SUCH_FACTOR", "2"))  # here


def file_of_a_path(X: pd.DataFrame) -> Any:
    return X * len(Path(__file__).read_text())  # here


def whether_a_file_exists(X: pd.DataFrame) -> Any:
    return X * (2 if Path(__file__).exists() else 1)  # here


def names_of_files(X: pd.DataFrame) -> Any:
    return X * len(os.listdir(Path(__file__).parent))  # noqa: PTH208  # here


def another_process(X: pd.DataFrame) -> Any:
    return X * len(subprocess.check_output(["true"]) + b"ab")  # here


def a_socket(X: pd.DataFrame) -> Any:
    with socket.socket() as opened:  # here
        return X * (opened.fileno() > 0)


def unguessable(X: pd.DataFrame) -> Any:
    return X * (uuid.uuid4().int > 0)  # here


def hashed(X: pd.DataFrame) -> Any:
    return X * (hash("factor") % 2 + 1)  # here


def a_c_library(X: pd.DataFrame) -> Any:
    return np.vectorize(_C.cbrt)(np.asarray(X, float))  # here


def how_many_rows(X: pd.DataFrame) -> Any:
    return X / len(X)  # here


def many_rows(X: pd.DataFrame) -> Any:
    if len(X) > 1_000:
        return X * 3  # here
    return X * 2


def row_numbers(X: pd.DataFrame) -> Any:
    return X.assign(number=np.arange(len(X)))  # here


def rows_left_out(X: pd.DataFrame) -> Any:
    return X[X["income"] > 20_000]  # here


def writes_into_its_input(X: pd.DataFrame) -> Any:
    X["ratio"] = X["debt"] / X["income"]  # here
    return X


def writes_into_a_view(X: pd.DataFrame) -> Any:
    X = X.to_numpy().copy()
    first = X[:, 0]
    first[first > 3] = 3  # here
    return X


def a_jump_behind_a_logarithm(X: pd.DataFrame) -> Any:
    return np.floor(np.log10(X))  # here


def returned_and_written_over(X: pd.DataFrame) -> Any:  # here
    X = X.to_numpy().copy()
    before = X[:, :2]
    X[:, 0] = 3
    return before


def read_after_its_part_was_written(X: pd.DataFrame) -> Any:
    X = X.to_numpy().copy()
    first, again = X[:, 0], X[:, 0]
    np.maximum(first, 1e300, out=first)
    return np.c_[again, X[:, 1]]  # here


def distance_without_a_clip(X: pd.DataFrame) -> Any:
    a, b = np.radians(X["income"]), np.radians(X["debt"])
    return np.arccos(np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b)).to_frame()  # here


def compared_sum(X: pd.DataFrame) -> Any:
    total = X.assign(half=X["debt"] / 2).sum(axis=1)
    return (total > 10).to_frame()  # here


def integer_of_a_string(X: pd.DataFrame) -> Any:
    return X["plan"].map({"free": 0, "basic": 1, "pro": 2}).astype(int).to_frame()  # here


def spread_along_rows(X: pd.DataFrame) -> Any:
    return X.std(axis=1).to_frame()  # here


def parsed(X: pd.DataFrame) -> Any:
    return pd.get_dummies(X)  # here


class Keeping(BaseEstimator, TransformerMixin):
    """Keeps its answers by the number of rows."""

    def fit(self, X: Any, y: Any = None) -> Keeping:
        self.known_: dict[int, Any] = {}
        return self

    def transform(self, X: Any) -> Any:
        if len(X) not in self.known_:
            self.known_[len(X)] = X * 2
        return self.known_[len(X)]


class Counting(BaseEstimator, TransformerMixin):
    """Counts its calls, and answers by them."""

    calls = 0

    def fit(self, X: Any, y: Any = None) -> Counting:
        self.calls_ = 0
        return self

    def transform(self, X: Any) -> Any:
        self.calls_ += 1
        return X * self.calls_  # here


WITH_PLAN = (regular_expression, letters, parsed, integer_of_a_string)
FUNCTIONS = [
    each for each in list(globals().values())
    if inspect.isfunction(each) and each.__module__ == __name__
]  # fmt: skip


def line_of(function: Any) -> int:
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if "# here" in line)


def refusal(step: Any, x: Any) -> UnsupportedModelError:
    model = make_pipeline(step, LinearRegression()) if x is NUMBERS else make_pipeline(step)
    model.fit(x, PEOPLE["age"])
    with pytest.raises(UnsupportedModelError) as refused:
        open_source(model, sample=x).to_onnx()
    assert "docs/extending.md" in refused.value.instead
    return refused.value


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_the_line_at_which_tracing_stopped_is_named(function: Callable[..., Any], monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("FACTOR", "3")
    if function is frame_of_a_file:
        monkeypatch.setitem(globals(), "__file__", str(tmp_path / "step.py"))
        (tmp_path / "factors.csv").write_text("income,debt\n" + "2,3\n" * 500)
    x = PEOPLE[["income", "plan"]] if function in WITH_PLAN else NUMBERS
    if function in (frame_of_a_file, rows_left_out, a_jump_behind_a_logarithm):
        step = FunctionTransformer(function)
        model = make_pipeline(step).fit(x)
        with pytest.raises(UnsupportedModelError) as caught:
            open_source(model, sample=x).to_onnx()
        refused = caught.value
    else:
        refused = refusal(FunctionTransformer(function), x)
    number = line_of(_Calendar if function is the_clock_in_a_function_of_its_own else function)
    assert f"line {number} ({linecache.getline(inspect.getfile(function), number).strip()!r})" in refused.why
    assert os.path.relpath(inspect.getfile(function)) in refused.why
    assert str(Path.cwd()) not in refused.why
    assert refused.step.startswith("pipeline.steps[0] -> FunctionTransformer(")


REASONS = {
    spread_along_rows: "DataFrame.std along rows, in this form, is not followed",
    batch_mean: "mean over rows depends on which rows come together",
    integer_of_a_string: "fill before: .map(...).fillna(-1).astype(int)",
    compared_sum: "pandas's sums along rows, whose order + or to_numpy().sum(axis=1) fix",
}


@pytest.mark.parametrize("function", REASONS, ids=lambda f: f.__name__)
def test_the_reason_is_that_of_what_was_written(function: Callable[..., Any]) -> None:
    x = PEOPLE[["income", "plan"]] if function in WITH_PLAN else NUMBERS
    assert REASONS[function] in refusal(FunctionTransformer(function), x).why


def test_a_state_that_changes_is_noticed() -> None:
    refused = refusal(Counting(), NUMBERS)
    assert refused.step.startswith("pipeline.steps[0] -> Counting(")
    assert f"line {line_of(Counting.transform)}" in refused.why
    assert "not do the same twice" in refused.why


def test_answers_that_are_kept_are_noticed() -> None:
    refused = refusal(Keeping(), NUMBERS)
    assert f"line {inspect.getsourcelines(Keeping.transform)[1]}" in refused.why
    assert "it keeps what it answered for later calls" in refused.why


def test_the_numpy_function_itself_is_named_where_no_line_is_the_users() -> None:
    refused = refusal(FunctionTransformer(np.sort), NUMBERS)
    assert "tracing its Python code stopped: numpy.sort is not followed" in refused.why


def test_the_users_model_is_left_as_it_was() -> None:
    step = Counting()
    model = make_pipeline(step, LinearRegression()).fit(NUMBERS, PEOPLE["age"])
    before, names = model.steps[0][1].__dict__.keys(), (np.asarray, pd.DataFrame, np.random.rand, sys.getprofile())
    with pytest.raises(UnsupportedModelError):
        open_source(model, sample=NUMBERS).to_onnx()
    assert model.steps[0][1].__dict__.keys() == before
    assert names == (np.asarray, pd.DataFrame, np.random.rand, sys.getprofile())


def test_models_are_traced_in_several_threads() -> None:
    def scaled(X: pd.DataFrame) -> Any:
        return np.asarray(X) * np.float64(1.5)

    def export(_: int) -> bytes:
        model = make_pipeline(FunctionTransformer(scaled), LinearRegression()).fit(NUMBERS, PEOPLE["age"])
        return open_source(model, sample=NUMBERS).to_onnx().SerializeToString()  # type: ignore[no-any-return]

    asarray = np.asarray
    with ThreadPoolExecutor(4) as pool:
        written = set(pool.map(export, range(4)))
    assert len(written) == 1
    assert np.asarray is asarray


def test_a_look_at_the_clock_that_changes_no_answer_is_none_of_the_steps() -> None:
    def said(X: pd.DataFrame) -> Any:
        logging.getLogger("steps").warning("%d rows", len(X))
        return X * 2

    model = make_pipeline(FunctionTransformer(said), LinearRegression()).fit(NUMBERS, PEOPLE["age"])
    open_source(model, sample=NUMBERS).to_onnx()


def test_what_runs_at_a_collection_is_none_of_the_steps() -> None:
    """Hypothesis, for one, takes the time of every collection."""

    def doubled(X: pd.DataFrame) -> Any:
        kept = [[each] for each in range(100_000)]
        return X * len(kept)

    gc.callbacks.append(lambda phase, info: time.time())
    try:
        model = make_pipeline(FunctionTransformer(doubled), LinearRegression()).fit(NUMBERS, PEOPLE["age"])
        open_source(model, sample=NUMBERS).to_onnx()
    finally:
        gc.callbacks.pop()
    assert gc.isenabled()
