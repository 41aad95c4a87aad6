"""Rows told apart by scikit-learn's own checks, which are as they were for everyone else."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.decomposition import KernelPCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler
from sklearn.utils import validation

from isoship.errors import InputError
from isoship.sources import open_source
from isoship.sources.sklearn import source as source_module
from isoship.sources.sklearn.contract import checks
from isoship.sources.sklearn.contract.checks import passed_by_checks
from isoship_edge.manifest import ENDS

X, Y = load_wine(return_X_y=True, as_frame=True)
ROWS = np.array([[1.0, 2.0], [1e308, 2.0], [1.0, -1e308], [3.0, 4.0]])
MODEL = make_pipeline(FunctionTransformer(lambda x: x * 1e10), StandardScaler(), LogisticRegression())
MODEL.fit(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]]), [0, 1, 1])


def test_rows_that_a_check_inside_the_model_refuses_are_told_apart() -> None:
    found = passed_by_checks(MODEL, ["predict", "predict_proba"], ROWS)
    assert found is not None
    assert found.double.tolist() == [True, False, False, True]


def test_missing_numbers_pass_where_the_model_takes_them() -> None:
    rows = np.array([[1.0, 2.0], [np.nan, 2.0], [np.inf, 2.0]])
    forest = RandomForestClassifier(2).fit([[0.0, np.nan], [1.0, 0.0]], [0, 1])
    boosting = HistGradientBoostingClassifier(max_iter=2).fit([[0.0, np.nan], [1.0, 0.0]], [0, 1])
    for model, passed in ((forest, [True, True, False]), (boosting, [True, True, True]), (MODEL, [True, False, False])):
        found = passed_by_checks(model, ["predict"], rows)
        assert found is not None
        assert found.double.tolist() == passed, model


def test_what_refuses_rows_by_other_means_is_not_guessed() -> None:
    model = make_pipeline(PowerTransformer("box-cox"), LogisticRegression()).fit(np.abs(ROWS[[0, 3]]), [0, 1])
    assert passed_by_checks(model, ["predict"], ROWS) is None


def test_a_step_that_fails_on_what_a_check_keeps_out_is_not_guessed() -> None:
    def positions(x: Any) -> Any:
        return x if np.isfinite(x).all() else 1 // 0

    model = make_pipeline(FunctionTransformer(lambda x: x * 1e10), FunctionTransformer(positions, validate=True))
    assert passed_by_checks(model, ["transform"], ROWS) is None


def test_a_scikit_learn_without_that_check_costs_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_CHECK", "_moved_elsewhere")
    assert passed_by_checks(MODEL, ["predict"], ROWS) is None
    x = X[["hue", "ash"]]
    models = [each.fit(x, Y) for each in (make_pipeline(PowerTransformer(), LogisticRegression()), NearestCentroid())]
    slow = [open_source(model, sample=x).signature for model in models]
    monkeypatch.undo()
    assert [open_source(model, sample=x).signature for model in models] == slow


def test_checks_of_other_threads_and_other_arrays_stand_and_all_are_back_afterwards() -> None:
    before = validation._assert_all_finite
    refused: list[str] = []

    def ask_elsewhere() -> None:
        for rows in (ROWS[:2] * np.inf, ROWS * np.inf):
            try:
                MODEL.predict(rows)
            except ValueError as err:
                refused.append(str(err))

    def meanwhile(x: Any) -> Any:
        other = threading.Thread(target=ask_elsewhere)
        other.start()
        other.join(20)
        with pytest.raises(ValueError, match="infinity"):
            validation.check_array([[np.inf]])
        return x * 1e10

    model = make_pipeline(FunctionTransformer(meanwhile), LogisticRegression())
    model.steps[-1] = ("logisticregression", MODEL[-1])
    assert passed_by_checks(model, ["predict"], ROWS) is not None
    assert len(refused) == 2
    assert validation._assert_all_finite is before
    with pytest.raises(InputError):
        source_module.ask(MODEL, "predict", ROWS)
    assert passed_by_checks(make_pipeline(FunctionTransformer(meanwhile), 1), ["predict"], ROWS) is None
    assert validation._assert_all_finite is before


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(PowerTransformer(), HistGradientBoostingClassifier(max_iter=2)),
        make_pipeline(StandardScaler(), KernelPCA(3), LogisticRegression()),
        NearestCentroid(),
    ],
    ids=["powers", "kernel", "centroids"],
)
def test_ends_inside_a_step_cost_few_calls_of_the_model(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,472 to 1,586 calls before the checks told rows apart; 60 to 119 now, those with the checks noting included."""
    calls: list[str] = []
    ask = source_module.ask

    def counted(*arguments: Any) -> Any:
        calls.append(arguments[1])
        return ask(*arguments)

    for module in (source_module, checks):
        monkeypatch.setattr(module, "ask", counted)
    source = open_source(model.fit(X, Y), sample=X)
    monkeypatch.undo()
    assert len(calls) <= 140
    assert any(getattr(column, name) is not None for column in source.signature.columns for name in ENDS)
