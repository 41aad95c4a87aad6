"""Flips, ties, errors and everything that no number expresses."""

import numpy as np
import pytest

from isoship.parity.verdict.compare import compare, difference
from isoship.sources.contract import Answers
from isoship_edge.inference.agreement import tie_margin
from isoship_edge.manifest import Output, Tolerance

OUTPUTS = (
    Output("label", "label", "string", ("N",), ("no", "yes")),
    Output("probabilities", "probabilities", "double", ("N", 2), ("no", "yes")),
)
TOLERANCES = {"label": Tolerance(0, 0, "exact"), "probabilities": Tolerance(1e-6, 0, "float32")}
P = np.array([[0.9, 0.1], [0.2, 0.8], [0.50000001, 0.49999999], [0.7, 0.3]])
KINDS = ["ordinary", "threshold", "boundary", "missing"]


@pytest.fixture
def reference():
    labels = np.array(["no", "yes", "no", "no"], dtype=object)
    return Answers({"label": labels, "probabilities": P.copy()}, np.abs(P[:, 0] - P[:, 1]))


@pytest.fixture
def answers(reference):
    return {name: array.copy() for name, array in reference.outputs.items()}


def _compare(reference, answers, **changed):
    given = {"kinds": KINDS, "precision": "float32", **changed}
    return compare(reference, answers, OUTPUTS, TOLERANCES, **given)


def test_equal_answers_agree_with_no_error(reference, answers):
    found = _compare(reference, answers)
    assert found.agrees
    assert (found.rows, found.flips, found.ties, found.max_abs, found.worst) == (4, 0, 0, 0.0, ())
    assert found.kinds["threshold"].decades == {"none": 1}


def test_another_label_on_a_sure_row_is_a_flip(reference, answers):
    answers["label"][1] = "no"
    found = _compare(reference, answers)
    assert (found.flips, found.ties, found.agrees) == (1, 0, False)
    assert found.kinds["threshold"].flips == 1
    worst = found.worst[0]
    assert (worst.row, worst.kind, worst.expected, worst.value, worst.flip) == (1, "threshold", "yes", "no", True)


def test_another_label_within_the_margin_is_a_tie_and_agrees(reference, answers):
    answers["label"][2] = "yes"
    found = _compare(reference, answers)
    assert (found.flips, found.ties, found.agrees) == (0, 1, True)


def test_an_infinite_margin_makes_every_other_label_a_flip(reference, answers):
    answers["label"][2] = "yes"
    sure = Answers(reference.outputs, np.full(4, np.inf))
    assert _compare(sure, answers).flips == 1


def test_an_error_beyond_the_tolerance_disagrees_and_one_within_does_not(reference, answers):
    answers["probabilities"][0] += [9e-7, -9e-7]
    assert _compare(reference, answers).agrees
    answers["probabilities"][0] += [3e-7, 0]
    found = _compare(reference, answers)
    assert (found.over, found.agrees) == (1, False)
    assert found.max_abs == pytest.approx(1.2e-6)
    assert found.max_rel == pytest.approx(9e-6)
    assert found.kinds["ordinary"].decades == {"-6": 1}


def test_swapped_classes_are_caught_by_the_numbers_alone(reference, answers):
    answers["probabilities"] = answers["probabilities"][:, ::-1].copy()
    found = _compare(reference, answers)
    assert found.flips == 0
    assert found.over == 3
    assert found.max_abs == pytest.approx(0.8)


@pytest.mark.parametrize(("want", "got", "expected"), [
    (np.nan, np.nan, 0.0),
    (np.nan, 0.5, np.inf),
    (0.5, np.nan, np.inf),
    (np.inf, np.inf, 0.0),
    (np.inf, -np.inf, np.inf),
    (np.inf, np.nan, np.inf),
    (1e308, -1e308, np.inf),
    (0.0, -0.0, 0.0),
])  # fmt: skip
def test_nan_and_infinity_agree_only_with_themselves(want, got, expected):
    assert difference(np.array([want]), np.array([got])).tolist() == [expected]


def test_through_json_only_finite_or_not_can_be_told():
    want, got = np.array([np.inf, np.nan, 1.0]), np.array([np.nan, np.nan, np.nan])
    assert difference(want, got, only_finite=True).tolist() == [0.0, 0.0, np.inf]


def test_nan_for_a_number_disagrees(reference, answers):
    answers["probabilities"][3, 0] = np.nan
    found = _compare(reference, answers)
    assert not found.agrees
    assert found.kinds["missing"].decades == {"inf": 1}


def test_shapes_dtypes_and_names_are_compared(reference, answers):
    assert "shape [4, 1]" in _compare(reference, {**answers, "probabilities": P[:, :1]}).problems[0]
    assert "dtype int64" in _compare(reference, {**answers, "probabilities": P.astype(np.int64)}).problems[0]
    assert "not answered" in _compare(reference, {"label": answers["label"]}).problems[0]
    assert "not in the manifest" in _compare(reference, {**answers, "extra": P}).problems[0]
    numbers = np.array([0, 1, 0, 0])
    assert "dtype int64" in _compare(reference, {**answers, "label": numbers}).problems[0]


def test_labels_of_several_outputs_flip_by_row():
    outputs = (Output("label", "label", "int64", ("N", 2), (0, 1)),)
    want = np.array([[0, 1], [1, 1], [0, 0]])
    got = np.array([[0, 1], [0, 0], [0, 1]])
    found = compare(
        Answers({"label": want}, np.full(3, np.inf)), {"label": got}, outputs, {"label": Tolerance(0, 0, "")},
        kinds=["ordinary"] * 3, precision="double",
    )  # fmt: skip
    assert found.flips == 2


def test_labels_that_are_doubles_flip_or_tie_as_all_labels_do():
    outputs = (Output("label", "label", "double", ("N",), (1.0, 2.5)),)
    margin, want, got = np.array([1e-12, 0.5, 0.5]), np.array([1.0, 1.0, 2.5]), np.array([2.5, 2.5, 2.5])
    found = compare(
        Answers({"label": want}, margin), {"label": got}, outputs, {"label": Tolerance(0, 0, "")},
        kinds=["ordinary"] * 3, precision="double",
    )  # fmt: skip
    assert (found.flips, found.ties, found.over, found.max_abs) == (1, 1, 0, 0.0)


def test_the_tie_tolerance_is_that_of_the_scores_that_decide():
    assert tie_margin(OUTPUTS, TOLERANCES, "float32") == 1e-6
    assert tie_margin(OUTPUTS[:1], TOLERANCES, "double") == 1e-9


def test_numbers_that_the_source_does_not_settle_are_ties_and_labels_are_not(reference, answers):
    answers["probabilities"][0] += [0.1, -0.1]
    assert _compare(reference, answers).over == 1
    unsettled = Answers(reference.outputs, reference.margin, np.array([0.0, np.inf, np.inf, np.inf]))
    found = _compare(unsettled, answers)
    assert (found.over, found.ties, found.agrees, found.max_abs) == (0, 1, True, 0.0)
    answers["probabilities"][1] += [0.1, -0.1]
    assert _compare(unsettled, answers).over == 1
    answers = {name: array.copy() for name, array in reference.outputs.items()}
    answers["label"][0] = "yes"
    assert _compare(unsettled, answers).flips == 1


@pytest.mark.parametrize(("precision", "over"), [("float32", 0), ("double", 1)])
def test_a_jump_is_wider_in_float32(reference, answers, precision, over):
    answers["probabilities"][3] += [0.1, -0.1]
    near = Answers(reference.outputs, reference.margin, np.array([np.inf, np.inf, np.inf, 1e-7]))
    assert _compare(near, answers, precision=precision).over == over


def test_some_answers_are_taken_with_all_they_carry(reference):
    given = Answers(reference.outputs, reference.margin, np.arange(4.0))
    found = given.at([2, 0])
    assert found.outputs["label"].tolist() == ["no", "no"]
    assert found.value_margin.tolist() == [2.0, 0.0]
    assert reference.at([1]).value_margin is None
    assert reference.unsettled(1e-6).tolist() == [False] * 4


@pytest.mark.parametrize(("off", "agrees"), [(0.9e-3, True), (1.1e-3, False), (np.nan, False), (np.inf, False)])
def test_far_rows_have_a_thousand_times_the_tolerance_and_finite_answers(reference, answers, off, agrees):
    answers["probabilities"][1] += off
    assert _compare(reference, answers, kinds=["ordinary", "far", "ordinary", "ordinary"]).agrees is agrees
    assert not _compare(reference, answers).agrees


def test_the_error_of_a_far_row_is_shown_beside_the_size_of_its_value():
    outputs = (Output("value", "value", "double", ("N",)),)
    reference = Answers({"value": np.array([1e9, 1.0])}, np.full(2, np.inf))
    answers = {"value": np.array([1e9 + 1.0, 1.0])}
    tolerances = {"value": Tolerance(1e-9, 1e-9, "doubles")}
    found = compare(reference, answers, outputs, tolerances, kinds=["far", "ordinary"], precision="double")
    assert found.agrees
    assert found.max_abs == pytest.approx(1e-9)
    assert found.max_rel == pytest.approx(1e-9)


def test_a_row_beyond_its_tolerance_stands_before_a_far_row_within_its_own(reference, answers):
    answers["probabilities"][0] += 0.9e-3
    answers["probabilities"][3] += 1e-5
    found = _compare(reference, answers, kinds=["far", "far", "ordinary", "ordinary"])
    assert [(w.row, w.over) for w in found.worst] == [(3, True), (0, False)]
