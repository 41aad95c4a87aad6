"""Faults that the sweep found, each with the rows that showed it."""

from __future__ import annotations

import numpy as np
import pytest
from comparison import compare, rows_of
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from isoship.errors import InputError, SampleError, UnsupportedModelError
from isoship.sources import open_source
from isoship_edge.encoding.decode import decode_rows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4)) * [1, 10, 0.1, 3]
Y = np.digitize(X @ [1.0, 0.2, 3.0, -0.5] + X[:, 0] * X[:, 3] / 4, [-2.0, 2.0])


@pytest.mark.parametrize("lowest", [-30, -40, -200, -700])
def test_one_vs_rest_shares_survive_scores_far_below_zero(lowest: int) -> None:
    """onnxruntime's double Sigmoid is 0 below -37, and a share of nothing was a third for each class."""
    model = SGDClassifier(loss="log_loss", random_state=0).fit(X, Y)
    model.intercept_ = np.array([lowest, lowest - 2.0, lowest - 1.0])
    model.coef_ = model.coef_ * 1e-6
    source = open_source(model, sample=X)
    rows = rows_of(source, X)
    top = source.answers(rows).outputs["probabilities"].max(axis=1)
    assert top.min() > 0.5
    compare(source, rows)


def test_liblinear_shares_survive_too() -> None:
    """The same expit, one row far outside."""
    model = OneVsRestClassifier(LogisticRegression()).fit(X, Y)
    source = open_source(model, sample=X)
    compare(source, rows_of(source, X * 40.0))


def test_output_that_the_solver_cannot_give_is_named() -> None:
    """transform raises NotImplementedError, which went through to the user."""
    model = LinearDiscriminantAnalysis(solver="lsqr").fit(X, Y)
    with pytest.raises(SampleError, match="transform not implemented for 'lsqr'"):
        open_source(model, outputs=["transformed"])
    source = open_source(model, sample=X)
    compare(source, rows_of(source, X))


def test_contract_holds_for_every_output_and_not_for_the_first_alone() -> None:
    """NearestCentroid.predict answers the largest double, predict_proba refuses it."""
    source = open_source(NearestCentroid().fit(X, Y), sample=X)
    row = {**rows_of(source, X[:1])[0], "x0": 1.7976931348623157e308}
    with pytest.raises(InputError):
        source.answers([row])
    with pytest.raises(InputError):
        decode_rows([row], source.signature)


@pytest.mark.parametrize(
    ("model", "data", "what"),
    [
        (CountVectorizer(), ["a cat", "a dog"], "texts"),
        (TfidfVectorizer(), ["a cat", "a dog"], "texts"),
        (DictVectorizer(), [{"a": 1.0}, {"b": "x"}], "dicts"),
        (MultiLabelBinarizer(), [{"a"}, {"b", "c"}], "sets of labels"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_models_without_columns_are_refused_by_name(model: object, data: list[object], what: str) -> None:
    model.fit(data)  # type: ignore[attr-defined]
    with pytest.raises(
        UnsupportedModelError, match=f"{type(model).__name__} cannot be carried exactly: it takes {what}"
    ):
        open_source(model, sample=data)


def test_a_text_step_is_named_by_its_path() -> None:
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["a cat", "a dog", "two dogs"], [0, 1, 1])
    with pytest.raises(UnsupportedModelError, match=r"pipeline\.steps\[0\] -> CountVectorizer"):
        open_source(model)
