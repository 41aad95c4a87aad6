"""diff.html: the report as one page (`diff.html.j2`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.templates import rendered
from isoship.diffing import wording
from isoship.diffing.changes import PARTS

if TYPE_CHECKING:
    from isoship.diffing.answered import Answered
    from isoship.diffing.report import DiffReport

#: Slices that stand on the page at once, and the others behind a fold; changes from a label to another.
_SLICES, _MOST_SLICES, _MOST_CHANGES = 12, 200, 40
#: Labels whose changes stand as a table of from and to; of more there is a list, the most frequent first.
_TABLE, _LIST = 20, 12
_MOODS = {
    "equal": "good", "within tolerance": "good", "within limits": "good", "beyond limits": "bad", "breaking": "bad",
    "not compared": "idle",
}  # fmt: skip


def render(report: DiffReport) -> str:
    """The page. Every name and value in it is escaped: they are whatever somebody called them."""
    values: dict[str, Any] = {
        "report": report,
        "mood": _MOODS[report.status],
        "unit": report.unit,
        "one": report.unit[:-1],
        "parts": [
            (p, [c for c in report.changes if c.part == p]) for p in PARTS if any(c.part == p for c in report.changes)
        ],
        "no_shares": wording.NO_SHARES,
        "answered_line": wording.answered_line,
        "refusal_line": wording.refusal_line,
        "answers": wording.answers,
        "slices": _slices,
        "matrix": _matrix,
        "shown_slices": _SLICES,
        "most_changes": _MOST_CHANGES,
        "most_listed": _LIST,
    }
    filters = {
        "number": wording.number, "signed": wording.signed, "share": wording.share, "value": wording.shown,
    }  # fmt: skip
    return rendered(Path(__file__).parent / "diff.html.j2", values, filters)


def _slices(found: Answered) -> list[tuple[Any, float]]:
    """Slices that differ, each with the length of its bar, 0 to 100."""
    slices = wording.differing(found.slices)[:_MOST_SLICES]
    amounts = [s.share if found.labels else s.mean_largest or 0.0 for s in slices]
    most = max(amounts, default=0.0) or 1.0
    return [(s, round(100 * amount / most, 1)) for s, amount in zip(slices, amounts, strict=True)]


def _matrix(changes: tuple[tuple[Any, Any, int], ...]) -> dict[str, Any] | None:
    """From -> to as a table, of at most `_TABLE` labels; None where there are more."""
    names = list(dict.fromkeys(label for was, now, _ in changes for label in (was, now)))
    if not 0 < len(names) <= _TABLE:
        return None
    names.sort(key=lambda name: (type(name).__name__, name or 0) if not isinstance(name, str) else ("str", name))
    counts = {(was, now): rows for was, now, rows in changes}
    return {"names": names, "rows": [(was, [counts.get((was, now), 0) for now in names]) for was in names]}
