"""Plots of results as SVG: text stays text, and the same figures give the same bytes.

`python -m benchmarks.plots` draws all of them again from the last results, and measures nothing.
"""

from __future__ import annotations

import importlib
import io
import sys

import matplotlib
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from benchmarks import results

#: Results -> the module that plots them.
PLOTS = {
    "cold_start": "benchmarks.cold_start.plot",
    "conversion": "benchmarks.conversion.summary",
    "mutants": "benchmarks.mutants.summary",
    "sweep": "benchmarks.sweep.summary",
}


def figure(width: float, height: float) -> Figure:
    """An empty one; inches. What shows it may have a wider font, hence the margins."""
    return Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.3))


def svg(made: Figure) -> str:
    text = io.StringIO()
    # names are whatever somebody called them, and two dollar signs are no formula
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "isoship", "text.parse_math": False}):
        made.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def drawn(name: str) -> str:
    """The plot of the last results of a benchmark."""
    return str(importlib.import_module(PLOTS[name]).plot(results.read(name)))


def main() -> None:
    for name in PLOTS:
        path = results.FOLDER / f"{name}.svg"
        path.write_text(drawn(name), encoding="utf-8")
        print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
