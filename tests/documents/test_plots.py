"""The committed plots show the committed results: `python -m benchmarks.plots` draws them again."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from benchmarks import plots, results

_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


@pytest.mark.parametrize("name", plots.PLOTS)
def test_a_plot_shows_the_results_beside_it(name: str) -> None:
    drawn, kept = plots.drawn(name), (results.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(drawn)
    what = "python -m benchmarks.plots draws another"
    assert _NUMBER.sub("#", drawn) == _NUMBER.sub("#", kept), what
    places, others = ([float(each) for each in _NUMBER.findall(text)] for text in (drawn, kept))
    assert places == pytest.approx(others, abs=0.01), what  # points; another logarithm's last bit
