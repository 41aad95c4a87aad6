"""The table, the bars and the plot of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

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


def plot(models: Mapping[str, Mapping[str, Any]], date: str) -> str:
    """An SVG: for each model and metric, ours over the standard export's, cut at 2.5; a stroke for each bar."""
    width, left, scale, row, top, most = 900, 190, 260.0, 100, 70, 2.5
    height = top + row * len(models) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="20" y="24" font-size="15">Our graph over the standard export, less is better, {escape(date)}</text>',
    ]
    for i, (metric, title) in enumerate(METRICS.items()):
        parts.append(f'<rect x="{left + i * 98}" y="38" width="12" height="12" fill="{_COLOURS[metric]}"/>')
        parts.append(f'<text x="{left + 16 + i * 98}" y="49">{title}</text>')
    for tick in (0.5, 1.0, 1.5, 2.0):
        x = left + tick * scale
        colour = "#444" if tick == 1 else "#e4e6ea"
        parts.append(f'<line x1="{x}" x2="{x}" y1="{top - 8}" y2="{height - 20}" stroke="{colour}"/>')
        parts.append(f'<text x="{x}" y="{height - 6}" text-anchor="middle">{tick:g}</text>')
    for number, (name, figures) in enumerate(models.items()):
        y = top + row * number
        parts.append(f'<text x="{left - 10}" y="{y + 48}" text-anchor="end">{escape(name)}</text>')
        for i, metric in enumerate(METRICS):
            ratio, at = figures[metric]["ratio"], y + 12 * i
            drawn = min(ratio, most) * scale
            parts.append(f'<rect x="{left}" y="{at}" width="{drawn:.1f}" height="10" fill="{_COLOURS[metric]}"/>')
            parts.append(f'<text x="{left + drawn + 4:.1f}" y="{at + 9}" font-size="10">{ratio:.2f}</text>')
            if name == BARRED and metric in LIMITS:
                x = left + LIMITS[metric] * scale
                parts.append(
                    f'<line x1="{x}" x2="{x}" y1="{at - 1}" y2="{at + 11}" stroke="#c0392b" stroke-width="2"/>'
                )
    return "\n".join([*parts, "</svg>", ""])
