"""parity.html: the report as one page (`parity.html.j2`), and in short for notebooks (`notebook.html.j2`)."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from isoship.bundle.in_notebooks import MOODS
from isoship.bundle.templates import rendered
from isoship.parity.verdict.compare import DECADES, FAULTS, Verdict
from isoship.parity.verdict.evidence import EVIDENCE
from isoship.parity.verdict.ulps import BINS
from isoship.parity.verdict.wording import (
    cause_lines,
    fewer_lines,
    number,
    shown_value,
    table_cells,
    table_head,
    told_together,
)

if TYPE_CHECKING:
    from isoship.parity.verdict.report import ParityReport

_TEMPLATES = Path(__file__).parent
_LANE, _TOP, _LEFT, _STEP = 46, 30, 210, 32
_ZERO_AT = 0.5
_WIDTH = _LEFT + _STEP * (len(DECADES) + 2) + 20


class Bar(NamedTuple):
    x: float
    y: float
    height: float
    rows: int
    label: str
    over: bool


class Lane(NamedTuple):
    """One runtime in the plot."""

    name: str
    y: float
    bars: list[Bar]
    tolerance: float | None
    tolerance_label: str


class Plot(NamedTuple):
    width: float
    height: float
    left: float
    bottom: float
    ticks: list[tuple[float, str]]
    lanes: list[Lane]


def render(report: ParityReport) -> str:
    """The page."""
    ran = [v for v in report.verdicts if v.rows]
    calls = report.unit == "calls"
    kinds = list(dict.fromkeys(kind for v in ran for kind in v.kinds))
    values = {
        "report": report,
        "evidence": EVIDENCE[report.evidence].replace("rows", report.unit),
        "faults": FAULTS,
        "unit": report.unit,
        "one": "call" if calls else "row",
        "told": told_together(report.verdicts),
        "fewer": fewer_lines(report.verdicts),
        "ran": ran,
        "kinds": kinds,
        "ulp_bins": [*map(str, BINS), "more"],
        "plot": plot_of(ran),
        "csv": csv_link(report),
        "worst": [
            (v, w, report.shown.get(w.row))
            for v in report.verdicts
            for w in v.worst[: 4 if v.status in (*FAULTS, "differs") else 1]
        ],
    }
    return rendered(_TEMPLATES / "parity.html.j2", values, {"error": number, "value": shown_value})


def in_notebook(report: ParityReport) -> str:
    """The report in short, in the notebook's own colors (`bundle/in_notebooks.py`)."""
    values = {
        "report": report,
        "mood": "good" if report.ok else "bad" if report.exit_code == 1 else "idle",
        "moods": MOODS,
        "mood_of": lambda v: "good" if v.status == "agree" else "bad" if v.status in FAULTS else "idle",
        "head": table_head(report.unit),
        "rows": [(v, table_cells(v)) for v in report.verdicts],
        "told": told_together(report.verdicts),
        "fewer": fewer_lines(report.verdicts),
        "causes": lambda v: cause_lines(v.cause),
    }
    return rendered(_TEMPLATES / "notebook.html.j2", values)


def plot_of(verdicts: list[Verdict]) -> Plot:
    """A lane a runtime: how many rows have a largest error of each power of ten, and where the tolerance lies.

    A relative tolerance grows with the answer. The line stands where the largest answer's lies; rows that are beyond
    their own are told by the colour of their bar.
    """
    lanes = []
    for i, verdict in enumerate(verdicts):
        base = _TOP + (i + 1) * _LANE - 8
        decades: dict[str, int] = {}
        beyond: set[str] = set()
        for kind, count in verdict.kinds.items():
            if kind == "far" and not count.over:
                continue  # their tolerance is another
            for decade, rows in count.decades.items():
                decades[decade] = decades.get(decade, 0) + rows
            beyond |= count.over_decades.keys()
        limit = verdict.allowed or None
        most = max(decades.values(), default=1)
        bars = []
        for decade, rows in decades.items():
            # counts span four orders of magnitude, and one bad row must still be seen
            height = 5 + (_LANE - 19) * math.log1p(rows) / math.log1p(most)
            bars.append(Bar(_place(decade), base - height, height, rows, _decade_label(decade), decade in beyond))
        at = None if limit is None else _LEFT + _STEP * (math.log10(limit) - DECADES[0] + 1 + _ZERO_AT)
        lanes.append(Lane(verdict.name, base, bars, at, "" if limit is None else f"tolerance {limit:.1e}"))
    bottom = _TOP + len(verdicts) * _LANE
    ticks = [(_place("none") + 13, "0")]
    ticks += [(_place(str(d)) - 4, f"1e{d}") for d in DECADES if d % 3 == 0]
    ticks.append((_place("inf") + 13, "inf"))
    return Plot(_WIDTH, bottom + 34, _LEFT, bottom, ticks, lanes)


#: What a spreadsheet may run at the start of a cell, and behind what it takes for a cell's end in another country.
_FORMULA = re.compile(r"\s*[=+\-@\t\r|%]")
_FORMULA_BEHIND = re.compile(r"([;\t\r\n]\s*)(?=[=+\-@])")


def csv_link(report: ParityReport) -> str:
    """A data: link to the worst rows as CSV; cells that a spreadsheet would run as formulas are defused."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["runtime", "status", "kind", "row", "output", "expected", "value", "error", "flip", "input"])
    for v in report.verdicts:
        for w in v.worst:
            cells = [v.name, v.status, w.kind, w.row, w.output, w.expected, w.value, w.error, w.flip]
            writer.writerow([_cell(c) for c in [*cells, _input(report.shown.get(w.row))]])
    return "data:text/csv;charset=utf-8," + urllib.parse.quote(text.getvalue(), errors="backslashreplace")


def _input(row: dict[str, Any] | None) -> str:
    if row is None:
        return "a row of the sample (its values are not stored)"
    return json.dumps(row, ensure_ascii=False)


def _cell(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return value
    text = value if isinstance(value, str) else shown_value(value)
    text = f"'{text}" if _FORMULA.match(text) else text
    return _FORMULA_BEHIND.sub(r"\1'", text)


def _place(decade: str) -> float:
    if decade == "none":
        return _LEFT + 4
    if decade == "inf":
        return _LEFT + _STEP * (len(DECADES) + 1) + 4
    return _LEFT + _STEP * (int(decade) - DECADES[0] + 1 + _ZERO_AT) + 2


def _decade_label(decade: str) -> str:
    if decade in ("none", "inf"):
        return {"none": "no error at all", "inf": "one side is not a number"}[decade]
    return f"error from 1e{decade} to 1e{int(decade) + 1}"
