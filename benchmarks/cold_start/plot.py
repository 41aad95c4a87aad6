"""The SVG of a run: CPU time to the first answer of every variant, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.cold_start.variants import FASTAPI, OURS

_LEFT, _WIDTH, _ROW, _FROM, _TO = 290, 900, 20, 10.0, 10_000.0
_OURS, _OTHER = "#2a9d8f", "#8d99ae"


def plot(document: Mapping[str, Any]) -> str:
    models = document["figures"]["models"]
    height = 60 + sum(34 + _ROW * len(one["variants"]) for one in models.values()) + 24
    date = escape(document["environment"]["date"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif"'
        ' font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        f'<text x="20" y="24" font-size="15">Process start to first answer, CPU ms (median), {date}</text>',
        f'<text x="20" y="42" fill="#555">{escape(document["environment"]["handler"])}, awslambdaric'
        f" {document['environment']['awslambdaric']}, {document['figures']['rounds']} rounds taking turns;"
        " logarithmic scale</text>",
    ]
    for tick in (10, 30, 100, 300, 1000, 3000, 10_000):
        x = _x(tick)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="56" y2="{height - 22}" stroke="#e4e6ea"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{tick:,}</text>')
    y = 60
    for model, one in models.items():
        y += 18
        parts.append(f'<text x="20" y="{y}" font-weight="bold">{escape(model)}</text>')
        y += 8
        for name, at in one["variants"].items():
            end = _x(at["cpu_ms"])
            colour = _OURS if name in (OURS, FASTAPI) else _OTHER
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
            parts.append(
                f'<rect x="{_LEFT}" y="{y + 2}" width="{end - _LEFT:.1f}" height="{_ROW - 6}" fill="{colour}"/>'
            )
            parts.append(f'<text x="{end + 5:.1f}" y="{y + 13}">{at["cpu_ms"]:,.0f}</text>')
            y += _ROW
        y += 8
    return "\n".join([*parts, "</svg>", ""])


def _x(milliseconds: float) -> float:
    share = math.log(milliseconds / _FROM) / math.log(_TO / _FROM)
    return _LEFT + max(share, 0.0) * (_WIDTH - _LEFT - 60)
