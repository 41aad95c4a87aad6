"""Whatever becomes of a runtime is a verdict: agreement, fault, crash, hang, absence."""

import numpy as np
import pytest

from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.contract import RunnerCrashed, RunnerHung
from isoship.parity.refusals import Refused
from isoship.parity.trial import Case, try_runner
from isoship.sources.contract import Answers

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
