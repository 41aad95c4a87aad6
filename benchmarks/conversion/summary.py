"""The table, the bars and the plot of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks import plots
from benchmarks.conversion.models import BARRED
from benchmarks.results import Bar

#: "bare" is onnxruntime's Python binding without the bundle's runtime around it.
METRICS = {
    "convert_s": "conversion",
    "bytes": "size",
    "load_ms": "load",
    "batch_1_us": "batch 1",
    "batch_1000_us": "batch 1000",
    "bare_1_us": "bare 1",
    "bare_1000_us": "bare 1000",
}
#: Issue 3, point 6: ours at most this many times the standard export's.
LIMITS = {"load_ms": 0.5, "bytes": 0.6, "batch_1_us": 1.4, "batch_1000_us": 1.3}
_COLOURS = dict(
    zip(METRICS, ("#8d99ae", "#2a9d8f", "#457b9d", "#e9c46a", "#e76f51", "#f4e3b0", "#f3b7a8"), strict=True)
)


def header() -> str:
    return f"{'model':22}" + "".join(f"{title:>30}" for title in METRICS.values())


def line(name: str, figures: Mapping[str, Any]) -> str:
    cells = (
        f"{one['ours']:.4g} / {one['standard']:.4g} = {one['ratio']:.2f}" for one in map(figures.get, METRICS) if one
    )
    return f"{name:22}" + "".join(f"{cell:>30}" for cell in cells)


def bars(models: Mapping[str, Mapping[str, Any]]) -> list[Bar]:
    """One for each limit, where the barred forest was measured."""
    measured = models.get(BARRED)
    if measured is None:
        return []
    return [
        Bar(f"{BARRED}: {METRICS[metric]}, times the standard export's", measured[metric]["ratio"], limit, "<=")
        for metric, limit in LIMITS.items()
    ]


def plot(document: Mapping[str, Any]) -> str:
    """An SVG: for each model and metric, ours over the standard export's, cut at 2.5; a stroke for each bar."""
    models, most = document["figures"]["models"], 2.5
    drawn = plots.figure(9, 1 + 1.1 * len(models))
    axis, step = drawn.subplots(), 1 / (len(METRICS) + 1)
    for i, (metric, title) in enumerate(METRICS.items()):
        ratios = [one[metric]["ratio"] for one in models.values()]
        at = [number + (i + 1) * step for number in range(len(models))]
        drawn_bars = axis.barh(
            at, [min(each, most) for each in ratios], 0.9 * step, color=_COLOURS[metric], label=title
        )
        axis.bar_label(drawn_bars, [f"{each:.2f}" for each in ratios], padding=3, fontsize=7)
        for y, name in zip(at, models, strict=True):
            if name == BARRED and metric in LIMITS:
                axis.vlines(LIMITS[metric], y - step / 2, y + step / 2, "#c0392b", linewidth=2)
    axis.axvline(1, color="#444", linewidth=0.8)
    axis.set_yticks([number + 0.5 for number in range(len(models))], [*models])
    axis.set(xlim=(0, most + 0.2), ylim=(len(models), 0), axisbelow=True)
    axis.grid(axis="x", color="#e4e6ea")
    axis.spines[:].set_visible(False)
    drawn.legend(loc="outside lower center", ncols=len(METRICS), frameon=False, fontsize=9)
    drawn.suptitle(f"Our graph over the standard export, less is better, {document['environment']['date']}")
    return plots.svg(drawn)
