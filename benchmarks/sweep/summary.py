"""From findings to one line an estimator, the table, the bars and the plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks import plots
from benchmarks.results import Bar

STATUSES = ("exact", "refused", "WRONG", "error")
_COLOURS = {"exact": "#2a7f62", "refused": "#8a8f98", "WRONG": "#c0392b", "error": "#d68910"}
#: Where the plot shows an error of 0, and what was refused.
_NO_ERROR, _NO_ROWS = 1e-18, 1e-20

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


def plot(document: Mapping[str, Any]) -> str:
    """An SVG: every estimator's largest error on a logarithmic axis, refused and failed ones on a strip below."""
    measured = document["figures"]
    estimators = sorted(measured["estimators"].items(), key=lambda item: (item[1]["max_error"], item[0]))
    drawn = plots.figure(18, 6)
    axis = drawn.subplots()
    for status in STATUSES:
        shown = [(i, one) for i, (_, one) in enumerate(estimators) if one["status"] == status]
        heights = [max(one["max_error"], _NO_ERROR) if one["rows"] else _NO_ROWS for _, one in shown]
        label = f"{status} {measured['counts'][status]}"
        axis.scatter([i for i, _ in shown], heights, s=14, color=_COLOURS[status], label=label, zorder=2)
    axis.axhline(1e-9, color="#c0392b", linestyle="--", linewidth=0.8)
    axis.set(yscale="log", xlim=(-1, len(estimators)), ylim=(_NO_ROWS / 10, 1e2))
    powers = range(-18, 3, 4)
    axis.set_yticks([_NO_ROWS, *(10.0**power for power in powers)], ["no rows", *(f"1e{power}" for power in powers)])
    axis.set_xticks(range(len(estimators)), [name for name, _ in estimators], rotation=90, fontsize=5)
    axis.grid(axis="y", color="#e4e6ea")
    axis.spines[:].set_visible(False)
    drawn.legend(loc="outside lower center", ncols=len(STATUSES), frameon=False)
    drawn.suptitle(f"Largest error of each scikit-learn estimator, {document['environment']['date']}")
    return plots.svg(drawn)
