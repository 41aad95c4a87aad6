"""What a run says: the table, the figures, the bars and the plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.mutants.catalogue import CONTROL
from benchmarks.mutants.trial import Outcome
from benchmarks.results import Bar

#: Issue: at least so many planted; at least so many that ordinary rows alone do not catch.
LEAST_PLANTED, LEAST_BEYOND_ORDINARY = 40, 10
_SHOWN = 4
_CELL, _LEFT, _TOP = 13, 430, 110


def table(outcomes: Sequence[Outcome]) -> str:
    """part, what was planted, whether it was detected and ordinary rows alone would have, and what gave it away."""
    head = ("part", "planted", "asked of", "detected", "ordinary rows", "by")
    body = [
        (o.part, o.name, ", ".join(o.runtimes), _yes(o.detected), "enough" if o.ordinary else "miss it", _by(o))
        for o in outcomes
        if o.part != CONTROL
    ]
    widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in (head, *body)
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def closing(outcomes: Sequence[Outcome]) -> str:
    """The run in a few sentences."""
    planted = [o for o in outcomes if o.part != CONTROL]
    lines = [
        f"{sum(o.detected for o in planted)} of {len(planted)} planted faults are detected with the default budget.",
        f"{sum(not o.ordinary for o in planted)} of them are not caught by 1,500 ordinary and sample rows alone.",
    ]
    untouched = [o for o in outcomes if o.part == CONTROL]
    if untouched:
        quiet = sum(not o.detected for o in untouched)
        lines.append(f"{quiet} of {len(untouched)} copies with nothing planted agree.")
    lines += [f"MISSED: {o.part}: {o.name} ({o.planted})" for o in planted if not o.detected]
    lines += [f"FALSE ALARM: {o.name}: {o.message}" for o in untouched if o.detected]
    return "\n".join(lines)


def figures(outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    planted = [o for o in outcomes if o.part != CONTROL]
    kinds = dict.fromkeys(kind for o in planted for kind in o.by)
    return {
        "planted": len(planted),
        "detected": sum(o.detected for o in planted),
        "not_by_ordinary_rows": sum(not o.ordinary for o in planted),
        "false_alarms": sum(o.detected for o in outcomes if o.part == CONTROL),
        "seconds": round(seconds),
        "caught_by": {kind: sum(kind in o.by for o in planted) for kind in kinds},
        "caught_by_nothing_else": {kind: sum([*o.by] == [kind] for o in planted) for kind in kinds},
        "mutants": [o.to_json() for o in outcomes],
    }


def bars(found: dict[str, Any]) -> list[Bar]:
    return [
        Bar("faults planted", found["planted"], LEAST_PLANTED, ">="),
        Bar("faults missed", found["planted"] - found["detected"], 0, "<="),
        Bar("faults that ordinary rows alone miss", found["not_by_ordinary_rows"], LEAST_BEYOND_ORDINARY, ">="),
        Bar("alarms where nothing is planted", found["false_alarms"], 0, "<="),
    ]


def plot(found: dict[str, Any], date: str) -> str:
    """An SVG: a line a mutant, a column for each kind of row or other evidence, a square where it caught the mutant."""
    kinds = sorted(found["caught_by"], key=lambda kind: -found["caught_by"][kind])
    planted = [m for m in found["mutants"] if m["part"] != CONTROL]
    height = _TOP + _CELL * len(planted) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _CELL * len(kinds) + 90} {height}"'
        ' font-family="sans-serif" font-size="9">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for k, kind in enumerate(kinds):
        x = _LEFT + _CELL * k + 9
        parts.append(f'<text transform="translate({x} {_TOP - 6}) rotate(-50)">{escape(kind)}</text>')
    for i, mutant in enumerate(planted):
        y = _TOP + _CELL * i
        colour = "#111" if mutant["ordinary"] else "#b3261e"
        text = f"{mutant['part']}: {mutant['name']}"
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 9}" text-anchor="end" fill="{colour}">{escape(text)}</text>')
        for k, kind in enumerate(kinds):
            fill = "#1a5fb4" if kind in mutant["by"] else "#eee"
            parts.append(
                f'<rect x="{_LEFT + _CELL * k}" y="{y}" width="{_CELL - 2}" height="{_CELL - 2}" fill="{fill}"/>'
            )
    said = (
        f"{found['detected']} of {found['planted']} planted faults detected; red: ordinary rows alone miss it. {date}"
    )
    parts.append(f'<text x="8" y="{height - 10}">{escape(said)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _yes(detected: bool) -> str:
    return "yes" if detected else "MISSED"


def _by(outcome: Outcome) -> str:
    most = [f"{kind} {count}" if count > 1 else kind for kind, count in list(outcome.by.items())[:_SHOWN]]
    return ", ".join(most) + (", ..." if len(outcome.by) > _SHOWN else "")
