"""What a run says: the table, the figures, the bars and the plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import plots
from benchmarks.mutants.catalogue import CONTROL
from benchmarks.mutants.trial import Outcome
from benchmarks.results import Bar

#: Issue: at least so many planted; at least so many that ordinary rows alone do not catch.
LEAST_PLANTED, LEAST_BEYOND_ORDINARY = 40, 10
_SHOWN = 4


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


def plot(document: Mapping[str, Any]) -> str:
    """An SVG: a line a mutant, a column for each kind of row or other evidence, a square where it caught the mutant."""
    found = document["figures"]
    kinds = sorted(found["caught_by"], key=lambda kind: -found["caught_by"][kind])
    planted = [m for m in found["mutants"] if m["part"] != CONTROL]
    drawn = plots.figure(5 + 0.16 * len(kinds), 2.5 + 0.16 * len(planted))
    axis = drawn.subplots()
    caught = [(kinds.index(kind), i) for i, mutant in enumerate(planted) for kind in mutant["by"]]
    axis.scatter([k for k, _ in caught], [i for _, i in caught], s=64, marker="s", color="#1a5fb4")
    axis.set(aspect="equal", axisbelow=True)
    axis.grid(color="#eeeeee")
    axis.set_xticks(range(len(kinds)), kinds, rotation=50, ha="left", fontsize=8)
    names = [f"{mutant['part']}: {mutant['name']}" for mutant in planted]
    axis.set_yticks(range(len(planted)), names, fontsize=8)
    for label, mutant in zip(axis.get_yticklabels(), planted, strict=True):
        label.set_color("#111" if mutant["ordinary"] else "#b3261e")
    axis.set(xlim=(-0.7, len(kinds) - 0.3), ylim=(len(planted) - 0.3, -0.7))
    axis.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
    axis.spines[:].set_visible(False)
    said = f"{found['detected']} of {found['planted']} planted faults detected; red: ordinary rows alone miss it."
    drawn.supxlabel(f"{said} {document['environment']['date']}", fontsize=9)
    return plots.svg(drawn)


def _yes(detected: bool) -> str:
    return "yes" if detected else "MISSED"


def _by(outcome: Outcome) -> str:
    most = [f"{kind} {count}" if count > 1 else kind for kind, count in list(outcome.by.items())[:_SHOWN]]
    return ", ".join(most) + (", ..." if len(outcome.by) > _SHOWN else "")
