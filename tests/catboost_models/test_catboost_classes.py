"""CatBoost told of more classes than its rows held, thresholds at the ends, and graphs that do not depend on the order
of the sample's rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from comparison import run

import isoship
from isoship.errors import UnsupportedModelError
from isoship.rows.columns import rows_from_sample
from isoship.sources import open_source

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(90, 2))
ABOVE = (NUMBERS[:, 0] > 0).astype(int)
WORDS = pd.DataFrame(
    {
        "town": RNG.choice(["Voss", "Aker", "Bodø", "Xx"], 90),
        "size": RNG.choice([5, 1, 9], 90),
        "z": NUMBERS[:, 1],
    }
)


def classifier(**more):
    return CatBoostClassifier(iterations=4, verbose=0, thread_count=1, allow_writing_files=False, **more)


TOLD = {
    "names": (lambda: classifier(class_names=["0", "1", "2"], loss_function="MultiClass"), ABOVE.astype(str)),
    "names in another order": (
        lambda: classifier(class_names=["2", "0", "1"], loss_function="MultiClass"),
        ABOVE.astype(str),
    ),
    "a count": (lambda: classifier(classes_count=4, loss_function="MultiClass"), ABOVE),
    "a gap": (lambda: classifier(classes_count=4, loss_function="MultiClass"), ABOVE * 2),
    "one against all": (lambda: classifier(classes_count=3, loss_function="MultiClassOneVsAll"), ABOVE * 2),
}


@pytest.mark.parametrize(("build", "target"), TOLD.values(), ids=TOLD)
def test_classes_that_no_row_held_are_answered_as_the_library_answers_them(build, target):
    model = build().fit(NUMBERS, target)
    source = open_source(model, sample=NUMBERS)
    got = run(source.to_onnx(), rows_from_sample(NUMBERS, source.signature), source)
    assert got["probabilities"] == pytest.approx(model.predict_proba(NUMBERS), abs=1e-15)
    assert got["label"].tolist() == model.predict(NUMBERS).reshape(-1).tolist()


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_a_threshold_at_the_end_gives_one_class_alone(threshold):
    model = classifier().fit(NUMBERS, ABOVE)
    model.set_probability_threshold(threshold)
    source = open_source(model, sample=NUMBERS)
    got = run(source.to_onnx(), rows_from_sample(NUMBERS, source.signature), source)
    assert got["label"].tolist() == model.predict(NUMBERS).tolist()
    assert set(got["label"].tolist()) == {int(threshold == 0)}


def test_one_label_of_several_is_refused_with_the_way_out():
    model = classifier(loss_function="MultiLogloss").fit(NUMBERS, ABOVE.reshape(-1, 1))
    with pytest.raises(UnsupportedModelError, match="loss_function='Logloss'"):
        isoship.to_onnx(model, sample=NUMBERS)


@pytest.mark.parametrize("more", [{}, {"one_hot_max_size": 10}, {"max_ctr_complexity": 2}], ids=str)
def test_the_order_of_the_samples_rows_changes_no_byte(more):
    model = classifier(cat_features=["town", "size"], **more).fit(WORDS, ABOVE)
    orders = [WORDS, WORDS.iloc[::-1], WORDS.sample(frac=1, random_state=3)]
    graphs = {isoship.to_onnx(model, sample=each).SerializeToString(deterministic=True) for each in orders}
    assert len(graphs) == 1
