"""Dummies answer every row alike."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier, DummyRegressor

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

X, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["a", "b", "ç"])[SPECIES]
MODELS = [
    DummyClassifier(strategy="prior").fit(X, [*NAMES[:-1].tolist(), "a"]),
    DummyClassifier(strategy="most_frequent").fit(X, SPECIES > 0),
    DummyClassifier(strategy="constant", constant="b").fit(X, NAMES),
    DummyClassifier().fit(X, np.column_stack([SPECIES, SPECIES % 2])),
    DummyRegressor(strategy="mean").fit(X, X[:, 0]),
    DummyRegressor(strategy="quantile", quantile=0.3).fit(X, X[:, :2]),
    DummyRegressor(strategy="constant", constant=4).fit(X, X[:, 0]),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_graph_agrees(model) -> None:
    check(model, X)


def test_random_answers_are_refused() -> None:
    model = DummyClassifier(strategy="uniform", random_state=0).fit(X, NAMES)
    source = open_source(model)
    with pytest.raises(UnsupportedModelError, match="at random"):
        source.to_onnx()
