"""One runtime on trial: prepared, asked, compared, shown what it must refuse, closed."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from isoship.errors import InputError, ParityError, RunnerUnavailable
from isoship.parity.compare import Comparison, Status, Verdict, compare
from isoship.parity.contract import Runner, RunnerHung, Shipped
from isoship.parity.refusals import Refused
from isoship.sources.contract import Answers, Row
from isoship_edge.manifest import Tolerance

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Case:
    """What every runtime is shown: rows with a kind each, the reference's answers, and rows that must be refused."""

    rows: list[Row]
    kinds: list[str]
    reference: Answers
    refused: Sequence[Refused]
    atol: float | None = None
    rtol: float | None = None


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
    rows, kinds = [case.rows[i] for i in asked], [case.kinds[i] for i in asked]
    reference = Answers({k: v[asked] for k, v in case.reference.outputs.items()}, case.reference.margin[asked])
    started = time.perf_counter()
    try:
        answers = runner.infer(rows)
    except InputError as err:
        where = "" if err.row is None else f" (kind {kinds[err.row % len(kinds)]})"
        return dataclasses.replace(
            verdict,
            status="disagree",
            rows=len(rows),
            message=f"refuses a row that the reference answers{where}: {err}",
        )
    milliseconds = (time.perf_counter() - started) * 1000
    found = compare(
        reference, answers, shipped.manifest.outputs, verdict.tolerances, kinds=kinds, precision=runner.precision,
        through_json=through_json,
    )  # fmt: skip
    return dataclasses.replace(
        verdict,
        status="agree" if found.agrees else "disagree",
        rows=found.rows,
        flips=found.flips,
        ties=found.ties,
        max_abs=found.max_abs,
        max_rel=found.max_rel,
        milliseconds=milliseconds,
        message=_said(found),
        worst=tuple(dataclasses.replace(w, row=asked[w.row]) for w in found.worst),
        kinds=found.kinds,
    )


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
            wrong.append(f"answers a row that must be refused ({r.why} in {r.column!r})")
    if not wrong:
        return dataclasses.replace(verdict, refused=len(refused))
    more = [f"and {len(wrong) - _SHOWN} more of these"] if len(wrong) > _SHOWN else []
    message = "\n".join([*filter(None, [verdict.message]), *wrong[:_SHOWN], *more])
    status: Status = "disagree"
    return dataclasses.replace(verdict, status=status, refused=len(refused) - len(wrong), message=message)


def _said(found: Comparison) -> str:
    lines = list(found.problems)
    if found.flips:
        lines.append(f"{found.flips} rows have another label: {_by_kind(found, 'flips')}")
    if found.over:
        lines.append(f"{found.over} rows are beyond the tolerance: {_by_kind(found, 'over')}")
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
