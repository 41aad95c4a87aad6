"""From findings to one line an estimator, the table, the bars and the plot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Any

from benchmarks.results import Bar

STATUSES = ("exact", "refused", "WRONG", "error")
_COLOURS = {"exact": "#2a7f62", "refused": "#8a8f98", "WRONG": "#c0392b", "error": "#d68910"}

#: What was measured when the bar was last raised. A run with fewer exact estimators fails.
EXACT_AT_LEAST = 170
CONVERSION_SECONDS = 2.0


def summary(findings: list[dict[str, Any]]) -> dict[str, Any]:
    """One estimator. It is exact when its first configuration is, and no other is wrong or ends in an error."""
    tried = [f for f in findings if f["status"] != "not fitted"]
    statuses = [f["status"] for f in tried]
    status = "error"
    for bad in ("WRONG", "error"):
        if bad in statuses:
            status = bad
            break
    else:
        if tried and tried[0] is findings[0]:
            status = statuses[0]
    shown = next((f for f in tried if f["status"] == status), findings[0])
    return {
        "status": status,
        "why": shown["why"],
        "configurations": len(tried),
        "exact": statuses.count("exact"),
        "refused": [f"{f['label']}: {f['why']}" for f in tried if f["status"] == "refused" and status != "refused"],
        "undecided": sum(f.get("undecided", 0) for f in tried),
        "rows": sum(f.get("rows", 0) for f in tried),
        "max_error": max((f.get("max_error", 0.0) for f in tried), default=0.0),
        "convert_seconds": max((f.get("convert_seconds", 0.0) for f in tried), default=0.0),
        "default_level": max((f.get("default_level", 0.0) for f in tried), default=0.0),
    }


def figures(found: Mapping[str, list[dict[str, Any]]], seconds: float) -> dict[str, Any]:
    summaries = {name: summary(found[name]) for name in sorted(found)}
    counted = Counter(s["status"] for s in summaries.values())
    return {
        "counts": {status: counted[status] for status in STATUSES},
        "estimators": summaries,
        "configurations": {name: found[name] for name in sorted(found)},
        "seconds": round(seconds, 1),
    }


def bars(measured: Mapping[str, Any]) -> list[Bar]:
    counts, estimators = measured["counts"], measured["estimators"].values()
    slowest = max((s["convert_seconds"] for s in estimators), default=0.0)
    return [
        Bar("exact estimators", counts["exact"], EXACT_AT_LEAST, ">="),
        Bar("wrong estimators", counts["WRONG"], 0, "<="),
        Bar("errors", counts["error"], 0, "<="),
        Bar("slowest conversion, seconds", slowest, CONVERSION_SECONDS, "<="),
    ]


def line(name: str, one: Mapping[str, Any]) -> str:
    """A row of the table."""
    done = f"{one['exact']}/{one['configurations']}"
    error = f"{one['max_error']:.1e}" if one["rows"] else ""
    why = one["why"] if one["status"] != "exact" else "; ".join(one["refused"])
    return (
        f"{name:32} {one['status']:8} {done:>6} {one['rows']:7d} {error:>8} {one['convert_seconds']:6.2f}  {why[:180]}"
    ).rstrip()


HEADER = f"{'estimator':32} {'status':8} {'exact':>6} {'rows':>7} {'error':>8} {'s':>6}  why, or what is refused"


def plot(measured: Mapping[str, Any], date: str) -> str:
    """An SVG: every estimator's largest error on a logarithmic axis, refused and failed ones on a strip below."""
    estimators = sorted(measured["estimators"].items(), key=lambda item: (item[1]["max_error"], item[0]))
    width, height, left, top, bottom = 1000, 420, 60, 50, 330
    low, high = -18.0, 2.0

    def y(error: float) -> float:
        power = low if error <= 0 else min(max(math.log10(error), low), high)
        return bottom - (power - low) / (high - low) * (bottom - top)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="24" font-size="15">Largest error of each scikit-learn estimator, {escape(date)}</text>',
    ]
    for power in range(-18, 3, 4):
        at = y(10.0**power)
        parts.append(f'<line x1="{left}" x2="{width - 20}" y1="{at:.1f}" y2="{at:.1f}" stroke="#e4e6ea"/>')
        parts.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">1e{power}</text>')
    bar = y(1e-9)
    parts.append(
        f'<line x1="{left}" x2="{width - 20}" y1="{bar:.1f}" y2="{bar:.1f}" stroke="#c0392b" stroke-dasharray="4"/>'
    )
    step = (width - left - 30) / max(1, len(estimators))
    for i, (name, one) in enumerate(estimators):
        x = left + 5 + i * step
        at = y(one["max_error"]) if one["rows"] else bottom + 25
        title = f"{name}: {one['status']}, {one['max_error']:.1e}" if one["rows"] else f"{name}: {one['status']}"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{at:.1f}" r="3" fill="{_COLOURS[one["status"]]}">'
            f"<title>{escape(title)}</title></circle>"
        )
    for i, status in enumerate(STATUSES):
        x = left + i * 150
        parts.append(f'<circle cx="{x}" cy="{height - 24}" r="5" fill="{_COLOURS[status]}"/>')
        parts.append(f'<text x="{x + 10}" y="{height - 20}">{status} {measured["counts"][status]}</text>')
    return "\n".join([*parts, "</svg>", ""])
