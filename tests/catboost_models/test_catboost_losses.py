"""Every loss function: raw values bit for bit, links within 1e-12, labels in the type that they were given in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.boosters.catboost_recipes import recipes
from catboost import CatBoostClassifier, CatBoostRegressor
from catboost_rows import LINK, agree

from isoship import UnsupportedModelError
from isoship.sources import open_source, to_onnx

RECIPES = recipes()
LINKED = ("Poisson", "Tweedie", "RMSEWithUncertainty")
PARTS = ("loss", "classes", "labels", "ranker", "native", "early", "scale")
SMALL = {"iterations": 5, "depth": 3, "thread_count": 1, "verbose": False, "allow_writing_files": False}


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith(PARTS)])
def test_a_loss_agrees(name: str) -> None:
    model, rows = RECIPES[name]()
    values = name.startswith(("loss", "ranker", "native", "scale"))
    source = agree(model, rows, exact=values and not name.endswith(LINKED))
    assert [output.kind for output in source.outputs] == (["value"] if values else ["label", "probabilities"])


@pytest.fixture(scope="module")
def numbers() -> Any:
    rng = np.random.default_rng(2)
    return rng.normal(size=(120, 3))


@pytest.mark.parametrize("names", [("no", "yes"), (0, 1), (3, 7), (False, True), (0.5, 1.5)], ids=str)
def test_labels_keep_their_type(names: tuple[Any, ...], numbers: Any) -> None:
    model = CatBoostClassifier(**SMALL).fit(numbers, np.array(names)[(numbers[:, 0] > 0).astype(int)])
    source = agree(model, numbers)
    assert source.outputs[0].classes == names
    assert source.outputs[1].shape == ("N", 2)


def test_a_label_of_three_classes_is_one_value_a_row(numbers: Any) -> None:
    """CatBoost's predict returns a column here."""
    model = CatBoostClassifier(**SMALL).fit(numbers, np.digitize(numbers[:, 0], [-0.5, 0.5]))
    assert model.predict(numbers).shape == (120, 1)
    assert open_source(model, sample=numbers).outputs[0].shape == ("N",)


def test_the_probability_threshold_is_exclusive(numbers: Any) -> None:
    """A row exactly on the threshold is of the first class."""
    model = CatBoostClassifier(**SMALL).fit(numbers, numbers[:, 0] > 0)
    model.set_scale_and_bias(0.0, 0.0)
    assert not model.predict(numbers).any()
    agree(model, numbers)


def test_an_equal_score_is_of_the_first_class(numbers: Any) -> None:
    model = CatBoostClassifier(**SMALL).fit(numbers, np.digitize(numbers[:, 0], [-0.5, 0.5]))
    model.set_scale_and_bias(0.0, [0.0, 0.0, 0.0])
    assert (model.predict(numbers) == 0).all()
    agree(model, numbers)


def test_probabilities_far_from_the_threshold_keep_their_digits(numbers: Any) -> None:
    model = CatBoostClassifier(**SMALL).fit(numbers, numbers[:, 0] > 0)
    model.set_scale_and_bias(400.0, 0.0)
    source = open_source(model, sample=numbers)
    from comparison import rows_of, run

    got = run(source.to_onnx(), rows_of(source, numbers), source)["probabilities"]
    wanted = model.predict_proba(numbers)
    assert wanted.min() < 1e-20
    np.testing.assert_allclose(got[:, 1], wanted[:, 1], rtol=LINK, atol=0)
    np.testing.assert_allclose(got, wanted, atol=LINK)


class _OwnObjective:
    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> list[tuple[float, float]]:
        p = 1 / (1 + np.exp(-np.asarray(approxes)))
        return list(zip(np.asarray(targets) - p, -p * (1 - p), strict=True))


def test_a_classifier_with_a_loss_of_the_user_is_refused(numbers: Any) -> None:
    model = CatBoostClassifier(**SMALL, loss_function=_OwnObjective(), eval_metric="Logloss")
    model.fit(numbers, (numbers[:, 0] > 0).astype(int))
    with pytest.raises(UnsupportedModelError, match="loss function"):
        to_onnx(model, sample=numbers)


def test_a_planted_fault_in_the_last_bit_is_noticed(numbers: Any) -> None:
    """The comparison of this folder fails where one leaf of one tree is an ulp off."""
    from onnx import numpy_helper

    model = CatBoostRegressor(**SMALL).fit(numbers, numbers[:, 0])
    graph = to_onnx(model, sample=numbers)
    table = next(each for each in graph.graph.initializer if each.name.startswith("leaf_table"))
    values = numpy_helper.to_array(table).copy()
    used = np.flatnonzero(values)[0]
    values.flat[used] *= 1 + 1e-9
    table.CopyFrom(numpy_helper.from_array(values, table.name))
    with pytest.raises(AssertionError):
        agree(model, numbers, exact=True, graph=graph)
