"""Steps as people write them are traced: exact in ONNX Runtime, and in every form that ships."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from traced_steps import STEPS, people

import isoship
from isoship.sources.sklearn.walk.registry import fact, record_of

PEOPLE = people()
TARGET = PEOPLE["income"] / 1000 + PEOPLE["age"]


def as_array(X: Any) -> Any:
    return X.to_numpy()


def as_numbers(X: Any) -> Any:
    """Booleans beside numbers are an array of Python's own objects."""
    return X.astype(float)


def step_of(name: str) -> Any:
    """The step with its columns, behind what hands it an array where it wants one."""
    step, columns, array = STEPS[name]
    step = step if not hasattr(step, "get_params") else clone(step)
    return (make_pipeline(FunctionTransformer(as_array), step) if array else step), columns


@pytest.mark.parametrize("name", STEPS)
def test_a_step_gives_its_own_columns(name: str, agrees) -> None:
    step, columns = step_of(name)
    agrees(make_column_transformer((step, columns)).fit(PEOPLE), PEOPLE)


BEFORE_MODELS = ["hour as sine and cosine", "rounded money", "clipping at learnt quantiles", "ratio of two"]


@pytest.mark.parametrize("name", BEFORE_MODELS)
def test_a_model_behind_a_step_agrees(name: str, agrees) -> None:
    step, columns = step_of(name)
    x = PEOPLE[columns]
    agrees(make_pipeline(step, LinearRegression()).fit(x, TARGET), x, atol=1e-7)
    agrees(make_pipeline(step, HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5)).fit(x, TARGET), x)


def test_what_is_known_of_a_step_comes_from_its_own_trace(agrees) -> None:
    known = {
        "polynomial by hand": (False, False),
        "body mass index": (True, False),
        "log1p of some columns": (False, False),
        "age bands by select": (True, True),
        "clipping at learnt quantiles": (True, False),
        "string equality flags": (True, False),
    }
    for name, facts in known.items():
        step, columns = step_of(name)
        model = make_column_transformer((step, columns)).fit(PEOPLE)
        agrees(model, PEOPLE, odd=False)
        traced = model.transformers_[0][1]
        traced = traced.steps[-1][1] if hasattr(traced, "steps") else traced
        record = record_of(traced)
        assert (fact(record.same_bits, traced), fact(record.jumps, traced)) == facts, name


def test_every_form_that_ships_answers_as_the_steps_do(tmp_path) -> None:
    table = make_column_transformer(*[step_of(name) for name in STEPS])
    model = make_pipeline(table, FunctionTransformer(as_numbers)).fit(PEOPLE)
    bundle = isoship.export(model, sample=PEOPLE, out=tmp_path / "bundle", offline=True)
    report = isoship.check(bundle.path, model=model, rows=300)
    assert {v.status for v in report.verdicts} == {"agree"}, report.table()
    assert report.exit_code == 0
    assert len(report.verdicts) == 16  # a body mass index of 1e41 is none in float32: stock TF.js is not asked
