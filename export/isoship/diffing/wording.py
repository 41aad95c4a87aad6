"""Counts, shares, numbers and answers as people read them: in the terminal, on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isoship.diffing.answered import Answered, Refusal
from isoship.diffing.slices import Slice
from isoship_edge.encoding.words import quoted

if TYPE_CHECKING:
    from isoship.diffing.report import DiffReport, Group

#: Numbers or labels of an output that are shown of a row.
_PARTS = 4
#: What is said wherever shares over made rows stand.
NO_SHARES = (
    "Nobody's rows: they lie where the models change their minds. That an answer can change is a fact; how often it"
    " does here says nothing of production."
)


def number(value: float) -> str:
    """Three digits: 0, 0.0123, 1.2e-16, inf."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    return f"{value:.3g}"


def signed(value: float) -> str:
    """The same with its sign."""
    return number(value) if value <= 0 or not math.isfinite(value) else f"+{number(value)}"


def share(value: float) -> str:
    """Percent, and no 0 % or 100 % that is not one."""
    percent = 100 * value
    if 0 < percent < 0.01:
        return "< 0.01 %"
    if 99.99 < percent < 100:
        return "> 99.99 %"
    return f"{percent:.3g} %" if percent < 10 else f"{percent:.1f} %"


def shown(value: Any) -> str:
    """One value of a row or an answer; text in quotes, cut where it is long."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(shown, value[:6])) + (", ...]" if len(value) > 6 else "]")
    return str(value)


def count(number_of: int, unit: str) -> str:
    """`1 row`, `2,000 rows`; unit: the plural."""
    return f"{number_of:,} {unit[:-1] if number_of == 1 else unit}"


def answered_line(found: Answered, unit: str) -> str:
    """How many rows both models answered, and who refused the others."""
    old = sum(r.rows for r in found.refused if r.by == "old")
    new = sum(r.rows for r in found.refused if r.by == "new")
    parts = [f"{count(found.both, unit)} answered by both"]
    parts += [f"{n:,} refused by {who}" for n, who in ((old, "old alone"), (new, "new alone")) if n]
    parts += [f"{found.neither:,} refused by both"] if found.neither else []
    return ", ".join(parts)


def refusal_line(one: Refusal, unit: str) -> str:
    where = "" if one.column is None else f"{quoted(one.column)}: "
    seen = f", such as {one.seen}" if one.seen else ""
    return f"{one.by} alone refuses {count(one.rows, unit)}: {where}expected {one.expected}{seen}"


def differing(slices: Sequence[Slice]) -> list[Slice]:
    """Slices in which anything differs."""
    return [s for s in slices if s.changed or s.mean_largest]


def answers(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two predictions: `label "no" -> "yes"`, `probabilities no 0.7 -> 0.2, yes 0.3 -> 0.8`; of
    many numbers those that moved furthest."""
    found = []
    for name in {**old, **new}:
        parts, changed = _parts(old.get(name)), _parts(new.get(name))
        if name not in old or name not in new or not parts.keys() & changed.keys():
            continue
        differ = [k for k in parts if k in changed and parts[k] != changed[k]]
        if len(differ) > _PARTS:
            differ.sort(key=lambda k: -_distance(parts[k], changed[k]))
        if differ:
            said = [f"{k} {shown(parts[k])} -> {shown(changed[k])}".strip() for k in differ[:_PARTS]]
            more = f" and {len(differ) - _PARTS} more" if len(differ) > _PARTS else ""
            found.append(f"{name} {', '.join(said)}{more}")
    return found


def _distance(old: Any, new: Any) -> float:
    """Between numbers; what is none of them is further off than any."""
    numbers = type(old) in (int, float) and type(new) in (int, float)
    return abs(new - old) if numbers else math.inf


def _parts(found: Any) -> dict[str, Any]:
    if isinstance(found, dict):
        return found
    return {str(i): v for i, v in enumerate(found)} if isinstance(found, list) else {"": found}


def headline(report: DiffReport) -> str:
    """The verdict in one sentence, with the rows that it goes by."""
    if report.same_digest:
        return "equal: both have one digest, and so the same answers"
    status, judged = report.status, report.judged
    broken = count(len(report.breaking), "changes") if report.breaking else ""
    if status == "breaking":
        rows = _measured(report)
        return f"breaking: {broken} that callers of the old model run into{f'; {rows}' if rows else ''}"
    if status == "not compared" or judged is None or judged.answered is None:
        why = "; ".join(() if judged is None else judged.why_not)
        return f"not compared: no {report.unit[:-1]} was answered{f': {why}' if why else ''}"
    if status == "equal":
        total = sum(g.answered.both for g in report.groups if g.answered is not None)
        return f"equal: every answer is the same to the last bit, on {count(total, report.unit)}"
    besides = ""
    if report.breaking:
        besides = f"; {broken} of the schema allowed"
    if status == "within tolerance":
        return f"within tolerance: no answer is further off than the manifests allow ({_rows(report, judged)}){besides}"
    if (
        status == "within limits"
        and judged.source == "own"
        and not (judged.answered.changed or judged.answered.largest)
    ):
        made = [g.answered for g in report.groups if g.source == "made" and g.answered is not None]
        besides += "; rows made from both do change" if any(a.changed or a.beyond_tolerance for a in made) else ""
    return f"{status}: {_measured(report)}{besides}"


def _measured(report: DiffReport) -> str:
    judged = report.judged
    if judged is None or judged.answered is None or judged.answered.rows == judged.answered.neither:
        return ""
    found, limits = judged.answered, report.limits
    said, unit = [], report.unit
    if found.labels or found.changed or not found.shifts:
        alone = f", {found.refused_by_one:,} of them refused by one alone" if found.refused_by_one else ""
        said.append(f"{share(found.share)} of {unit} changed{alone} (limit {share(limits.changed)})")
    if found.shifts:
        said.append(f"largest shift {number(found.largest)} (limit {number(limits.shift)})")
    return f"{', '.join(said)}, on {_rows(report, judged)}"


def _rows(report: DiffReport, group: Group) -> str:
    rows = 0 if group.answered is None else group.answered.rows
    if report.unit == "calls":
        return f"{count(rows, 'calls')}, the golden ones of both"
    return (
        f"{count(rows, 'rows')} of {group.name}" if group.source == "own" else f"{count(rows, 'rows')} made from both"
    )
