"""Several classes by binary members. scikit-learn's own answer is unsettled where a pair or two code words tie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from depth import check
from edges import rows_at, tree_knots
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier, OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

X, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["a", "b", "ç"])[SPECIES]
TARGETS = {"two": SPECIES > 0, "three": NAMES}


def undecided(model: Any) -> Callable[[Any], Any]:
    """Rows that rounding puts on either side of a member's threshold, or between two classes or code words."""
    return lambda x: margin(model, x) <= 1e-9


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("member", [LogisticRegression(max_iter=500), LinearSVC(), GaussianNB(), Ridge()], ids=str)
def test_one_vs_one_agrees(member, target) -> None:
    y = SPECIES % 2 if isinstance(member, Ridge) and target == "two" else TARGETS[target]
    model = OneVsOneClassifier(member).fit(X, y)
    check(model, X, undecided=undecided(model))


def test_one_vs_one_over_trees_agrees_on_their_thresholds() -> None:
    """Routing is exact, so votes, ties and their order must be, too."""
    model = OneVsOneClassifier(DecisionTreeClassifier(max_depth=3, random_state=0)).fit(X, NAMES)
    check(model, X, fresh=rows_at(X, tree_knots(model.estimators_, 4), 20), extreme=False)


@pytest.mark.parametrize(("size", "target"), [(2, "two"), (2, "three"), (0.7, "three")])
def test_output_code_agrees(size, target) -> None:
    """Two bits for three classes repeat words, of which the first wins."""
    model = OutputCodeClassifier(LogisticRegression(max_iter=500), code_size=size, random_state=1)
    model.fit(X, TARGETS[target])
    check(model, X, undecided=undecided(model))


def test_a_member_that_saw_one_class_is_a_constant() -> None:
    model = OutputCodeClassifier(LogisticRegression(max_iter=500), code_size=2, random_state=1).fit(X, NAMES)
    kinds = {type(member).__name__ for member in model.estimators_}
    assert "_ConstantPredictor" in kinds, "the seed gives no constant column of the code book"
    check(model, X, undecided=undecided(model))


def test_code_words_over_probabilities_are_refused() -> None:
    source = open_source(OutputCodeClassifier(GaussianNB(), random_state=0).fit(X, NAMES), sample=X)
    with pytest.raises(UnsupportedModelError, match="decision_function"):
        source.to_onnx()
