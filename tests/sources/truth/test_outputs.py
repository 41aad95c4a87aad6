"""Names and classes of outputs, where a wrong key would reach HTTP."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neural_network import MLPClassifier

from isoship.sources import open_source

X, SPECIES = load_iris(return_X_y=True)
TWO = np.column_stack([SPECIES > 0, SPECIES > 1]).astype(int)


@pytest.mark.parametrize(
    "model",
    [ClassifierChain(LogisticRegression()), MLPClassifier((4,), max_iter=20, random_state=0)],
    ids=["chain", "mlp"],
)
def test_probabilities_of_several_targets_bear_no_class_names(model: object) -> None:
    """Column k is the probability of target k, not of class k."""
    source = open_source(model.fit(X, TWO), sample=X)  # type: ignore[attr-defined]
    found = {o.name: o for o in source.outputs}
    assert found["probabilities"].classes is None
    rows = [{c.name: float(v) for c, v in zip(source.signature.columns, row, strict=True)} for row in X[::15]]
    answers = source.answers(rows)
    nearest = np.abs(answers.outputs["probabilities"] - 0.5).min(axis=1)
    np.testing.assert_array_equal(answers.margin, nearest)


def test_each_of_several_classifiers_names_its_own_classes() -> None:
    y = np.column_stack([np.array(["a", "b", "c"])[SPECIES], np.where(SPECIES > 0, "yes", "no")])
    source = open_source(MultiOutputClassifier(LogisticRegression(max_iter=300)).fit(X, y), sample=X)
    found = {o.name: o.classes for o in source.outputs}
    assert found["probabilities_0"] == ("a", "b", "c")
    assert found["probabilities_1"] == ("no", "yes")
