"""One runtime on trial: prepared, asked, compared, shown what it must refuse, closed."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import InputError, ParityError, RunnerUnavailable
from isoship.parity.runners.contract import Runner, RunnerHung, Shipped
from isoship.parity.verdict.cause import Answer, cause_of
from isoship.parity.verdict.compare import Comparison, Status, Verdict, compare
from isoship.rows.refusals import Refused
from isoship.sources.contract import Answers, Row
from isoship_edge.manifest import Tolerance
from isoship_edge.model import rows_at_once

_SHOWN = 3
#: Batches in which rows are asked: sizes that have gone wrong where others had not.
_SMALL = (1, 1, 1, 2, 2, 3, 3)
#: A runtime that has a way of its own for one row is asked so many more of them alone; golden rows come first.
_ALONE = 200
_THOUSAND = 1000
_LARGE = 4099
#: More than two of the chunks in which servers of ours work, by so many rows.
_BEYOND_CHUNKS = 107
#: Rows that several clients ask for at once, each alone.
_CLIENTS, _AT_ONCE = 4, 100
#: Columns of which each neighbouring two are at fault in one row.
_COMBINED = 3


@dataclass(frozen=True, eq=False)
class Case:
    """What every runtime is shown: rows with a kind each, the reference's answers, and rows that must be refused.

    large_batch: more rows than a runtime computes in one call are asked at once, too. answer: the reference, to be
    asked again about a disagreement; typical: a row in the middle of everything.
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
            verdict = _refusals(runner, case.refused, case.typical or case.rows[0], verdict)
        wrong = any(count.flips or count.over for count in verdict.kinds.values())
        if wrong and case.answer is not None and case.typical is not None:
            say(f"{runner.name}: looking for the cause")
            found = cause_of(runner, shipped, case.rows, case.kinds, case.answer, case.typical, verdict)
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
    narrow = runner.precision == "float32"  # which has no digits for far rows
    asked = [
        i
        for i, row in enumerate(case.rows)
        if not (finite_only and _infinite(row)) and not (narrow and case.kinds[i] == "far")
    ]
    # decoders have a way of their own for batches without a missing value: those rows come together
    alone = _ALONE if getattr(runner, "one_row", False) else 0
    few = alone + sum(_SMALL)
    asked[few:] = sorted(asked[few:], key=lambda i: None in case.rows[i].values())
    rows, kinds = [case.rows[i] for i in asked], [case.kinds[i] for i in asked]
    if through_json:
        rows = [_as_clients_may_write(row) if i % 2 else row for i, row in enumerate(rows)]
    reference = case.reference.at(asked)
    chunk = rows_at_once(shipped.manifest)
    beyond = 2 * chunk + _BEYOND_CHUNKS
    large = (beyond if alone else min(_LARGE, beyond)) if case.large_batch else 0
    places = _batches(len(rows), large, alone)
    started = time.perf_counter()
    try:
        parts = [_asked(runner, rows, batch) for batch in places]
    except InputError as err:
        asked_for = set(kinds) if err.row is None else {kinds[err.row]}
        said = f"in column {err.column!r}; its values are not kept" if "sample" in asked_for else str(err)
        message = f"refuses a row that the reference answers (kind {', '.join(sorted(asked_for))}): {said}"
        return dataclasses.replace(verdict, status="disagree", rows=len(rows), message=message)
    milliseconds = (time.perf_counter() - started) * 1000

    def against(reference: Answers, answers: dict[str, Any], kinds: list[str]) -> Comparison:
        return compare(
            reference, answers, shipped.manifest.outputs, verdict.tolerances, kinds=kinds, precision=runner.precision,
            through_json=through_json,
        )  # fmt: skip

    found = against(reference, _joined(parts, len(rows)), kinds)
    besides = []
    if found.agrees and large:
        # the rows that stand in it again, to fill it up, were right in smaller ones
        again = against(reference.at(places[-1]), parts[-1], _named("large", kinds, places[-1]))
        if not again.agrees:
            besides.append(f"in one batch of {len(places[-1])} rows:\n{_said(again)}")
    if found.agrees and case.large_batch and getattr(runner, "concurrent", False):
        some = list(range(min(_AT_ONCE, len(rows))))
        with ThreadPoolExecutor(_CLIENTS) as clients:
            answers = list(clients.map(lambda i: runner.infer([rows[i]]), some))
        again = against(reference.at(some), _joined(answers, len(some)), _named("at once", kinds, some))
        if not again.agrees:
            besides.append(f"asked by {_CLIENTS} clients at once:\n{_said(again)}")
    return dataclasses.replace(
        verdict,
        status="agree" if found.agrees and not besides else "disagree",
        rows=found.rows,
        flips=found.flips,
        ties=found.ties,
        max_abs=found.max_abs,
        max_rel=found.max_rel,
        ulps=found.ulps,
        allowed=found.allowed,
        milliseconds=milliseconds,
        message="\n".join(filter(None, [_said(found), *besides])),
        worst=tuple(dataclasses.replace(w, row=asked[w.row]) for w in found.worst),
        kinds=found.kinds,
    )


def _named(name: str, kinds: Sequence[str], rows: Sequence[int]) -> list[str]:
    """One kind for all of these rows; far ones keep theirs, and its tolerance."""
    return ["far" if kinds[i] == "far" else name for i in rows]


def _as_clients_may_write(row: Row) -> Row:
    """The same row in JSON of another hand: keys in another order, whole numbers without a fraction."""
    return {name: int(v) if _whole(v) else v for name, v in reversed(row.items())}


def _whole(value: Any) -> bool:
    plain = type(value) is float and abs(value) <= 2**53 and value.is_integer()
    return plain and (value != 0 or math.copysign(1.0, value) > 0)


def _batches(count: int, large: int, alone: int = 0) -> list[list[int]]:
    """Which rows are asked together: every row once, in their order, and after them those that fill up the last batch.

    The first `alone` rows come one at a time, the next in batches of 1, 2 and 3, then a thousand; the rest `large` at a
    time, or a thousand where that is 0.
    """
    found: list[list[int]] = []
    start = 0
    sizes = [*[1] * alone, *_SMALL, _THOUSAND]
    while start < count:
        size = sizes[len(found)] if len(found) < len(sizes) else large or _THOUSAND
        found.append(list(range(start, min(start + size, count))))
        start += size
    if large:
        if len(found) <= len(sizes):
            found.append([])
        found[-1] += [i % count for i in range(large - len(found[-1]))]
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


def _refusals(runner: Runner, refused: Sequence[Refused], typical: Row, verdict: Verdict) -> Verdict:
    """Each row that must be refused, alone and as the second of three; row and column named must be those at fault.

    typical: a row that is answered.
    """
    wrong = []
    met: set[str] = set()
    for r in refused:
        found = _unrefused(runner, r, [r.row], 0)
        if not found and not {r.why, r.column} <= met:  # every reason and every column once
            found = _unrefused(runner, r, [typical, r.row, typical], 1)
        met |= {r.why, r.column}
        if found:
            wrong.append(found)
    for first, second in itertools.pairwise(_one_a_column(refused)):
        both = {**first.row, second.column: second.row[second.column]}
        found = _unrefused(runner, Refused(both, "", f"{first.why} and {second.why}"), [both], 0)
        if found:
            wrong.append(f"{found} (in {first.column!r} and {second.column!r})")
    if not wrong:
        return dataclasses.replace(verdict, refused=len(refused))
    more = [f"and {len(wrong) - _SHOWN} more of these"] if len(wrong) > _SHOWN else []
    message = "\n".join([*filter(None, [verdict.message]), *wrong[:_SHOWN], *more])
    status: Status = "disagree"
    return dataclasses.replace(verdict, status=status, refused=max(0, len(refused) - len(wrong)), message=message)


def _unrefused(runner: Runner, r: Refused, rows: list[Row], place: int) -> str:
    """What is wrong with how a batch is refused whose row `place` must be; empty when nothing is."""
    fault = f"{r.why} in {r.column!r}" if r.column else r.why
    batch = f" in a batch of {len(rows)}" if len(rows) > 1 else ""
    try:
        runner.infer(rows)
    except InputError as err:
        if r.column and err.column != r.column:
            return f"a row with a fault ({r.why}) in {r.column!r} is refused{batch} for {err.column!r}: {err}"
        if err.row not in (None, place):
            return f"a row with a fault ({fault}) is refused{batch} as row {err.row}, and it is row {place}"
        return ""
    return f"answers a row that must be refused{batch} ({fault})"


def _one_a_column(refused: Sequence[Refused]) -> list[Refused]:
    """A fault of a value for each of the first columns."""
    found = {r.column: r for r in reversed(refused) if r.column in r.row and r.why not in ("absent", "unknown")}
    return list(found.values())[:_COMBINED]


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
