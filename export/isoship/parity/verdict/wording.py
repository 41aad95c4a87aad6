"""Errors, values and causes as people read them: in the table, on the page."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isoship.parity.verdict.cause import Cause

if TYPE_CHECKING:
    from isoship.parity.verdict.compare import Verdict


def number(value: float) -> str:
    """An error as people read it: 0, 2.2e-16, inf."""
    if value == 0:
        return "0"
    return f"{value:.1e}" if math.isfinite(value) else str(value)


def table_head(unit: str) -> tuple[str, ...]:
    """unit: what is asked, rows or calls."""
    return ("runtime", unit, "flips", "ties", "largest error", "relative", "ms", "verdict")


def table_cells(v: Verdict) -> tuple[str, ...]:
    """A runtime's line under `table_head`; one that was not asked has its name and its verdict alone."""
    if not v.rows:
        return (v.name, "", "", "", "", "", "", v.status)
    errors = (number(v.max_abs), number(v.max_rel))
    return (v.name, str(v.rows), str(v.flips), str(v.ties), *errors, f"{v.milliseconds:.0f}", v.status)


def fewer_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Which runtimes were asked a choice of the rows, how it was made and why."""
    found: dict[tuple[int, int, str], list[str]] = {}
    for v in verdicts:
        if v.rows and v.fewer:
            found.setdefault((v.rows, v.chosen_from, v.fewer), []).append(v.name)
    return [
        f"{', '.join(names)}: {rows:,} of {chosen_from:,} rows, {why}"
        for (rows, chosen_from, why), names in found.items()
    ]


def asked_rows(verdicts: Sequence[Verdict], unit: str) -> str:
    """How many rows these runtimes answered; those that were asked a choice are counted by themselves."""
    some = [v for v in verdicts if v.rows < v.chosen_from]
    others = [v for v in verdicts if v.rows >= v.chosen_from]
    if some and not others:
        return f"{_span(some)} of {max(v.chosen_from for v in some):,} {unit}"
    besides = f", {len(some)} runtime{'s' if len(some) > 1 else ''} on {_span(some)} of these" if some else ""
    return f"{_span(others)} {unit}{besides}"


def _span(verdicts: Sequence[Verdict]) -> str:
    counts = sorted({v.rows for v in verdicts}) or [0]
    return f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"


def shown_value(value: Any) -> str:
    """An output's value as text, to the digits that tell doubles apart."""
    if isinstance(value, list):
        return "[" + ", ".join(map(shown_value, value[:12])) + (", …]" if len(value) > 12 else "]")
    if value is None:
        return "missing"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def told_together(verdicts: Sequence[Verdict]) -> list[tuple[str, Verdict]]:
    """Verdicts with their names; those that say the same, the cause included, as one."""
    found: dict[object, tuple[list[str], Verdict]] = {}
    for verdict in verdicts:
        said = (verdict.status, verdict.message, repr(verdict.cause)) if verdict.message else verdict.name
        names, _ = found.setdefault(said, ([], verdict))
        names.append(verdict.name)
    return [(", ".join(names), verdict) for names, verdict in found.values()]


def cause_lines(cause: Cause) -> list[str]:
    """A cause in a few lines, with what to paste last."""
    lines = [f"{cause.output} should be {cause.expected!r} and is {cause.got!r}. {cause.where}"]
    if cause.step is not None:
        lines.append(f"Step: {cause.step}")
    if cause.matters:
        lines.append(f"What matters: {', '.join(f'{n} = {(cause.row or {})[n]!r}' for n in cause.matters)}")
    return [*lines, *cause.reproduction.splitlines()]
