"""Whether a runtime refuses what must be refused: alone and in a batch, with the row and the column at fault named."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

from isoship.errors import InputError
from isoship.parity.runners.contract import Runner
from isoship.parity.verdict.compare import Status, Verdict
from isoship.rows.refusals import Refused
from isoship.sources.contract import Row

_SHOWN = 3
#: Columns of which each neighbouring two are at fault in one row.
_COMBINED = 3


def with_refusals(runner: Runner, refused: Sequence[Refused], typical: Row, verdict: Verdict) -> Verdict:
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
