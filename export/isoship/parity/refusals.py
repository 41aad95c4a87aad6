"""Whether a runtime refuses what must be refused: alone and in a batch, with the row and the column at fault named."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from isoship.errors import InputError
from isoship.parity.runners.contract import Runner
from isoship.parity.verdict.compare import Status, Verdict
from isoship.rows.refusals import Refused
from isoship.sources.contract import Row

_SHOWN = 3
#: Columns of which each neighbouring two are at fault in one row.
_COMBINED = 3


class _Ask(NamedTuple):
    """A batch whose row `place` must be refused. besides: what is said of it behind the rest."""

    of: Refused
    rows: list[Row]
    place: int
    besides: str = ""


def with_refusals(runner: Runner, refused: Sequence[Refused], typical: Row, verdict: Verdict) -> Verdict:
    """Each row that must be refused, alone and as the second of three; row and column named must be those at fault.

    typical: a row that is answered.
    """
    asks: list[list[_Ask]] = []
    met: set[str] = set()
    for r in refused:
        asks.append([_Ask(r, [r.row], 0)])
        if not {r.why, r.column} <= met:  # every reason and every column once
            asks[-1].append(_Ask(r, [typical, r.row, typical], 1))
        met |= {r.why, r.column}
    for first, second in itertools.pairwise(_one_a_column(refused)):
        both = Refused({**first.row, second.column: second.row[second.column]}, "", f"{first.why} and {second.why}")
        asks.append([_Ask(both, [both.row], 0, f" (in {first.column!r} and {second.column!r})")])
    said = iter(_refusals(runner, [ask.rows for group in asks for ask in group]))
    found = [[_wrong(ask, next(said)) for ask in group] for group in asks]
    wrong = [next(filter(None, group)) for group in found if any(group)]
    if not wrong:
        return dataclasses.replace(verdict, refused=len(refused))
    more = [f"and {len(wrong) - _SHOWN} more of these"] if len(wrong) > _SHOWN else []
    message = "\n".join([*filter(None, [verdict.message]), *wrong[:_SHOWN], *more])
    status: Status = "disagree"
    return dataclasses.replace(verdict, status=status, refused=max(0, len(refused) - len(wrong)), message=message)


def _refusals(runner: Runner, batches: list[list[Row]]) -> list[InputError | None]:
    """How each of these batches is refused."""
    together = getattr(runner, "refusals", None)
    if together is not None:
        found: list[InputError | None] = together(batches)
        return found
    return [_refusal(runner, rows) for rows in batches]


def _refusal(runner: Runner, rows: list[Row]) -> InputError | None:
    try:
        runner.infer(rows)
    except InputError as err:
        return err
    return None


def _wrong(ask: _Ask, err: InputError | None) -> str:
    """What is wrong with how a batch is refused; empty when nothing is."""
    r, place = ask.of, ask.place
    fault = f"{r.why} in {r.column!r}" if r.column else r.why
    batch = f" in a batch of {len(ask.rows)}" if len(ask.rows) > 1 else ""
    if err is None:
        return f"answers a row that must be refused{batch} ({fault}){ask.besides}"
    if r.column and err.column != r.column:
        said = f"is refused{batch} for {err.column!r}: {err}"
        return f"a row with a fault ({r.why}) in {r.column!r} {said}{ask.besides}"
    if err.row not in (None, place):
        said = f"is refused{batch} as row {err.row}, and it is row {place}"
        return f"a row with a fault ({fault}) {said}{ask.besides}"
    return ""


def _one_a_column(refused: Sequence[Refused]) -> list[Refused]:
    """A fault of a value for each of the first columns."""
    found = {r.column: r for r in reversed(refused) if r.column in r.row and r.why not in ("absent", "unknown")}
    return list(found.values())[:_COMBINED]
