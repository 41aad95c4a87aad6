"""Whole scikit-learn models in stock TF.js against onnxruntime on the canonical graph."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from program_runner import reference
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

import isoship

PROBABILITY = 1e-6  # the promise for float32 forms
_CLASSIFICATION: dict[str, Any] = {
    "tree": (DecisionTreeClassifier(random_state=0), load_iris),
    "forest": (RandomForestClassifier(100, random_state=0), load_iris),
    "boosting": (GradientBoostingClassifier(n_estimators=40, random_state=0), load_iris),
    "histogram boosting": (HistGradientBoostingClassifier(max_iter=40), load_breast_cancer),
    "ada boost": (AdaBoostClassifier(random_state=0), load_breast_cancer),
    "raw logistic": (LogisticRegression(C=100, max_iter=800), load_breast_cancer),
    "raw multinomial": (LogisticRegression(C=100, max_iter=100), load_wine),
    "scaled logistic": (make_pipeline(StandardScaler(), LogisticRegression()), load_breast_cancer),
    "scaled perceptron": (
        make_pipeline(StandardScaler(), MLPClassifier((40,), max_iter=12, random_state=0)),
        load_breast_cancer,
    ),
    "raw perceptron": (MLPClassifier(max_iter=25, random_state=0), load_breast_cancer),
}
_REGRESSION: dict[str, Any] = {
    "linear": (LinearRegression(), load_diabetes),
    "perceptron": (make_pipeline(StandardScaler(), MLPRegressor(max_iter=25, random_state=0)), load_diabetes),
    "ada boost values": (AdaBoostRegressor(n_estimators=20, random_state=0), load_diabetes),
    "extra trees": (ExtraTreesRegressor(60, random_state=0), load_diabetes),
}
_OTHER: dict[str, Any] = {
    "isolation forest": (IsolationForest(random_state=0), load_breast_cancer),
    "scaler": (StandardScaler(), load_breast_cancer),
}
_MODELS = {**_CLASSIFICATION, **_REGRESSION, **_OTHER}


@cache
def _fitted(name: str) -> tuple[Any, np.ndarray[Any, Any]]:
    model, load = _MODELS[name]
    x, y = load(return_X_y=True)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        model.fit(x, y)
    rng = np.random.default_rng(7)
    other = x[rng.integers(0, len(x), 400)] * rng.uniform(0.8, 1.2, (400, x.shape[1]))
    return isoship.to_onnx(model, sample=x[:20]), np.concatenate([x[:200], other])


@pytest.mark.parametrize("name", _CLASSIFICATION)
def test_probabilities_stay_within_the_promise_and_labels_follow(name: str, web_form: Any, backend: str) -> None:
    onnx_model, x = _fitted(name)
    expected, answered = reference(onnx_model, {"X": x}), web_form(onnx_model)(backend, {"X": x})
    worst = np.abs(answered["probabilities"] - expected["probabilities"]).max()
    print(f"{name} on {backend}: {worst:.1e}")
    assert worst <= PROBABILITY
    best = np.sort(expected["probabilities"], axis=1)
    clear = best[:, -1] - best[:, -2] > 2 * PROBABILITY
    assert clear.mean() > 0.9
    assert answered["label"].dtype == expected["label"].dtype
    np.testing.assert_array_equal(answered["label"][clear], expected["label"][clear])


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
def test_a_forest_of_several_operators_is_one_forest(load: Any, web_form: Any, monkeypatch: Any, backend: str) -> None:
    monkeypatch.setattr("isoship.onnx.trees._NODES", 100)
    x, y = load(return_X_y=True)
    model = RandomForestClassifier(30, random_state=0).fit(x, y)
    onnx_model = isoship.to_onnx(model, sample=x[:20])
    assert [node.op_type for node in onnx_model.graph.node].count("TreeEnsemble") > 2
    expected, answered = reference(onnx_model, {"X": x}), web_form(onnx_model)(backend, {"X": x})
    assert np.abs(answered["probabilities"] - expected["probabilities"]).max() <= PROBABILITY
    np.testing.assert_array_equal(answered["label"], expected["label"])


@pytest.mark.parametrize("name", _REGRESSION)
def test_values_stay_within_the_promise(name: str, web_form: Any, backend: str) -> None:
    onnx_model, x = _fitted(name)
    expected, answered = reference(onnx_model, {"X": x})["value"], web_form(onnx_model)(backend, {"X": x})["value"]
    np.testing.assert_allclose(answered, expected, rtol=0, atol=1e-5 * (1 + np.abs(expected).max()))


def test_outliers_are_labelled_as_onnxruntime_does(web_form: Any, backend: str) -> None:
    onnx_model, x = _fitted("isolation forest")
    expected, answered = reference(onnx_model, {"X": x}), web_form(onnx_model)(backend, {"X": x})
    np.testing.assert_allclose(answered["scores"], expected["scores"], rtol=0, atol=1e-6)
    clear = np.abs(expected["scores"]).ravel() > 1e-6
    np.testing.assert_array_equal(answered["label"][clear], expected["label"][clear])


def test_a_transformer_alone_is_computed_by_the_graph(web_form: Any, backend: str) -> None:
    """Its mean is taken off in doubles, so that no size of the column's costs digits."""
    onnx_model, x = _fitted("scaler")
    form = web_form(onnx_model)
    answered = form(backend, {"X": x})["transformed"]
    np.testing.assert_allclose(answered, reference(onnx_model, {"X": x})["transformed"], rtol=2**-22, atol=0)
    assert form.written.prefix == ("Sub",)
    assert "RealDiv" in form.written.graph


def test_scaled_columns_are_multiplied_as_they_are_and_raw_ones_in_pieces(web_form: Any) -> None:
    scaled, _ = _fitted("scaled logistic")
    raw, _ = _fitted("raw logistic")
    assert {"MatMul", "Sigmoid"} <= {*web_form(scaled).written.graph}
    assert "Round" not in web_form(scaled).written.prefix
    form = web_form(raw).written
    assert {"MatMul", "Sigmoid"} <= {*form.graph}
    assert "Round" in form.prefix
    assert "MatMul" not in form.prefix
