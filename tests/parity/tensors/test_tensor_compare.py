"""Answers to calls against the reference's: what counts as another answer, and what does not."""

import numpy as np
import pytest

from isoship.parity.tensors.call import Call
from isoship.parity.tensors.compare import EXACT, compare_calls, tolerances_of
from isoship_edge.manifest import Manifest, Output, Signature, Tolerance

CLASSES = ("cat", "dog", "owl")
SCORES = Output("scores", "tensor", "float", ("N", 3), CLASSES)
COUNT = Output("count", "tensor", "int64", ("N",))
WORDS = Output("words", "tensor", "string", ("N",))
LOOSE = {"scores": Tolerance(1e-3, 1e-3, ""), "count": Tolerance(0, 0, ""), "words": Tolerance(0, 0, "")}


def scores(*rows):
    return np.array(rows, dtype=np.float32)


def compared(want, got, output=SCORES, *, tolerances=LOOSE, **how):
    calls = [Call("ordinary", {}, {output.name: want}, exact=how.get("exact", False))]
    return compare_calls(calls, [{output.name: got}], [output], tolerances, **how)


@pytest.mark.parametrize(
    ("want", "got", "agrees"),
    [
        (1.0, 1.0019, True),
        (1.0, 1.0021, False),
        (1e6, 1e6 + 990, True),
        (0.0, 0.0011, False),
        (np.nan, np.nan, True),
        (np.nan, 0.0, False),
        (0.0, np.nan, False),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (np.inf, 3e38, False),
        (0.0, -0.0, True),
    ],
)
def test_one_number(want, got, agrees):
    found = compared(scores([want, 5e6, 1]), scores([got, 5e6, 1]))
    assert found.agrees is agrees
    assert (found.worst[0].output == "scores[0, 0]") if not agrees else not found.over


def test_json_tells_only_that_a_number_is_not_finite():
    want, got = scores([np.inf, np.nan, 1]), scores([np.nan, np.nan, 1])
    assert not compared(want, got).agrees
    assert compared(want, got, through_json=True).agrees


def test_shapes_and_dtypes_are_part_of_the_answer():
    want = scores([1, 2, 3])
    assert "shape [3] where the model gives [1, 3]" in compared(want, want[0]).problems[0]
    assert "dtype float64 where the manifest says float" in compared(want, want.astype(np.float64)).problems[0]
    calls = [Call("zeros", {}, {"scores": want})]
    assert compare_calls(calls, [{}], [SCORES], LOOSE).problems == ("scores is not answered",)
    more = compare_calls(calls, [{"scores": want, "more": want}], [SCORES], LOOSE)
    assert more.problems == ("more is answered and not in the manifest",)


def test_integers_and_strings_are_exact():
    assert compared(np.array([2**53]), np.array([2**53]), COUNT).agrees
    assert not compared(np.array([2**53]), np.array([2**53 + 1]), COUNT).agrees
    one, other = np.array(["a", "ø"], object), np.array(["a", "o"], object)
    assert compared(one, one, WORDS).agrees
    found = compared(one, other, WORDS)
    assert (found.over, found.worst[0].output, found.worst[0].expected) == (1, "words[1]", "ø")


def test_a_flip_is_another_class_and_a_tie_one_within_the_tolerance():
    want = scores([0.1, 0.9, 0.0], [0.5, 0.5005, 0.0], [0.2, 0.1, 0.7], [np.nan, 1, 2])
    got = scores([0.9, 0.1, 0.0], [0.5005, 0.5, 0.0], [0.2, 0.1, 0.7], [np.nan, 2, 1])
    found = compared(want, got)
    assert (found.flips, found.ties, found.rows) == (1, 1, 1), "NaN has no class; calls are counted, not places"
    assert found.worst[0].flip
    assert found.worst[0].output == "scores[0, 1]"


def test_scores_of_pixels_flip_at_each_place():
    want = np.zeros((1, 2, 2, 3), np.float32)
    want[..., 0] = 1
    got = want[..., ::-1].copy()
    assert compared(want, got).flips == 4


def test_where_one_runtime_computed_both_sides_bits_count():
    want = scores([1, 2, 3])
    got = want + np.spacing(want)
    assert compared(want, got).agrees
    assert not compared(want, got, exact=True).agrees
    calls = [Call("golden", {}, {"scores": want}, exact=False)]
    assert compare_calls(calls, [{"scores": got}], [SCORES], LOOSE, exact=True).agrees, "computed elsewhere"
    assert EXACT.atol == EXACT.rtol == 0


def test_float16_is_counted_in_its_own_last_places():
    half = Output("scores", "tensor", "float16", ("N", 3))
    want = np.array([[1, 2, 3]], np.float16)
    got = want.copy()
    got[0, 0] = np.nextafter(got[0, 0], np.float16(9))
    found = compared(want, got, half)
    assert found.ulps == {"1": 1}


def test_each_output_has_one_tolerance_and_the_users_own_is_for_floats():
    given = {"scores": {"float32": Tolerance(1e-6, 1e-5, "sums")}, "count": {"float32": Tolerance(0, 0, "integers")}}
    manifest = Manifest("n", "1", "", Signature("tensors", ()), (SCORES, COUNT), given, None, {}, {})
    assert tolerances_of(manifest)["scores"].atol == 1e-6
    own = tolerances_of(manifest, atol=0.5)
    assert (own["scores"].atol, own["scores"].rtol, own["count"].atol) == (0.5, 1e-5, 0)


def test_an_empty_answer_agrees():
    empty = np.zeros((0, 3), np.float32)
    assert compared(empty, empty).agrees
