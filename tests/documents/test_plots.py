"""The committed plots show the committed results: `python -m benchmarks.plots` draws them again."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from benchmarks import plots, results


@pytest.mark.parametrize("name", plots.PLOTS)
def test_a_plot_shows_the_results_beside_it(name: str) -> None:
    drawn = plots.drawn(name)
    ElementTree.fromstring(drawn)
    assert drawn == (results.FOLDER / f"{name}.svg").read_text(encoding="utf-8"), "python -m benchmarks.plots"
