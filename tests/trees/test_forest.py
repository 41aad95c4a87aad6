"""Trees and forests equal scikit-learn bit for bit, on and around every threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from on_thresholds import agree, rows_on_thresholds, run, session_of
from onnx import TensorProto
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

import isoship
from isoship.errors import InputError, UnsupportedModelError

CLASSIFIERS = [
    DecisionTreeClassifier(random_state=0),
    ExtraTreeClassifier(random_state=0),
    RandomForestClassifier(12, random_state=0),
    ExtraTreesClassifier(12, max_leaf_nodes=30, random_state=0),
]
REGRESSORS = [
    DecisionTreeRegressor(random_state=0),
    ExtraTreeRegressor(random_state=0),
    RandomForestRegressor(12, random_state=0),
    ExtraTreesRegressor(12, random_state=0),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("labels", ["three", "words"])
def test_a_classifier_is_bit_equal_on_its_thresholds(model, labels, sample, request):
    model.fit(sample, request.getfixturevalue(labels))
    assert agree(model, rows_on_thresholds(model, sample)) == 0


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda model: type(model).__name__)
def test_a_regressor_is_bit_equal_on_its_thresholds(model, sample, value):
    model.fit(sample, value)
    assert agree(model, rows_on_thresholds(model, sample)) == 0


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS], ids=lambda model: type(model).__name__)
def test_a_missing_value_goes_where_each_split_sends_it(model, gaps_in, three):
    model.fit(gaps_in, three)
    rows = rows_on_thresholds(model, gaps_in)
    rows[np.random.default_rng(3).random(rows.shape) < 0.2] = np.nan
    assert agree(model, rows) == 0


def test_missing_values_decide_some_of_the_answers(gaps_in, three):
    """Guards the test above: with every missing value sent to the right its model would answer otherwise."""
    model = RandomForestClassifier(12, random_state=0).fit(gaps_in, three)
    assert any(tree.tree_.missing_go_to_left.any() for tree in model.estimators_)


@pytest.mark.parametrize("classes", [[False, True], [0.5, 2.0], ["a", "b"], [2**40, -1]])
def test_labels_keep_the_values_and_the_type_of_the_classes(classes, sample, value):
    labels = np.where(value > np.median(value), classes[1], classes[0])
    model = RandomForestClassifier(3, max_depth=3, random_state=0)
    if classes == [0.5, 2.0]:
        labels = labels * 2  # scikit-learn takes float classes only where they are integral
    assert agree(model.fit(sample, labels), sample) == 0


def test_several_targets_of_a_regressor_are_columns(sample, value):
    model = RandomForestRegressor(5, random_state=0).fit(sample, np.c_[value, -value, value**2])
    assert agree(model, rows_on_thresholds(model, sample)) == 0


def test_several_targets_of_a_classifier_have_probabilities_each(sample, three, value):
    model = RandomForestClassifier(5, random_state=0).fit(sample, np.c_[three, value > 0])
    rows = rows_on_thresholds(model, sample)
    got = run(isoship.to_onnx(model), rows)
    assert list(got) == ["label", "probabilities_0", "probabilities_1"]
    np.testing.assert_array_equal(got["label"], model.predict(rows))
    for i, expected in enumerate(model.predict_proba(rows)):
        np.testing.assert_array_equal(got[f"probabilities_{i}"], expected)


def test_trees_that_are_one_leaf_answer_it(sample, three):
    model = DecisionTreeClassifier().fit(sample, np.full(len(sample), 5))
    assert agree(model, sample) == 0
    stumps = RandomForestClassifier(4, max_depth=1, min_samples_leaf=180, random_state=0).fit(sample, three)
    assert any(tree.tree_.node_count == 1 for tree in stumps.estimators_)
    assert agree(stumps, sample) == 0


def test_a_forest_of_one_tree_is_that_tree(sample, value):
    assert agree(RandomForestRegressor(1, random_state=0).fit(sample, value), sample) == 0


def test_a_weighted_forest_is_not_renormalised(sample, three):
    model = RandomForestClassifier(12, class_weight="balanced_subsample", random_state=0).fit(sample, three)
    assert agree(model, rows_on_thresholds(model, sample)) == 0


@pytest.mark.parametrize("rows", [1, 60, 1000])
def test_more_threads_change_no_bit(rows, sample, three):
    """onnxruntime splits the trees among threads for few rows and the rows for many, and adds up what they return."""
    model = RandomForestClassifier(120, max_depth=6, random_state=0).fit(sample, three)
    asked = rows_on_thresholds(model, sample, count=rows)
    session = session_of(isoship.to_onnx(model), threads=3)
    np.testing.assert_array_equal(session.run(["probabilities"], {"X": asked})[0], model.predict_proba(asked))


def test_integer_and_boolean_columns_reach_the_same_leaves(sample, three):
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(np.rint(sample * 7).astype(np.int64), columns=list("abcdef")).assign(g=rng.random(400) > 0.5)
    model = RandomForestClassifier(12, random_state=0).fit(frame, three)
    got = run(isoship.to_onnx(model, sample=frame), {name: frame[[name]].to_numpy() for name in frame})
    np.testing.assert_array_equal(got["probabilities"], model.predict_proba(frame))


def test_a_step_that_gives_float32_is_not_widened(sample, three):
    """Trees cast to float32 themselves: there is nothing that a double would keep."""
    grades = np.rint(sample[:, [2, 3]])
    encoder = OneHotEncoder(dtype=np.float32, sparse_output=False)
    model = make_pipeline(encoder, RandomForestClassifier(12, random_state=0)).fit(grades, three)
    graph = isoship.to_onnx(model)
    casts = [node.attribute[0].i for node in graph.graph.node if node.op_type == "Cast"]
    assert casts.count(TensorProto.FLOAT) == 1  # the encoder's own
    np.testing.assert_array_equal(run(graph, grades)["probabilities"], model.predict_proba(grades))


def test_the_decision_function_that_a_forest_lacks_is_refused(sample, three):
    model = RandomForestClassifier(2, random_state=0).fit(sample, three)
    with pytest.raises(InputError, match="RandomForestClassifier has no decision_function"):
        isoship.to_onnx(model, outputs=["scores"])


def test_strings_that_are_numbers_are_refused(sample, three):
    frame = pd.DataFrame({"age": sample[:, 0], "rooms": sample[:, 3].astype(int).astype(str)})
    model = RandomForestClassifier(2, random_state=0).fit(frame, three)
    with pytest.raises(UnsupportedModelError, match=r"RandomForestClassifier.*strings"):
        isoship.to_onnx(model, sample=frame)
