"""The measured table of docs/lambda.md, written from the results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.cold_start.models import ROOT
from benchmarks.cold_start.variants import OURS

PAGE = ROOT / "docs" / "lambda.md"
BEGIN, END = "<!-- make bench-lambda -->", "<!-- /make bench-lambda -->"


def write(document: Mapping[str, Any], page: Path = PAGE) -> None:
    """Replaces what stands between the markers.

    Raises:
        ValueError: the page has no markers.
    """
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page.name} lacks {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{tables(document)}\n{END}{after}", encoding="utf-8")


def tables(document: Mapping[str, Any]) -> str:
    """Markdown: a line on the run, a table a model, the bars."""
    where, figures = document["environment"], document["figures"]
    lines = [
        f"{where['date']}, {where['handler']}, awslambdaric {where['awslambdaric']}, {where['cores']} shared cores of"
        f" which a function has one, {figures['rounds']} rounds: medians, in brackets the minimum.",
    ]
    for model, one in figures["models"].items():
        ours = one["variants"][OURS]["cpu_ms"]
        lines += ["", f"| {model} | CPU ms | wall ms | peak MB | zip MB | CPU, ours = 1 |", "|---|---|---|---|---|---|"]
        for name, at in one["variants"].items():
            shown = f"**{name}**" if name == OURS else name
            cpu = f"{at['cpu_ms']:.0f} ({at['cpu_ms_minimum']:.0f})"
            wall = f"{at['wall_ms']:.0f} ({at['wall_ms_minimum']:.0f})"
            memory, size, times = f"{at['peak_mb']:.0f}", f"{at['zip_mb']:.1f}", f"{at['cpu_ms'] / ours:.2f}"
            lines.append(f"| {' | '.join((shown, cpu, wall, memory, size, times))} |")
        warm = one["warm"]
        lines += [
            "",
            "Warm, one row: " + ", ".join(f"{name} {at['median_ms']:.2f} ms" for name, at in warm.items()) + ".",
        ]
    lines += ["", "| bar | measured | limit | |", "|---|---|---|---|"]
    for bar in document["bars"]:
        verdict = "met" if bar["ok"] else "missed"
        lines.append(f"| {bar['name']} | {bar['value']:.3g} | {bar['sense']} {bar['limit']:g} | {verdict} |")
    return "\n".join(lines)
