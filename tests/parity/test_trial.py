"""Whatever becomes of a runtime is a verdict: agreement, fault, crash, hang, absence."""

import dataclasses
import threading

import numpy as np
import pytest

from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.case import Case
from isoship.parity.runners.contract import RunnerCrashed, RunnerHung
from isoship.parity.trial import try_runner
from isoship.rows.refusals import Refused
from isoship.sources.contract import Answers
from isoship_edge.manifest import RowProgramFacts

ROWS = [{"height": 170.0 + i, "weight": 60.0, "city": "Oslo"} for i in range(4)]
SPOILT = Refused({**ROWS[0], "weight": None}, "weight", "missing")


class Stub:
    """A runtime that answers as the source does, but for what a test replaces."""

    name, target, precision = "stub", "web", "float32"

    def __init__(self, source, prepare=None, answer=None, refuse=None):
        self.closed = 0
        self._source, self._prepare, self._answer, self._refuse = source, prepare, answer, refuse

    def prepare(self, shipped):
        if self._prepare:
            raise self._prepare

    def infer(self, rows):
        if rows == [SPOILT.row] and self._refuse is not None:
            return self._refuse()
        outputs = self._source.answers(rows).outputs
        return self._answer(outputs, rows) if self._answer else outputs

    def stamp(self):
        return {"stub": "1"}

    def close(self):
        self.closed += 1


@pytest.fixture
def case(source):
    return Case(ROWS, ["ordinary"] * 4, source.answers(ROWS), [SPOILT])


def _raises(error):
    def answer(*_args):
        raise error

    return answer


def test_agreement_names_rows_refusals_environment_and_time(source, shipped, case):
    stub = Stub(source)
    verdict = try_runner(stub, shipped, case, print)
    assert (verdict.status, verdict.rows, verdict.refused, verdict.message) == ("agree", 4, 1, "")
    assert verdict.environment == {"stub": "1"}
    assert verdict.milliseconds > 0
    assert stub.closed == 1


@pytest.mark.parametrize(("how", "status"), [
    ({"prepare": RunnerUnavailable("apt-get install stub")}, "unavailable"),
    ({"answer": _raises(RunnerCrashed("it ended"))}, "crashed"),
    ({"answer": _raises(RunnerHung("too late"))}, "hung"),
    ({"answer": _raises(ZeroDivisionError("of its own"))}, "crashed"),
    ({"answer": _raises(InputError("no", row=2, column="city"))}, "disagree"),
    ({"answer": lambda outputs, rows: {**outputs, "probabilities": outputs["probabilities"] + 1e-3}}, "disagree"),
    ({"refuse": dict}, "disagree"),
    ({"refuse": _raises(InputError("no", column="height"))}, "disagree"),
])  # fmt: skip
def test_every_fault_is_a_verdict_and_the_runtime_is_closed(source, shipped, case, how, status):
    stub = Stub(source, **how)
    verdict = try_runner(stub, shipped, case, print)
    assert verdict.status == status
    assert verdict.message
    assert stub.closed == 1


def test_a_runtime_outside_the_contract_is_not_shown_what_must_be_refused(source, shipped, case):
    stub = Stub(source, refuse=dict)
    stub.unguarded = True
    assert try_runner(stub, shipped, case, print).status == "agree"


def test_rows_with_infinities_are_left_out_where_json_cannot_hold_them(source, shipped):
    rows = [{**ROWS[0], "height": np.inf}, *ROWS]
    answers = source.answers(ROWS)
    reference = Answers(
        {name: np.concatenate([array[:1], array]) for name, array in answers.outputs.items()},
        np.concatenate([answers.margin[:1], answers.margin]),
    )
    stub = Stub(source)
    stub.through_json = True
    verdict = try_runner(stub, shipped, Case(rows, ["extreme"] + ["ordinary"] * 4, reference, []), print)
    assert (verdict.status, verdict.rows) == ("agree", 4)


def test_given_tolerances_replace_the_manifests_for_numbers_and_not_for_labels(source, shipped, case):
    loose = Case(case.rows, case.kinds, case.reference, [], atol=0.1)
    stub = Stub(source, answer=lambda outputs, rows: {**outputs, "probabilities": outputs["probabilities"] + 1e-3})
    verdict = try_runner(stub, shipped, loose, print)
    assert verdict.status == "agree"
    assert verdict.tolerances["probabilities"].atol == 0.1
    assert verdict.tolerances["label"].atol == 0.0


@pytest.mark.parametrize("count", [1, 4, 13, 700, 1013, 1014, 1623, 9000])
def test_every_row_is_asked_once_in_its_order_and_the_last_batch_is_filled_up(source, shipped, count):
    rows = [{**ROWS[0], "height": 100.0 + i / 100} for i in range(count)]
    batches = []

    def note(outputs, asked):
        batches.append([row["height"] for row in asked])
        return outputs

    case = Case(rows, ["ordinary"] * count, source.answers(rows), [], large_batch=True)
    verdict = try_runner(Stub(source, answer=note), shipped, case, print)
    assert (verdict.status, verdict.rows) == ("agree", count)
    assert [h for batch in batches for h in batch][:count] == [row["height"] for row in rows]
    assert [len(batch) for batch in batches][:2] == [1, 1][: len(batches) - 1] or count == 1
    assert len(batches[-1]) == 4099
    assert max(len(batch) for batch in batches[:-1]) <= 4099
    if count >= 1013:
        assert [len(batch) for batch in batches[:8]] == [1, 1, 1, 2, 2, 3, 3, 1000]


def test_a_large_batch_of_large_rows_is_two_chunks_and_a_part(source, shipped):
    """2,000 trees of XGBoost take 24,120 bytes a row: 16 MB hold 695 of them."""
    batches = []

    def note(outputs, asked):
        batches.append(len(asked))
        return outputs

    rows = [{**ROWS[0], "height": 100.0 + i / 100} for i in range(1200)]
    case = Case(rows, ["ordinary"] * len(rows), source.answers(rows), [], large_batch=True)
    heavy = dataclasses.replace(shipped, manifest=shipped.manifest._replace(row_bytes=24_120))
    assert try_runner(Stub(source, answer=note), heavy, case, print).status == "agree"
    assert batches[-2:] == [1000, 2 * 695 + 107]


def test_what_goes_wrong_in_a_large_batch_alone_disagrees_and_says_so(source, shipped, case):
    def off(outputs, asked):
        wrong = {**outputs, "probabilities": outputs["probabilities"] + 1e-3}
        return wrong if len(asked) > 4096 else outputs

    assert try_runner(Stub(source, answer=off), shipped, case, print).status == "agree"
    large = Case(case.rows, case.kinds, case.reference, [], large_batch=True)
    verdict = try_runner(Stub(source, answer=off), shipped, large, print)
    assert verdict.status == "disagree"
    assert "in one batch of 4099 rows" in verdict.message


def test_far_rows_keep_their_tolerance_in_every_batch_and_are_not_shown_to_float32(source, shipped):
    asked = []

    class Doubles(Stub):
        precision, concurrent = "double", True

        def infer(self, rows):
            asked.extend(rows)
            outputs = super().infer(rows)
            off = np.array([1e-7 * (row["weight"] > 1000) for row in rows])
            return {**outputs, "probabilities": outputs["probabilities"] + off[:, None]}

    rows = [*ROWS, {**ROWS[0], "weight": 60_000.0}]
    case = Case(rows, ["ordinary"] * 4 + ["far"], source.answers(rows), [], large_batch=True)
    verdict = try_runner(Doubles(source), shipped, case, print)
    assert verdict.status == "agree", verdict.message
    assert verdict.kinds["far"].rows == 1
    ordinary = Case(rows, ["ordinary"] * 5, source.answers(rows), [], large_batch=True)
    assert try_runner(Doubles(source), shipped, ordinary, print).status == "disagree"
    asked.clear()
    assert try_runner(Stub(source), shipped, case, print).rows == 4


def test_a_runtime_with_a_way_of_its_own_for_one_row_is_asked_more_of_them(source, shipped):
    rows = [{**ROWS[0], "height": 100.0 + i / 100} for i in range(1500)]
    sizes = []

    def note(outputs, asked):
        sizes.append(len(asked))
        return outputs

    stub = Stub(source, answer=note)
    stub.one_row = True
    case = Case(rows, ["ordinary"] * len(rows), source.answers(rows), [], large_batch=True)
    verdict = try_runner(stub, shipped, case, print)
    assert (verdict.status, verdict.rows) == ("agree", 1500)
    assert sizes == [1] * 203 + [2, 2, 3, 3, 1000, 8299]


def test_a_runtime_that_reads_json_gets_it_in_two_hands(source, shipped):
    """Whole numbers as integers, and keys in another order, are the same row to every client."""
    rows = [{**ROWS[0], "height": 170.0 + i, "weight": -0.0 if i == 3 else 60.5} for i in range(4)]
    case = Case(rows, ["ordinary"] * 4, source.answers(rows), [])
    seen = []

    def note(outputs, asked):
        seen.extend(asked)
        return outputs

    stub = Stub(source, answer=note)
    stub.through_json = True
    assert try_runner(stub, shipped, case, print).status == "agree"
    assert [type(row["height"]) for row in seen] == [float, int, float, int]
    assert [next(iter(row)) for row in seen] == ["height", "city", "height", "city"]
    assert str(seen[3]["weight"]) == "-0.0"


SOFTWARE = {"adapter": "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)"}


def _on_adapter(stamp, source, shipped, count=1500, precision="float32", answer=None, **more):
    """The verdict on a runtime that says this of itself, and the sizes of the batches that it was asked."""
    rows = [{**ROWS[0], "height": 100.0 + i / 100} for i in range(count)]
    kinds = ["far" if i == 4 else "ordinary" for i in range(count)]
    sizes = []

    def note(outputs, asked):
        sizes.append(len(asked))
        return answer(outputs, asked) if answer else outputs

    stub = Stub(source, answer=note)
    stub.precision, stub.stamp = precision, lambda: stamp
    case = Case(rows, kinds, source.answers(rows), [], large_batch=True, **more)
    return try_runner(stub, shipped, case, print), sizes


def test_graphics_in_software_are_asked_the_rows_that_stand_for_all_and_the_verdict_says_so(source, shipped):
    cover = frozenset(range(0, 1500, 6))
    verdict, sizes = _on_adapter(SOFTWARE, source, shipped, cover=lambda: cover)
    assert (verdict.status, verdict.rows, verdict.chosen_from) == ("agree", 250, 1499)
    assert sizes == [1, 1, 3, 3, 242]
    assert "SwiftShader computes graphics in software" in verdict.fewer
    assert "--rows max" in verdict.fewer
    few, sizes = _on_adapter(SOFTWARE, source, shipped, count=20, cover=lambda: frozenset(range(20)))
    assert (few.rows, few.chosen_from, sizes) == (19, 19, [1, 1, 3, 3, 11])
    assert few.fewer.startswith("in small batches: SwiftShader")


def test_a_row_that_stands_for_others_is_found_wrong_by_its_own_place(source, shipped):
    def off(outputs, asked):
        wrong = np.array([row["height"] == 107.2 for row in asked])
        return {**outputs, "probabilities": outputs["probabilities"] + 1e-3 * wrong[:, None]}

    verdict, _ = _on_adapter(SOFTWARE, source, shipped, answer=off, cover=lambda: frozenset(range(0, 1500, 6)))
    assert (verdict.status, verdict.worst[0].row) == ("disagree", 720)


@pytest.mark.parametrize("stamp", [{}, {"adapter": "ANGLE (NVIDIA, Vulkan 1.3 (NVIDIA GeForce RTX 4090))"}])
def test_hardware_is_asked_all_rows_and_so_is_what_does_not_say(stamp, source, shipped):
    verdict, sizes = _on_adapter(stamp, source, shipped, cover=lambda: frozenset(range(250)))
    assert (verdict.rows, verdict.chosen_from, verdict.fewer) == (1499, 0, "")
    assert sizes[-2:] == [1000, 4099]


def test_a_slow_row_program_is_asked_few_rows_and_the_verdict_says_so(source, shipped):
    slow = shipped.manifest._replace(row_program=RowProgramFacts(most_rows={"lambda": 0, "edge": 0}))
    rows = [{**ROWS[0], "height": 100.0 + i / 100} for i in range(1500)]
    stub = Stub(source)
    stub.one_at_a_time = True
    case = Case(rows, ["ordinary"] * len(rows), source.answers(rows), [])
    verdict = try_runner(stub, dataclasses.replace(shipped, manifest=slow), case, print)
    assert (verdict.rows, verdict.chosen_from) == (118, 1500)
    assert "a row takes it milliseconds" in verdict.fewer
    assert try_runner(stub, shipped, case, print).fewer == ""


def test_every_runtime_is_asked_all_rows_where_no_row_stands_for_others(source, shipped):
    verdict, sizes = _on_adapter(SOFTWARE, source, shipped)
    assert (verdict.rows, verdict.fewer, sizes[-1]) == (1499, "", 4099)


@pytest.mark.parametrize(("row", "said"), [(0, "as row 0, and it is row 1"), (None, "agree"), (1, "agree")])
def test_a_row_is_refused_in_a_batch_too_and_named_by_its_place(source, shipped, case, row, said):
    def refuse(outputs, asked):
        if any(r["weight"] is None for r in asked):
            raise InputError("no", row=0 if len(asked) == 1 else row, column="weight")
        return outputs

    stub = Stub(Lenient(source), answer=refuse, refuse=_raises(InputError("no", column="weight")))
    verdict = try_runner(stub, shipped, case, print)
    assert said in (verdict.message or verdict.status)


def test_a_row_that_is_answered_in_a_batch_and_must_be_refused_disagrees(source, shipped, case):
    def answer(outputs, _asked):
        return outputs

    stub = Stub(Lenient(source), answer=answer, refuse=_raises(InputError("no", column="weight")))
    verdict = try_runner(stub, shipped, case, print)
    assert verdict.status == "disagree"
    assert "must be refused in a batch of 3" in verdict.message


class Lenient:
    """Answers every row; what must be refused as the first row of all."""

    def __init__(self, source):
        self._source = source

    def answers(self, rows):
        return self._source.answers([ROWS[0] if row["weight"] is None else row for row in rows])


def test_clients_that_ask_at_once_get_their_own_answers(source, shipped):
    rows = [{**ROWS[0], "height": 100.0 + i} for i in range(120)]
    case = Case(rows, ["ordinary"] * len(rows), source.answers(rows), [], large_batch=True)
    under_way = []
    together = threading.Barrier(4, timeout=30)

    def first_of_all_under_way(outputs, asked):
        under_way.append(asked)
        first = under_way[0]
        if threading.current_thread() is not threading.main_thread():
            together.wait()  # so that all clients are under way, whatever the machine does meanwhile
        under_way.remove(asked)
        return outputs if first is asked else source.answers(first).outputs

    stub = Stub(source, answer=first_of_all_under_way)
    assert try_runner(stub, shipped, case, print).status == "agree"
    stub.concurrent = True
    verdict = try_runner(stub, shipped, case, print)
    assert verdict.status == "disagree"
    assert "asked by 4 clients at once" in verdict.message


def test_what_a_runtime_says_of_a_row_of_the_sample_is_not_repeated(source, shipped, case):
    own = Case(ROWS, ["sample"] * 4, case.reference, [])
    refuse = _raises(InputError("row 0, column 'weight': got 61234.5", row=0, column="weight"))
    message = try_runner(Stub(source, answer=refuse), shipped, own, print).message
    assert "61234.5" not in message
    assert "(kind sample): in column 'weight'" in message
    assert "61234.5" in try_runner(Stub(source, answer=refuse), shipped, case, print).message
