"""A bundle is checked against its model file without a sample: golden rows on decision boundaries stand in for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.svm import LinearSVC

import isoship
from isoship.sources.contract import Answers
from isoship.sources.sklearn.contract.sample_answers import in_row_order, same_answers

TABLE = np.random.default_rng(0).normal(size=(60, 4))
CLASS = (TABLE[:, 0] + TABLE[:, 1] > 0).astype(int)


@pytest.mark.parametrize(
    "model",
    [LogisticRegression(), RidgeClassifier(), Perceptron(), SGDClassifier(random_state=0), LinearSVC(),
     NearestCentroid(), LinearDiscriminantAnalysis()],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
def test_a_classifier_of_an_array_is_checked_by_its_file(model: Any, tmp_path: Path) -> None:
    """The model was asked with the rows in two memory orders, and its labels compared to the last bit of a score."""
    joblib.dump(model.fit(TABLE, CLASS), tmp_path / "m.joblib")
    isoship.export(model, sample=TABLE, out=tmp_path / "b", name="m", targets=())
    report = isoship.check(tmp_path / "b", model=tmp_path / "m.joblib", runtimes=["onnxruntime"], rows=100)
    assert report.ok
    assert report.evidence == "source"


def settled(margin: list[float]) -> Answers:
    return Answers({"label": np.zeros(len(margin))}, np.array(margin))


def test_another_label_is_the_same_answer_on_a_boundary_alone() -> None:
    sample, one, other = TABLE[:2], np.array([5000, 5001]), np.array([5000, 5000])
    assert same_answers(one, other, sample, settled([1.0, 1e-12]), labels=True)
    assert not same_answers(one, other, sample, settled([1e-12, 1.0]), labels=True)
    words = np.array(["a", "b"], dtype=object)
    assert not same_answers(words, words[::-1], sample, settled([1.0, 1.0]), labels=True)
    near = settled([1e-6, 1e-6])
    assert same_answers(one, other, sample.astype(np.float32), near, labels=True)
    assert not same_answers(one, other, sample, near, labels=True)


def test_arrays_are_asked_row_by_row_in_memory() -> None:
    assert in_row_order(np.asfortranarray(TABLE), "ndarray").flags.c_contiguous
    frame = object()
    assert in_row_order(frame, "dataframe") is frame
