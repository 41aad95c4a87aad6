"""One runtime on trial: prepared, asked, compared, shown what it must refuse, closed."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import InputError, ParityError, RunnerUnavailable
from isoship.parity.cause import Answer, cause_of
from isoship.parity.compare import Comparison, Status, Verdict, compare
from isoship.parity.contract import Runner, RunnerHung, Shipped
from isoship.parity.refusals import Refused
from isoship.sources.contract import Answers, Row
from isoship_edge.manifest import Tolerance

_SHOWN = 3
#: Batches in which rows are asked: sizes that have gone wrong where others had not.
_SMALL = (1, 1, 1, 2, 2, 3, 3)
#: A runtime that has a way of its own for one row is asked so many more of them alone; golden rows come first.
_ALONE = 200
_THOUSAND = 1000
_LARGE = 4099


@dataclass(frozen=True, eq=False)
class Case:
    """What every runtime is shown: rows with a kind each, the reference's answers, and rows that must be refused.

    large_batch: more than 4096 rows are asked at once, too. answer: the reference, to be asked again about a
    disagreement; typical: a row in the middle of everything.
    """

    rows: list[Row]
    kinds: list[str]
    reference: Answers
    refused: Sequence[Refused]
    atol: float | None = None
    rtol: float | None = None
    large_batch: bool = False
    answer: Answer | None = None
    typical: Row | None = None


def try_runner(runner: Runner, shipped: Shipped, case: Case, say: Callable[[str], None]) -> Verdict:
    """The verdict on one runtime. Whatever becomes of it is a verdict, and no error leaves."""
    tolerances = {o.name: _tolerance(shipped, case, o.name, runner.precision) for o in shipped.manifest.outputs}
    verdict = Verdict(runner.name, runner.target, runner.precision, "agree", tolerances=tolerances)
    try:
        runner.prepare(shipped)
        verdict = dataclasses.replace(verdict, environment=runner.stamp())
        verdict = _compared(runner, shipped, case, verdict)
        if not getattr(runner, "unguarded", False):
            verdict = _refusals(runner, case.refused, verdict)
        wrong = any(count.flips or count.over for count in verdict.kinds.values())
        if wrong and case.answer is not None and case.typical is not None:
            say(f"{runner.name}: looking for the cause")
            found = cause_of(runner, shipped, case.rows, case.answer, case.typical, verdict)
            verdict = dataclasses.replace(verdict, cause=found)
    except RunnerUnavailable as err:
        return dataclasses.replace(verdict, status="unavailable", message=str(err))
    except RunnerHung as err:
        return dataclasses.replace(verdict, status="hung", message=str(err))
    except ParityError as err:
        return dataclasses.replace(verdict, status="crashed", message=str(err))
    except Exception as err:  # noqa: BLE001 - a fault of one runtime is its verdict, and the others still run
        return dataclasses.replace(verdict, status="crashed", message=f"{type(err).__name__}: {err}")
    finally:
        runner.close()
    say(f"{runner.name}: {verdict.status}, {verdict.rows} rows in {verdict.milliseconds:.0f} ms")
    return verdict


def _compared(runner: Runner, shipped: Shipped, case: Case, verdict: Verdict) -> Verdict:
    through_json = bool(getattr(runner, "through_json", False))
    finite_only = through_json and not getattr(runner, "takes_infinity", False)
    asked = [i for i, row in enumerate(case.rows) if not (finite_only and _infinite(row))]
    # decoders have a way of their own for batches without a missing value: those rows come together
    alone = _ALONE if getattr(runner, "one_row", False) else 0
    few = alone + sum(_SMALL)
    asked[few:] = sorted(asked[few:], key=lambda i: None in case.rows[i].values())
    rows, kinds = [case.rows[i] for i in asked], [case.kinds[i] for i in asked]
    reference = case.reference.at(asked)
    places = _batches(len(rows), case.large_batch, alone)
    started = time.perf_counter()
    try:
        parts = [_asked(runner, rows, batch) for batch in places]
    except InputError as err:
        where = "" if err.row is None else f" (kind {kinds[err.row]})"
        return dataclasses.replace(
            verdict,
            status="disagree",
            rows=len(rows),
            message=f"refuses a row that the reference answers{where}: {err}",
        )
    milliseconds = (time.perf_counter() - started) * 1000

    def against(reference: Answers, answers: dict[str, Any], kinds: list[str]) -> Comparison:
        return compare(
            reference, answers, shipped.manifest.outputs, verdict.tolerances, kinds=kinds, precision=runner.precision,
            through_json=through_json,
        )  # fmt: skip

    found = against(reference, _joined(parts, len(rows)), kinds)
    many = ""
    if found.agrees and case.large_batch:
        # the rows that stand in it again, to fill it up, were right in smaller ones
        again = against(reference.at(places[-1]), parts[-1], ["large"] * len(places[-1]))
        many = "" if again.agrees else f"in one batch of {len(places[-1])} rows:\n{_said(again)}"
    return dataclasses.replace(
        verdict,
        status="agree" if found.agrees and not many else "disagree",
        rows=found.rows,
        flips=found.flips,
        ties=found.ties,
        max_abs=found.max_abs,
        max_rel=found.max_rel,
        ulps=found.ulps,
        milliseconds=milliseconds,
        message="\n".join(filter(None, [_said(found), many])),
        worst=tuple(dataclasses.replace(w, row=asked[w.row]) for w in found.worst),
        kinds=found.kinds,
    )


def _batches(count: int, large: bool, alone: int = 0) -> list[list[int]]:
    """Which rows are asked together: every row once, in their order, and after them those that fill up the last batch.

    The first `alone` rows come one at a time, the next in batches of 1, 2 and 3, then a thousand; the rest a thousand
    at a time or, `large`, 4099.
    """
    found: list[list[int]] = []
    start = 0
    sizes = [*[1] * alone, *_SMALL, _THOUSAND]
    while start < count:
        size = sizes[len(found)] if len(found) < len(sizes) else _LARGE if large else _THOUSAND
        found.append(list(range(start, min(start + size, count))))
        start += size
    if large:
        if len(found) <= len(sizes):
            found.append([])
        found[-1] += [i % count for i in range(_LARGE - len(found[-1]))]
    return found


def _asked(runner: Runner, rows: list[Row], batch: list[int]) -> dict[str, Any]:
    try:
        return runner.infer([rows[i] for i in batch])
    except InputError as err:
        err.row = batch[err.row] if err.row is not None and err.row < len(batch) else None
        raise


def _joined(parts: list[dict[str, Any]], count: int) -> dict[str, Any]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: np.concatenate([part[name] for part in parts if name in part])[:count] for name in names}


def _refusals(runner: Runner, refused: Sequence[Refused], verdict: Verdict) -> Verdict:
    """Each row that must be refused, alone; the column named must be the one at fault."""
    wrong = []
    for r in refused:
        try:
            runner.infer([r.row])
        except InputError as err:
            if r.column and err.column != r.column:
                wrong.append(f"a row with a fault ({r.why}) in {r.column!r} is refused for {err.column!r}: {err}")
        else:
            fault = f"{r.why} in {r.column!r}" if r.column else r.why
            wrong.append(f"answers a row that must be refused ({fault})")
    if not wrong:
        return dataclasses.replace(verdict, refused=len(refused))
    more = [f"and {len(wrong) - _SHOWN} more of these"] if len(wrong) > _SHOWN else []
    message = "\n".join([*filter(None, [verdict.message]), *wrong[:_SHOWN], *more])
    status: Status = "disagree"
    return dataclasses.replace(verdict, status=status, refused=len(refused) - len(wrong), message=message)


def _said(found: Comparison) -> str:
    lines = list(found.problems)
    if found.flips:
        rows = "1 row has" if found.flips == 1 else f"{found.flips} rows have"
        lines.append(f"{rows} another label: {_by_kind(found, 'flips')}")
    if found.over:
        rows = "1 row is" if found.over == 1 else f"{found.over} rows are"
        lines.append(f"{rows} beyond the tolerance: {_by_kind(found, 'over')}")
    return "\n".join(lines)


def _by_kind(found: Comparison, what: str) -> str:
    counts = {kind: getattr(count, what) for kind, count in found.kinds.items()}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)


def _tolerance(shipped: Shipped, case: Case, output: str, precision: str) -> Tolerance:
    given = shipped.manifest.tolerances[output][precision]
    label = any(o.name == output and o.kind == "label" for o in shipped.manifest.outputs)
    if label or (case.atol is None and case.rtol is None):
        return given
    atol = given.atol if case.atol is None else case.atol
    rtol = given.rtol if case.rtol is None else case.rtol
    return Tolerance(atol, rtol, "given with --atol and --rtol")


def _infinite(row: Row) -> bool:
    return any(isinstance(v, float) and math.isinf(v) for v in row.values())
