"""Every objective's link, over raw scores from one end of the doubles to the other."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from benchmarks.boosters.lightgbm_recipes import table
from comparison import run
from handmade import booster, ladder
from lightgbm_rows import LINK, agree_on_rows, ask

from isoship.sources import open_source
from isoship.sources.lightgbm.links import read_objective

VALUES = [-1e300, -745.5, -710.0, -40.0, -36.9, -20.0, -1.0, -1e-9, -1e-17, 0.0, 1e-17, 1e-9, 0.3, 1.0, 20.0, 40.0]
VALUES += [700.0, 709.7, 710.0, 1e300]
ROWS = np.arange(len(VALUES), dtype=np.float64).reshape(-1, 1)

OBJECTIVES = [
    "regression",
    "regression sqrt",
    "regression_l1",
    "regression_l1 sqrt",
    "huber",
    "fair",
    "fair sqrt",
    "poisson",
    "quantile",
    "quantile sqrt",
    "mape",
    "mape sqrt",
    "gamma",
    "tweedie",
    "cross_entropy",
    "cross_entropy_lambda",
    "lambdarank",
    "rank_xendcg",
    "binary sigmoid:1",
    "binary sigmoid:0.3",
    "binary sigmoid:7",
]

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_link_agrees_over_all_doubles(objective: str) -> None:
    model = booster([ladder(VALUES)], objective=objective)
    source = open_source(model)
    rows = [{"x0": float(x)} for x in ROWS[:, 0]]
    got, asked = run(source.to_onnx(), rows, source), ask(model, ROWS)
    name = "probabilities" if objective.startswith("binary") else "value"
    mine = got[name][:, 1] if name == "probabilities" else got[name]
    # relative as far as doubles are normal: a tiny probability keeps its digits
    np.testing.assert_allclose(mine, asked, rtol=LINK, atol=1e-300)


@pytest.mark.parametrize("objective", ["multiclass num_class:3", "multiclassova num_class:3 sigmoid:0.5"])
def test_a_link_of_three_classes_agrees_over_all_doubles(objective: str) -> None:
    rng = np.random.default_rng(1)
    ladders = [ladder(rng.permutation(VALUES).tolist()) for _ in range(6)]
    model = booster(ladders, objective=objective, classes=3)
    source = open_source(model)
    got = run(source.to_onnx(), [{"x0": float(x)} for x in ROWS[:, 0]], source)
    asked = ask(model, ROWS)
    np.testing.assert_allclose(got["probabilities"], asked, rtol=LINK, atol=1e-300)
    two = np.sort(asked, axis=1)
    clear = two[:, 2] - two[:, 1] > LINK
    assert clear.sum() > 5
    np.testing.assert_array_equal(got["label"][clear], asked.argmax(axis=1)[clear])


@pytest.mark.parametrize("objective", ["regression", "regression_l1", "huber", "fair", "quantile", "mape", "poisson"])
def test_reg_sqrt_is_read_from_the_model_and_not_from_the_parameter(objective: str) -> None:
    """LightGBM turns it off for some objectives without a word."""
    rows = table(seed=3)
    model = lightgbm.LGBMRegressor(objective=objective, reg_sqrt=True, n_estimators=5, n_jobs=1, verbose=-1)
    model.fit(rows, np.abs(rows[:, 0]) * 4 + 1)
    raw, value = model.predict(rows, raw_score=True), model.predict(rows)
    np.testing.assert_array_equal(read_squares(model, raw), value)
    agree_on_rows(model, rows, rows)


def read_squares(model: lightgbm.LGBMRegressor, raw: np.ndarray) -> np.ndarray:
    line = next(line for line in model.booster_.model_to_string().split("\n") if line.startswith("objective="))
    if line.startswith("objective=poisson"):
        return model.predict(table(seed=3))
    return np.abs(raw) * raw if read_objective(line.removeprefix("objective=")).sqrt else raw


@pytest.mark.parametrize(
    "text", ["Regression", "binary sigmoid:0", "binary sigmoid:nan", "binary sigmoid:x", "softprob"]
)
def test_an_objective_that_lightgbm_does_not_have_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_objective(text)


def test_labels_of_equal_probabilities_are_the_first() -> None:
    model = booster([ladder([0.0, 1e-17, -1e-17, 1.0])], objective="binary sigmoid:1")
    source = open_source(model)
    rows = [{"x0": float(x)} for x in range(4)]
    assert run(source.to_onnx(), rows, source)["label"].tolist() == [0, 0, 0, 1]
    assert source.answers(rows).outputs["label"].tolist() == [0, 0, 0, 1]
