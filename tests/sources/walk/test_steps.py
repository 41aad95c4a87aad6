"""Where each step's answers stand in the finished graph: by name after every rewrite, and with the source's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier, StackingRegressor, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

from isoship.onnx.exposed import exposed
from isoship.parity.tensors.first_node import run
from isoship.rows.columns import feeds_from_rows
from isoship.sources import open_source

DRAW = np.random.default_rng(4)
X = pd.DataFrame({
    "a": DRAW.normal(5, 2, 400), "b": DRAW.exponential(3, 400), "c": DRAW.choice([f"c{i}" for i in range(300)], 400),
})  # fmt: skip
X.loc[::9, "a"] = np.nan
Y = (X["a"].fillna(5) + X["b"] > 8).astype(int)
ROW = {"a": None, "b": 2.25, "c": "c7"}


def table(**more: Any) -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer([("n", numbers, ["b", "a"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["c"])], **more)


MODELS = {
    "a wide encoding in front of a product": lambda: make_pipeline(table(), LogisticRegression(max_iter=50)),
    "weights of a table": lambda: make_pipeline(table(transformer_weights={"n": 2.0}), Ridge()),
    "a forest": lambda: make_pipeline(table(), RandomForestClassifier(4, random_state=0)),
    "a union": lambda: make_pipeline(
        table(sparse_threshold=0.0), FeatureUnion([("p", PCA(2)), ("m", MinMaxScaler())]), LogisticRegression()
    ),
    "votes over the same step": lambda: VotingClassifier(
        [("x", make_pipeline(table(), LogisticRegression())), ("y", make_pipeline(table(), without_probabilities()))],
        voting="hard",
    ),
    "a stack": lambda: StackingRegressor([("x", make_pipeline(table(), Ridge()))], cv=2),
    "bins and powers": lambda: make_pipeline(
        ColumnTransformer([("n", SimpleImputer(), ["a", "b"])]), KBinsDiscretizer(4), PolynomialFeatures(2), Ridge()
    ),
    "outliers": lambda: make_pipeline(table(), IsolationForest(n_estimators=5, random_state=0)),
}


def without_probabilities() -> Any:
    from sklearn.linear_model import RidgeClassifier

    return RidgeClassifier()


@pytest.mark.parametrize("name", MODELS)
def test_the_graph_is_the_one_that_ships_and_every_step_has_its_numbers_there(name: str) -> None:
    source: Any = open_source(MODELS[name]().fit(X, Y), sample=X)
    trace = source.trace()
    assert trace.model.SerializeToString(deterministic=True) == source.to_onnx().SerializeToString(deterministic=True)
    assert trace.steps[-1].path == ""
    got = run(exposed(trace.model), feeds_from_rows([ROW], source.signature))
    held = 0
    for step, answers in zip(trace.steps, source.answers_of_steps([ROW], trace.steps), strict=True):
        assert step.tensors <= set(got)
        for method, answer in answers.items():
            columns = step.columns.get(method, ())
            assert len(columns) == answer.size, (step.path, method)
            if all(tensor in got for tensor, _ in columns):
                values = [got[tensor].reshape(-1)[i] for tensor, i in columns]
                assert np.asarray(values, float) == pytest.approx(answer.reshape(-1).astype(float), abs=1e-9)
                held += 1
    assert held >= 3


def test_a_step_is_called_what_its_user_calls_it() -> None:
    source: Any = open_source(make_pipeline(table(), LogisticRegression(max_iter=50)).fit(X, Y), sample=X)
    names = {step.path: step.names for step in source.trace().steps}
    path = "pipeline.steps[0] -> columntransformer.transformers[0] -> pipeline.steps[1]"
    assert names[path] == ("columntransformer", "n", "standardscaler")
    assert names[""] == ()


def test_the_model_is_as_it_was_when_its_steps_were_heard() -> None:
    model = make_pipeline(table(), LogisticRegression(max_iter=50)).fit(X, Y)
    source: Any = open_source(model, sample=X)
    before = [set(vars(step)) for _, step in model.steps]
    source.answers_of_steps([ROW], source.trace().steps)
    assert [set(vars(step)) for _, step in model.steps] == before
