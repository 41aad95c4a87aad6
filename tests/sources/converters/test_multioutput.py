"""Chains of classifiers and of regressors, in every order."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from edges import rows_at, tree_knots
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import ClassifierChain, RegressorChain

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

X, SPECIES = load_iris(return_X_y=True)
X = X[:, :2]
LABELS = np.column_stack([SPECIES > 0, SPECIES % 2, X[:, 0] > 5.5]).astype(int)
VALUE = X @ [1.0, -2.0] + 10
VALUES = np.column_stack([VALUE, VALUE**2, -VALUE])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("cv", [None, 3])
def test_classifier_chain_agrees(method, cv) -> None:
    chain = ClassifierChain(LogisticRegression(max_iter=500), order=[2, 0, 1], chain_method=method, cv=cv)
    check(chain.fit(X, LABELS), X)


def test_classifier_chain_of_forests_agrees_on_their_thresholds() -> None:
    forest = RandomForestClassifier(5, max_depth=3, random_state=0)
    chain = ClassifierChain(forest, order="random", random_state=1).fit(X, LABELS)
    trees = [tree for each in chain.estimators_ for tree in each.estimators_]
    check(chain, X, fresh=rows_at(X, tree_knots(trees, X.shape[1]), 20), extreme=False)


@pytest.mark.parametrize("member", [Ridge(), RandomForestRegressor(3, max_depth=4, random_state=0)], ids=str)
def test_regressor_chain_agrees(member) -> None:
    check(RegressorChain(member, order=[1, 2, 0]).fit(X, VALUES), X, extreme=isinstance(member, Ridge))


def test_passing_on_logarithms_is_refused() -> None:
    chain = ClassifierChain(LogisticRegression(max_iter=500), chain_method="predict_log_proba").fit(X, LABELS)
    source = open_source(chain, sample=X)
    with pytest.raises(UnsupportedModelError, match="predict_log_proba"):
        source.to_onnx()
