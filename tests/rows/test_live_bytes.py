"""The bytes that a row takes in a graph: the most that are kept at a time, whatever the batch."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.live_bytes import bytes_a_row
from isoship.rows import probe as probes
from isoship.rows.probe import Probe
from isoship_edge.manifest import Column, Signature


def _model(build, dtype=TensorProto.DOUBLE) -> onnx.ModelProto:
    g = GraphBuilder()
    build(g)
    return g.model(
        [helper.make_tensor_value_info("a", dtype, ["N", 1])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["N", 1])],
    )


def _wide(g):
    """[N, 1] -> [N, 500] -> its square -> [N, 1]: two wide tensors are kept at a time, not three."""
    difference = g.op("Sub", "a", np.arange(500.0).reshape(1, -1))
    square = g.op("Mul", difference, difference)
    g.op("ReduceSum", g.op("Sqrt", square), np.array([1]), keepdims=1, out="y")


def test_the_most_that_is_kept_at_a_time_is_counted():
    assert bytes_a_row(_model(_wide)) == 2 * 500 * 8


def test_constants_are_no_part_of_a_row():
    model = _model(
        lambda g: g.op("Add", "a", g.op("ReduceSum", np.ones((1, 4000)), np.array([1]), keepdims=1), out="y")
    )
    assert bytes_a_row(model) == 2 * 8


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_a_probe_asks_in_pieces_and_answers_as_in_one(rows, monkeypatch):
    signature = Signature("columns", (Column("a", "double"),))
    column = {"a": np.linspace(-5.0, 600.0, 200)}
    whole = Probe(_model(_wide), signature, ["y"]).values("y", column)
    monkeypatch.setattr(probes, "_MOST_BYTES", rows * 8000)
    parted = Probe(_model(_wide), signature, ["y"])
    asked = []
    run = parted._session.run
    parted._session = type(
        "Counted", (), {"run": lambda _, o, feeds, path: asked.append(len(feeds["a"])) or run(o, feeds, path)}
    )()
    assert np.array_equal(parted.values("y", column), whole)
    assert max(asked) == min(rows, 200)
    swept = list(parted.one_column_at_a_time("y", column))
    assert [first for _, first, _ in swept] == list(range(0, 200, rows))
    assert np.array_equal(np.concatenate([got for _, _, got in swept]), whole)
