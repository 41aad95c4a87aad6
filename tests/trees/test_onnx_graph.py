"""The graph builder."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from on_thresholds import run
from onnx import TensorProto, helper

from isoship.onnx.graph import IR_VERSION, OPSET, OPSET_ML, GraphBuilder

X = helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", 2])


def test_a_graph_runs_and_declares_our_versions():
    g = GraphBuilder()
    g.op("Mul", g.op("Sub", "X", np.array([1.5, 2.0])), np.float64(3), out="Y")
    model = g.model([X], [helper.make_tensor_value_info("Y", TensorProto.DOUBLE, ["N", 2])])
    assert run(model, np.array([[1.0, 1.0]]))["Y"].tolist() == [[-1.5, -3.0]]
    assert {each.domain: each.version for each in model.opset_import} == {"": OPSET, "ai.onnx.ml": OPSET_ML}
    assert model.ir_version == IR_VERSION


def test_equal_constants_are_stored_once_and_different_ones_apart():
    g = GraphBuilder()
    names = [
        g.const(value) for value in (np.array([0.0]), np.array([0.0]), np.array([-0.0]), np.array([0]), np.zeros(()))
    ]
    assert names[0] == names[1]
    assert len(set(names)) == len(g.initializers) == 4


@pytest.mark.parametrize(
    "value", [np.float32(1.5), np.array(["Tromsø", "東京", ""]), np.array([True, False]), np.array([[np.nan, np.inf]])]
)
def test_a_constant_comes_back_as_it_was(value):
    g = GraphBuilder()
    g.op("Identity", value, out="Y")
    kind = helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype) if np.asarray(value).dtype.kind != "U" else 8
    model = g.model([X], [helper.make_tensor_value_info("Y", kind, np.shape(value))])
    np.testing.assert_array_equal(run(model, np.zeros((1, 2)))["Y"], value)


def test_names_never_collide_with_outputs_named_by_the_caller():
    g = GraphBuilder()
    g.op("Neg", "X", out="neg")
    assert g.op("Neg", "neg") != "neg"


def test_an_attribute_of_none_and_an_input_left_out_are_not_written():
    g = GraphBuilder()
    g.op("Clip", "X", "", np.float64(1), out="Y", nothing=None)
    assert list(g.nodes[0].input)[1] == ""
    assert len(g.nodes[0].attribute) == 0


def test_a_mistake_is_found_when_the_graph_is_closed():
    g = GraphBuilder()
    g.op("Neg", "nowhere", out="Y")
    with pytest.raises(onnx.checker.ValidationError, match="nowhere"):
        g.model([X], [helper.make_tensor_value_info("Y", TensorProto.DOUBLE, ["N", 2])])
