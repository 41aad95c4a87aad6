"""Doubles in order, and crossings found to the last bit."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from formula import SIGNATURE, formula_graph
from isoship.onnx.graph import GraphBuilder
from isoship.rows.probe import Probe, Thresholds, double_of_order, order_of_double
from isoship_edge.manifest import Column, Signature


def test_order_of_double_counts_doubles_and_comes_back():
    values = np.array([-np.finfo(float).max, -1.0, -5e-324, 0.0, 5e-324, 2.2250738585072014e-308, 1.0, 1e308])
    order = order_of_double(values)
    assert np.all(np.diff(order) > 0)
    assert np.array_equal(double_of_order(order), values)
    assert np.array_equal(double_of_order(order + 1), np.nextafter(values, np.inf))
    assert order_of_double(np.array([-0.0]))[0] == 0


def _probe(dtype, build):
    g = GraphBuilder()
    build(g)
    kind = TensorProto.INT64 if dtype == "int64" else TensorProto.DOUBLE
    model = g.model(
        [helper.make_tensor_value_info("a", kind, ["N", 1])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["N", 1])],
    )
    return Probe(model, Signature("columns", (Column("a", dtype),)), ["y"])


def _at(threshold, strict=False):
    return Thresholds("y", np.array([0]), np.array([threshold]), np.array([strict]))


@pytest.mark.parametrize(("strict", "expected"), [(False, 2.0), (True, np.nextafter(2.0, 0))])
def test_a_crossing_is_the_last_value_on_the_near_side(strict, expected):
    probe = _probe("double", lambda g: g.op("Mul", "a", np.array([3.0]), out="y"))
    _which, at = probe.crossings(["a"], _at(6.0, strict))
    assert at.tolist() == [expected]


def test_a_function_that_turns_around_crosses_twice():
    probe = _probe("double", lambda g: g.op("Abs", "a", out="y"))
    which, at = probe.crossings(["a"], _at(7.25))
    assert which.tolist() == [0, 0]
    assert sorted(np.abs(at)) == [7.25, np.nextafter(7.25, 8)], "the near side of -7.25 lies outside it"


def test_a_level_that_is_never_crossed_is_left_out():
    probe = _probe("double", lambda g: g.op("Abs", "a", out="y"))
    assert len(probe.crossings(["a"], _at(-1.0))[1]) == 0


@pytest.mark.parametrize("strict", [False, True])
def test_where_float32_rounds_to_a_split_is_found_in_few_questions_and_to_the_last_bit(strict):
    def build(g):
        g.cast(g.op("Cast", "a", to=TensorProto.FLOAT), np.float64, out="y")

    rng = np.random.default_rng(0)
    split = np.float32(rng.normal(size=300)).astype(np.float64)
    probe, asked = _probe("double", build), []
    values = probe.values
    probe.values = lambda tensor, columns: asked.append(tensor) or values(tensor, columns)
    thresholds = Thresholds("y", np.zeros(300, np.int64), split, np.full(300, strict))
    which, at = probe.crossings(["a"] * 300, thresholds)
    assert sorted(which.tolist()) == list(range(300))
    near, beyond = at.astype(np.float32), np.nextafter(at, np.inf).astype(np.float32)
    wanted = np.float32(split[which])
    assert ((near < wanted) & (beyond == wanted) if strict else (near == wanted) & (beyond > wanted)).all()
    assert len(asked) < 15, "one by one they are bisected over 50 doubles"


def test_integer_columns_cross_between_integers():
    probe = _probe("int64", lambda g: g.op("Mul", g.cast("a", np.float64), np.array([2.0]), out="y"))
    assert probe.crossings(["a"], _at(15.0))[1].tolist() == [7.0]


def test_each_feature_is_traced_to_the_one_column_behind_it():
    model = formula_graph()
    names = [n.output[0] for n in model.graph.node if n.op_type == "Concat"]
    probe = Probe(model, SIGNATURE, names)
    text = {"city": ["isoship", "Oslo", "Rome"]}
    assert probe.only_column(names[0], ["height", "weight"], text) == ["height", "weight"]
    assert probe.only_column(names[1], ["height", "weight"], text) == ["height", "weight", "city", "city", None]
