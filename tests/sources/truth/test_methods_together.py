"""Several methods of a pipeline are answered as each is alone, and what is no plain pipeline is asked as ever."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from isoship.errors import InputError
from isoship.sources.contract import TrainingFrame
from isoship.sources.frames import frame_from_rows
from isoship.sources.sklearn.truth.answers import ask, ask_each
from isoship_edge.manifest import Column, Signature

METHODS = ["predict", "predict_proba", "decision_function"]
X, Y = make_classification(200, 6, random_state=0)


class Doubled(Pipeline):
    """A pipeline with a `predict` of its own."""

    def predict(self, X, **parameters):
        return np.asarray(super().predict(X, **parameters)) * 2


IN_PLACE = make_pipeline(StandardScaler(copy=False), LogisticRegression())
PIPELINES = {
    "scaled": make_pipeline(StandardScaler(), LogisticRegression()),
    "last step writes into its input": make_pipeline(StandardScaler(), IN_PLACE),
    "columns": make_pipeline(make_column_transformer((StandardScaler(), [0, 3])), LogisticRegression()),
    "selected": make_pipeline("passthrough", SelectKBest(k=3), LogisticRegression()),
    "sparse": make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
    "frames": make_pipeline(StandardScaler(), LogisticRegression()).set_output(transform="pandas"),
    "trees": make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=5)),
    "one step": make_pipeline(LogisticRegression()),
    "subclass": Doubled([("scale", StandardScaler()), ("model", LogisticRegression())]),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_methods_asked_together_say_what_each_says_alone(name):
    model = PIPELINES[name].fit(X, Y)
    kept = X.copy()
    together = ask_each(model, METHODS, X)
    np.testing.assert_array_equal(X, kept)
    assert list(together) == METHODS
    for method in METHODS:
        np.testing.assert_array_equal(together[method], ask(model, method, X))


def test_a_refusal_is_told_in_the_same_words():
    model = PIPELINES["scaled"].fit(X, Y)
    odd = np.where(X[3, 2] == X, np.inf, X)
    with pytest.raises(InputError) as alone:
        ask(model, "predict", odd)
    with pytest.raises(InputError) as together:
        ask_each(model, METHODS, odd)
    assert str(alone.value) == str(together.value)


def test_a_method_that_the_last_step_lacks_is_told_as_ever():
    model = make_pipeline(StandardScaler(), VotingClassifier([("a", LogisticRegression())])).fit(X, Y)
    with pytest.raises(InputError, match=r"predict_proba|voting"):
        ask_each(model, ["predict", "predict_proba"], X)


@pytest.mark.parametrize("dtype", ["str", "string", "object", "Int64", "boolean", "float64", "int64", "category"])
def test_a_frame_has_the_dtypes_of_training(dtype):
    value = {"Int64": 3, "boolean": True, "float64": 1.5, "int64": 4}.get(dtype, "x")
    kind = {"Int64": "int64", "int64": "int64", "boolean": "bool", "float64": "double"}.get(dtype, "string")
    gaps = [] if dtype == "int64" else [{"a": None}]
    mark = "NA" if dtype in ("string", "Int64", "boolean") else "nan"
    training = TrainingFrame("dataframe", (dtype,), (mark,), {"a": ["x", "y"]} if dtype == "category" else {})
    rows = [{"a": value}, *gaps, {"a": value}]
    frame = frame_from_rows(rows, Signature("columns", (Column("a", kind, missing=True),)), training)
    expected = pd.Series([row["a"] for row in rows], dtype=dtype)
    assert str(frame["a"].dtype) == dtype
    assert frame["a"].isna().tolist() == expected.isna().tolist()
    assert [v for v in frame["a"] if not pd.isna(v)] == [value, value]
