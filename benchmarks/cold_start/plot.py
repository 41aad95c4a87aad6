"""The SVG of a run: CPU time to the first answer of every variant, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks import plots
from benchmarks.cold_start.variants import FASTAPI, OURS

_OURS, _OTHER = "#2a9d8f", "#8d99ae"


def plot(document: Mapping[str, Any]) -> str:
    models, where = document["figures"]["models"], document["environment"]
    lines = [len(one["variants"]) for one in models.values()]
    drawn = plots.figure(9, 1 + 0.25 * sum(lines) + 0.5 * len(lines))
    axes = drawn.subplots(len(lines), sharex=True, squeeze=False, height_ratios=lines)[:, 0]
    for axis, (model, one) in zip(axes, models.items(), strict=True):
        took = {name: at["cpu_ms"] for name, at in one["variants"].items()}
        colors = [_OURS if name in (OURS, FASTAPI) else _OTHER for name in took]
        axis.bar_label(axis.barh([*took], [*took.values()], color=colors), fmt="{:,.0f}", padding=4)
        axis.set(xscale="log", xlim=(10, 20_000), axisbelow=True)
        axis.set_title(model, loc="left", fontweight="bold")
        axis.grid(axis="x", color="#e4e6ea")
        axis.spines[:].set_visible(False)
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.invert_yaxis()
    drawn.suptitle(
        f"Process start to first answer, CPU ms (median), {where['date']}\n{where['handler']}, awslambdaric"
        f" {where['awslambdaric']}, {document['figures']['rounds']} rounds taking turns; logarithmic scale"
    )
    return plots.svg(drawn)
