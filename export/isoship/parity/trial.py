"""One runtime on trial: prepared, asked, compared, shown what it must refuse, closed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from isoship.errors import InputError
from isoship.parity.batches import asking, infer, joined
from isoship.parity.case import Case
from isoship.parity.outcome import by_kind, compared, outcome
from isoship.parity.refusals import with_refusals
from isoship.parity.runners.contract import Runner, Shipped
from isoship.parity.verdict.cause import cause_of
from isoship.parity.verdict.compare import Comparison, Verdict, compare
from isoship.sources.contract import Answers
from isoship_edge.manifest import Tolerance

#: Rows that several clients ask for at once, each alone.
_CLIENTS, _AT_ONCE = 4, 100


def try_runner(runner: Runner, shipped: Shipped, case: Case, say: Callable[[str], None]) -> Verdict:
    """The verdict on one runtime. Whatever becomes of it is a verdict, and no error leaves."""
    tolerances = {o.name: _tolerance(shipped, case, o.name, runner.precision) for o in shipped.manifest.outputs}
    verdict = Verdict(runner.name, runner.target, runner.precision, "agree", tolerances=tolerances)

    def refusing(verdict: Verdict) -> Verdict:
        if getattr(runner, "unguarded", False):
            return verdict
        return with_refusals(runner, case.refused, case.typical or case.rows[0], verdict)

    def caused(verdict: Verdict) -> Verdict:
        wrong = any(count.flips or count.over for count in verdict.kinds.values())
        if not wrong or case.answer is None or case.typical is None:
            return verdict
        say(f"{runner.name}: looking for the cause")
        found = cause_of(runner, shipped, case.rows, case.kinds, case.answer, case.typical, verdict, case.steps)
        return dataclasses.replace(verdict, cause=found)

    steps = (partial(_compared, runner, shipped, case), refusing, caused)
    return outcome(runner, shipped, verdict, steps, "rows", say)


def _compared(runner: Runner, shipped: Shipped, case: Case, verdict: Verdict) -> Verdict:
    asked = asking(runner, shipped, case)
    rows, kinds, count = asked.rows, asked.kinds, len(asked.rows)
    reference = case.reference.at(asked.places)
    verdict = dataclasses.replace(verdict, chosen_from=asked.chosen_from, fewer=asked.fewer)
    started = time.perf_counter()
    try:
        parts = [infer(runner, rows, batch) for batch in asked.batches]
    except InputError as err:
        asked_for = set(kinds) if err.row is None else {kinds[err.row]}
        said = f"in column {err.column!r}; its values are not kept" if "sample" in asked_for else str(err)
        message = f"refuses a row that the reference answers (kind {', '.join(sorted(asked_for))}): {said}"
        return dataclasses.replace(verdict, status="disagree", rows=count, message=message)
    milliseconds = (time.perf_counter() - started) * 1000

    def against(reference: Answers, answers: dict[str, Any], kinds: list[str]) -> Comparison:
        return compare(
            reference, answers, shipped.manifest.outputs, verdict.tolerances, kinds=kinds, precision=runner.precision,
            through_json=bool(getattr(runner, "through_json", False)),
        )  # fmt: skip

    found = against(reference, joined(parts, count), kinds)
    besides = []
    if found.agrees and asked.large:
        # the rows that stand in it again, to fill it up, were right in smaller ones
        last = asked.batches[-1]
        again = against(reference.at(last), parts[-1], _named("large", kinds, last))
        if not again.agrees:
            besides.append(f"in one batch of {len(last)} rows:\n{_said(again)}")
    if found.agrees and case.large_batch and getattr(runner, "concurrent", False):
        some = list(range(min(_AT_ONCE, count)))
        with ThreadPoolExecutor(_CLIENTS) as clients:
            answers = list(clients.map(lambda i: runner.infer([rows[i]]), some))
        again = against(reference.at(some), joined(answers, len(some)), _named("at once", kinds, some))
        if not again.agrees:
            besides.append(f"asked by {_CLIENTS} clients at once:\n{_said(again)}")
    return compared(verdict, found, asked.places, milliseconds, _said(found), besides)


def _named(name: str, kinds: Sequence[str], rows: Sequence[int]) -> list[str]:
    """One kind for all of these rows; far ones keep theirs, and its tolerance."""
    return ["far" if kinds[i] == "far" else name for i in rows]


def _said(found: Comparison) -> str:
    lines = list(found.problems)
    if found.flips:
        rows = "1 row has" if found.flips == 1 else f"{found.flips} rows have"
        lines.append(f"{rows} another label: {by_kind(found, 'flips')}")
    if found.over:
        rows = "1 row is" if found.over == 1 else f"{found.over} rows are"
        lines.append(f"{rows} beyond the tolerance: {by_kind(found, 'over')}")
    return "\n".join(lines)


def _tolerance(shipped: Shipped, case: Case, output: str, precision: str) -> Tolerance:
    given = shipped.manifest.tolerances[output][precision]
    label = any(o.name == output and o.kind == "label" for o in shipped.manifest.outputs)
    if label or (case.atol is None and case.rtol is None):
        return given
    atol = given.atol if case.atol is None else case.atol
    rtol = given.rtol if case.rtol is None else case.rtol
    return Tolerance(atol, rtol, "given with --atol and --rtol")
