"""A sum that overflows on its way has no one answer: such rows are ties, and all others are held to the answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron, Ridge, SGDRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from isoship.sources import open_source

RNG = np.random.default_rng(3)
X = RNG.normal(size=(80, 3))
Y = X @ [4e4, -9e4, 2e4]
BIG = 1.7e308
#: Rows, and whether a sum of 4e4 x - 9e4 y + 2e4 z goes by its order.
ROWS = {
    (BIG, BIG, 0.0): True,
    (BIG, -BIG, BIG): False,  # all terms are positive: infinite in every order
    (-BIG, BIG, -BIG): False,
    (1e300, 1e300, 1e300): False,  # no sum of these overflows
    (0.5, 1.0, 2.0): False,
    (0.0, BIG, BIG): True,
}


def _margins(model, x=X):
    source = open_source(model, sample=x)
    names = [column.name for column in source.signature.columns]
    answers = source.answers([dict(zip(names, row, strict=True)) for row in ROWS])
    return answers.margin, answers.value_margin


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        Ridge(1e-9),
        SGDRegressor(max_iter=50, random_state=0),
        MultiOutputRegressor(LinearRegression()),
        make_pipeline(FunctionTransformer(), LinearRegression()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_numbers_of_such_rows_are_not_settled(model):
    y = np.column_stack([Y, Y]) if isinstance(model, MultiOutputRegressor) else Y
    _, settled = _margins(model.fit(X, y))
    assert [m == 0.0 for m in settled] == [*ROWS.values()]


@pytest.mark.parametrize(
    "model", [Perceptron(), LinearSVC(), LogisticRegression(C=1e12)], ids=lambda m: type(m).__name__
)
def test_labels_of_such_rows_are_ties(model):
    fitted = model.fit(X, Y > 0)
    fitted.coef_ = np.array([[4e4, -9e4, 2e4]])
    margin, settled = _margins(fitted)
    assert [m == 0.0 for m in margin] == [*ROWS.values()]
    assert [m == 0.0 for m in settled] == [*ROWS.values()]


def test_a_step_on_the_way_makes_the_numbers_large():
    model = make_pipeline(FunctionTransformer(np.exp), LinearRegression()).fit(X, np.exp(X) @ [4e4, -9e4, 2e4])
    source = open_source(model, sample=X)
    names = [column.name for column in source.signature.columns]
    rows = [(709.7, 709.7, 0.0), (1.0, 2.0, 3.0)]
    settled = source.answers([dict(zip(names, row, strict=True)) for row in rows]).value_margin
    assert [m == 0.0 for m in settled] == [True, False]


def test_a_frame_of_ordinary_numbers_is_settled_throughout():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    source = open_source(LinearRegression().fit(frame, Y), sample=frame)
    answers = source.answers(frame.to_dict("records"))
    assert answers.value_margin is None
