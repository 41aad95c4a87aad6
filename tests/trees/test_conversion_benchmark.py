"""`make bench-conversion`: what it counts, and that a missed bar is told."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from onnx import TensorProto, helper

from isoship.onnx.graph import GraphBuilder

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.conversion import measure, summary
from benchmarks.conversion.models import BARRED


def graph(kind, nodes):
    g = GraphBuilder()
    x = "X"
    for _ in range(nodes):
        x = g.op("Neg", x)
    g.op("Identity", x, out="Y")
    names = (("X", 4), ("Y", 4))
    return g.model(*[[helper.make_tensor_value_info(name, kind, ["N", size])] for name, size in names])


def test_the_longer_graph_is_measured_as_longer(tmp_path):
    ours, standard = tmp_path / "ours.onnx", tmp_path / "standard.onnx"
    ours.write_bytes(graph(TensorProto.DOUBLE, 400).SerializeToString())
    measure.optimized(graph(TensorProto.FLOAT, 4).SerializeToString(), standard)
    figures = measure.compare(ours, standard, np.ones((1000, 4)), rounds=3)
    assert set(figures) == set(summary.METRICS) - {"convert_s"}
    assert figures["bytes"]["ratio"] == ours.stat().st_size / standard.stat().st_size
    assert all(one["ratio"] > 1.2 for one in figures.values())


@pytest.mark.parametrize("metric", summary.LIMITS)
def test_a_bar_just_above_its_limit_is_missed(metric):
    even = {"ours": 1.0, "standard": 1.0, "ratio": 0.4}
    models = {BARRED: dict.fromkeys(summary.METRICS, even)}
    assert all(bar.ok for bar in summary.bars(models))
    models[BARRED][metric] = {**even, "ratio": summary.LIMITS[metric] + 0.001}
    assert [bar.ok for bar in summary.bars(models)].count(False) == 1
    ElementTree.fromstring(summary.plot({"figures": {"models": models}, "environment": {"date": "today"}}))
