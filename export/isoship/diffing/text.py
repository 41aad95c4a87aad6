"""The report for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from isoship.diffing.changes import PARTS
from isoship.diffing.wording import (
    NO_SHARES,
    answered_line,
    answers,
    differing,
    headline,
    number,
    refusal_line,
    share,
    shown,
    signed,
)

if TYPE_CHECKING:
    from isoship.diffing.answered import Answered
    from isoship.diffing.report import DiffReport, Group

_WIDTH = 80
#: Lines of a list; --json and --html have all.
_MOST = 10
#: Values of a row that is shown.
_VALUES = 8
_TITLES = {
    "columns": "schema", "contract": "contract", "known": "categories", "outputs": "outputs",
    "tolerances": "tolerances", "targets": "targets", "sizes": "sizes", "engines": "engines",
    "provenance": "made by",
}  # fmt: skip


def report_text(report: DiffReport) -> str:
    """Changes, rows, and the verdict last."""
    old, new = report.old, report.new
    lines = [
        f"old  {old.name} {old.version}  {old.digest[:19]}",
        f"new  {new.name} {new.version}  {new.digest[:19]}",
    ]
    lines += _changes(report)
    if report.same_digest:
        return _printable([*lines, "", *_wrapped(headline(report))])
    if report.apart:
        lines += ["", *(line for one in report.apart for line in _wrapped(f"not compared: {one}"))]
    for group in report.groups:
        lines += ["", *_group(report, group)]
    return _printable([*lines, "", *_wrapped(headline(report))])


def _changes(report: DiffReport) -> list[str]:
    lines: list[str] = []
    for part in PARTS:
        found = sorted((c for c in report.changes if c.part == part), key=lambda c: not c.breaking)
        if not found:
            continue
        title = "inputs" if part == "columns" and report.unit == "calls" else _TITLES[part]
        lines += ["", title]
        for change in found[: 2 * _MOST]:
            lines += _wrapped(change.text, "! " if change.breaking else "  ", "    ")
        lines += _more(found, 2 * _MOST)
    if report.breaking:
        lines += ["", "! breaking: a caller who changes nothing is refused, or reads something else"]
    return lines


def _group(report: DiffReport, group: Group) -> list[str]:
    if report.unit == "calls":
        title = "golden calls of both"
    else:
        title = f"your rows: {group.name}" if group.source == "own" else "rows made from both models"
    lines = [title]
    for why in group.why_not:
        lines += _wrapped(why, "  ")
    found = group.answered
    if found is None:
        return lines
    if group.source == "made" and report.unit == "rows":
        lines += _wrapped(NO_SHARES, "  ")
    lines += _wrapped(answered_line(found, report.unit), "  ")
    for refusal in found.refused[:_MOST]:
        lines += _wrapped(refusal_line(refusal, report.unit), "  ", "    ")
    lines += _more(found.refused)
    if not found.both:
        return lines
    if found.bits:
        return [*lines, "  every answer is the same to the last bit"]
    lines += _labels(found)
    lines += _shifts(found)
    if group is not report.judged:  # one list of slices and rows is enough for a terminal
        return [*lines, "  where and in which rows: --json and --html"]
    return [*lines, *_slices(found), *_worst(report, found)]


def _labels(found: Answered) -> list[str]:
    lines: list[str] = []
    for one in found.labels:
        name = f"{one.output} {one.of}".strip()
        ties = f"; {one.ties} more are ties, which the old model does not settle" if one.ties else ""
        lines += _wrapped(f"{name}: {one.changed:,} of {one.rows:,} changed ({share(one.share)}){ties}", "  ", "    ")
        body = [(f"    {shown(a)} -> {shown(b)}", f"{n:,}") for a, b, n in one.changes[:_MOST]]
        lines += _table([], body)
        lines += _more(one.changes)
    return lines


def _shifts(found: Answered) -> list[str]:
    if not found.shifts:
        return []
    head = ["  new - old", "mean", "largest", "relative", "1 %", "median", "99 %", "not finite"]
    several = len({s.output for s in found.shifts}) > 1
    body = [
        (
            "  " + _cut(" ".join(filter(None, (s.output if several or not s.of else "", s.of))) or s.output, 22),
            signed(s.mean), number(s.largest), number(s.largest_relative),
            *(signed(s.quantiles[q]) if s.quantiles else "" for q in ("0.01", "0.5", "0.99")), f"{s.broken:,}",
        )
        for s in found.shifts[:_MOST]
    ]  # fmt: skip
    if not any(s.broken for s in found.shifts):
        head, body = head[:-1], [row[:-1] for row in body]
    within = "" if found.beyond_tolerance else ", all within the tolerance"
    title = f"  numbers of {found.shifts[0].output}{within}" if not several else f"  numbers{within}"
    return [title, *_table(head, body), *_more(found.shifts)]


def _slices(found: Answered) -> list[str]:
    slices = differing(found.slices)
    if not slices:
        return []
    labels, lead = bool(found.labels), slices[0].mean_shift is not None
    size = slices[0].mean_largest is not None and not (labels and lead)
    head = ["  where most changes", "rows"]
    head += ["changed"] * labels + ["mean shift"] * lead + ["mean |shift|"] * size
    body = []
    for s in slices[:_MOST]:
        cells = [f"  {_cut(s.column, 24)} {_cut(s.name, 24)}", f"{s.rows:,}{' (few)' if s.few else ''}"]
        cells += (
            [share(s.share)] * labels + [signed(s.mean_shift or 0.0)] * lead + [number(s.mean_largest or 0.0)] * size
        )
        body.append(cells)
    return [*_table(head, body), *_more(slices)]


def _worst(report: DiffReport, found: Answered) -> list[str]:
    if not found.worst:
        return []
    lines = [f"  the {report.unit} that change most"]
    for one in found.worst:
        values = ", ".join(f"{_cut(name, 24)} {shown(v)}" for name, v in list(one.values.items())[:_VALUES])
        values += f", and {len(one.values) - _VALUES} more" if len(one.values) > _VALUES else ""
        lines += _wrapped(f"{report.unit[:-1]} {one.row:,}: {values}", "    ", "      ")
        said = "; ".join(answers(one.old, one.new))
        lines += _wrapped(said or f"largest shift {number(one.largest)}", "      ", "        ")
    return lines


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    rows = [row for row in (head, *body) if row]
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    cells = [[c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(r, widths, strict=True))] for r in rows]
    return ["  ".join(row).rstrip() for row in cells]


def _more(found: Sequence[object], most: int = _MOST) -> list[str]:
    return [f"    and {len(found) - most:,} more (--json and --html have all)"] if len(found) > most else []


def _wrapped(text: str, first: str = "", later: str | None = None) -> list[str]:
    text = " ".join(text.split())
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=first if later is None else later,
        break_on_hyphens=False,
    )  # fmt: skip


def _cut(text: str, most: int) -> str:
    """A name on one line, its ends kept: names of a table often begin alike."""
    text = " ".join(text.encode(errors="backslashreplace").decode().split()) or '""'
    kept = (most - 3) // 2
    return text if len(text) <= most else f"{text[: most - 3 - kept]}...{text[-kept:]}"


def _printable(lines: Iterable[str]) -> str:
    """No name of a file or a column moves the cursor, or turns the direction of what is read."""
    return "\n".join("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) for line in lines)
