"""The passes: what they take out, what they must leave, and that they change no answer."""

from __future__ import annotations

import numpy as np
import pytest
from on_thresholds import LEVELS, run
from onnx import TensorProto, helper

from isoship.errors import ConversionError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.passes import run_all
from isoship.onnx.passes.nodes import replace_nodes


def matrix(name, columns=4):
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["N", columns])


def operators(model):
    return [node.op_type for node in model.graph.node]


def test_identities_go_and_the_names_of_inputs_and_outputs_stay():
    g = GraphBuilder()
    twice = g.op("Identity", g.op("Identity", "X"))
    g.op("Identity", g.op("Neg", twice), out="Y")
    result = run_all(g.model([matrix("X")], [matrix("Y")]))
    assert operators(result) == ["Neg"]
    assert (result.graph.node[0].input[0], result.graph.node[0].output[0]) == ("X", "Y")


def test_an_identity_between_input_and_output_stays():
    g = GraphBuilder()
    g.op("Identity", "X", out="Y")
    g.op("Identity", np.ones((1, 4)), out="Z")
    assert operators(run_all(g.model([matrix("X")], [matrix("Y"), matrix("Z")]))) == ["Identity", "Identity"]


def test_one_tensor_under_two_output_names_keeps_both():
    g = GraphBuilder()
    g.op("Neg", "X", out="Y")
    g.op("Identity", "Y", out="Z")
    result = run_all(g.model([matrix("X")], [matrix("Y"), matrix("Z")]))
    got = run(result, np.ones((1, 4)))
    assert got["Y"].tolist() == got["Z"].tolist() == [[-1, -1, -1, -1]]


def test_two_outputs_that_copy_one_tensor_keep_both_names():
    g = GraphBuilder()
    hidden = g.op("Neg", "X")
    g.op("Identity", hidden, out="Y")
    g.op("Identity", hidden, out="Z")
    got = run(run_all(g.model([matrix("X")], [matrix("Y"), matrix("Z")])), np.ones((1, 4)))
    assert got["Y"].tolist() == got["Z"].tolist() == [[-1, -1, -1, -1]]


def test_an_identity_that_a_loop_body_reads_stays():
    body = helper.make_graph(
        [helper.make_node("Add", ["outer", "outer"], ["sum"]), helper.make_node("Identity", ["go"], ["again"])],
        "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", 9, [])],
        [helper.make_tensor_value_info("again", 9, []), helper.make_tensor_value_info("sum", 11, None)],
    )
    g = GraphBuilder()
    g.op("Identity", "X", out="outer")
    g.op("Loop", np.int64(2), np.array(True), out="Y", body=body)
    model = g.model([matrix("X")], [helper.make_tensor_value_info("Y", TensorProto.DOUBLE, [2, "N", 4])])
    assert run(run_all(model), np.ones((1, 4)))["Y"].tolist() == [[[2] * 4]] * 2


def test_a_cast_to_its_own_type_goes_and_others_stay():
    g = GraphBuilder()
    g.cast(g.cast(g.cast("X", np.float64), np.float32), np.float64, out="Y")
    assert operators(run_all(g.model([matrix("X")], [matrix("Y")]))) == ["Cast", "Cast"]


def test_what_no_output_needs_goes():
    g = GraphBuilder()
    g.op("Add", g.op("Neg", "X"), np.ones(4))
    g.op("Abs", "X", out="Y")
    result = run_all(g.model([matrix("X")], [matrix("Y")]))
    assert operators(result) == ["Abs"]
    assert len(result.graph.initializer) == 0


def test_what_is_computed_twice_is_computed_once():
    g = GraphBuilder()
    for name in ("Y", "Z"):
        g.op("Add", g.op("Neg", "X"), np.ones(4), out=name)
    g.op("Sub", g.op("Neg", "X"), np.ones(4), out="other")
    result = run_all(g.model([matrix("X")], [matrix("Y"), matrix("Z"), matrix("other")]))
    assert sorted(operators(result)) == ["Add", "Identity", "Neg", "Sub"]
    got = run(result, np.ones((1, 4)))
    assert got["Y"].tolist() == got["Z"].tolist() == [[0] * 4]
    assert got["other"].tolist() == [[-2] * 4]


def test_nodes_that_differ_in_an_attribute_or_draw_random_numbers_stay_apart():
    g = GraphBuilder()
    g.op("ReduceMax", "X", np.array([1]), out="Y", keepdims=0)
    g.op("ReduceMax", "X", np.array([1]), out="Z", keepdims=1)
    for name in ("R", "S"):
        g.op("RandomNormalLike", "X", out=name)
    flat = helper.make_tensor_value_info("Y", TensorProto.DOUBLE, ["N"])
    result = run_all(g.model([matrix("X")], [flat, matrix("Z", 1), matrix("R"), matrix("S")]))
    assert operators(result) == ["ReduceMax", "ReduceMax", "RandomNormalLike", "RandomNormalLike"]


def test_a_reshape_of_a_reshape_reads_what_the_first_one_read():
    g = GraphBuilder()
    flat = g.op("Reshape", "X", np.array([-1]))
    g.op("Reshape", flat, np.array([-1, 2, 2]), out="Y")
    g.op("Reshape", g.op("Reshape", "X", np.array([-1, 2, 2])), np.array([0, 4]), out="Z")
    cube = helper.make_tensor_value_info("Y", TensorProto.DOUBLE, ["N", 2, 2])
    result = run_all(g.model([matrix("X")], [cube, matrix("Z")]))
    rows = np.arange(12.0).reshape(3, 4)
    assert operators(result) == ["Reshape", "Reshape"]
    got = run(result, rows)
    np.testing.assert_array_equal(got["Y"], rows.reshape(3, 2, 2))
    np.testing.assert_array_equal(got["Z"], rows)


def label(classes, number):
    """The graph of a classifier's label, with the number of the class from this operator."""
    g = GraphBuilder()
    place = (
        g.op(number, "X", axis=1, keepdims=0)
        if number != "Cast"
        else g.cast(g.op("ReduceMin", "X", np.array([1]), keepdims=0), np.int64)
    )
    g.op("Gather", np.array(classes), place, out="Y", axis=0)
    return run_all(g.model([matrix("X", 3)], [helper.make_tensor_value_info("Y", TensorProto.INT64, ["N"])]))


def test_class_numbers_that_are_the_labels_are_not_looked_up():
    rows = np.array([[1.0, 3, 2], [5, 0, 0]])
    assert operators(label([0, 1, 2], "ArgMax")) == ["ArgMax"]
    for classes in ([0, 1, 2], [0, 2, 1], [1, 2, 3], [0, 1, 5]):
        np.testing.assert_array_equal(run(label(classes, "ArgMax"), rows)["Y"], np.array(classes)[rows.argmax(axis=1)])
        assert ("Gather" in operators(label(classes, "ArgMax"))) == (classes != [0, 1, 2])


def test_a_number_that_may_be_negative_is_looked_up():
    """-1 is the last row of a table, and no label."""
    graph = label([0, 1, 2], "Cast")
    assert "Gather" in operators(graph)
    assert run(graph, np.array([[-1.0, 0, 0]]))["Y"].tolist() == [2]


def test_the_model_given_is_not_changed():
    g = GraphBuilder()
    g.op("Identity", g.op("Neg", "X"), out="Y")
    model = g.model([matrix("X")], [matrix("Y")])
    before = model.SerializeToString(deterministic=True)
    run_all(model)
    assert model.SerializeToString(deterministic=True) == before


def test_an_invalid_graph_is_an_error_of_ours():
    g = GraphBuilder()
    g.op("Neg", "X", out="Y")
    model = g.model([matrix("X")], [matrix("Y")])
    model.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(ConversionError, match="NoSuchOperator"):
        run_all(model)


def scaled(place, factor):
    """X @ W with a scalar on the result, on X, or on X behind a transposition."""
    g = GraphBuilder()
    weights = np.arange(1.0, 13).reshape(4, 3) / 7
    if place == "result":
        g.op("Mul", g.op("MatMul", "X", weights), np.float64(factor), out="Y")
    elif place == "divided":
        g.op("Div", g.op("MatMul", "X", weights), np.array([factor]), out="Y")
    elif place == "factor":
        g.op("MatMul", g.op("Mul", np.float64(factor), "X"), weights, out="Y")
    else:
        turned = g.op("Transpose", g.op("Mul", g.op("Transpose", "X", perm=[1, 0]), np.float64(factor)), perm=[1, 0])
        g.op("MatMul", turned, weights, out="Y")
    return g.model([matrix("X")], [matrix("Y", 3)])


@pytest.mark.parametrize("place", ["result", "divided", "factor", "transposed"])
def test_a_scalar_beside_a_product_is_exact_at_every_level(place):
    rows = np.random.default_rng(0).normal(size=(50, 4))
    plain, rewritten = scaled(place, 0.3), run_all(scaled(place, 0.3))
    expected = run(plain, rows, "ORT_DISABLE_ALL")["Y"]
    for level in LEVELS:
        np.testing.assert_array_equal(run(rewritten, rows, level)["Y"], expected)


@pytest.mark.parametrize("place", ["result", "divided", "factor", "transposed"])
def test_onnxruntime_still_breaks_the_graph_as_written(place):
    """The reason for the pass (docs/upstream.md). When this fails, onnxruntime has mended its MatMulScaleFusion."""
    rows = np.random.default_rng(0).normal(size=(50, 4))
    exact, fused = (run(scaled(place, 0.3), rows, level)["Y"] for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"))
    assert 1e-10 < np.abs(fused / exact - 1).max() < 1e-6


def test_a_factor_that_is_no_scalar_or_no_constant_is_left_alone():
    g = GraphBuilder()
    product = g.op("MatMul", "X", np.ones((4, 4)))
    g.op("Mul", g.op("Mul", product, np.full(4, 0.1)), "X", out="Y")
    assert operators(run_all(g.model([matrix("X")], [matrix("Y")]))) == ["MatMul", "Mul", "Mul"]


def test_nodes_that_stay_are_not_copied():
    """A list that is emptied and filled again holds every node twice: a forest took 60 MB more with each pass."""
    g = GraphBuilder()
    for name in "ABCY":
        g.op("Neg", "X", out=name)
    model = g.model([matrix("X")], [matrix("Y")])
    a, _, c, y = before = list(model.graph.node)
    new = [helper.make_node("Abs", ["X"], [name]) for name in ("first", "within")]
    replace_nodes(model.graph, [new[0], a, c, new[1], y])
    after = list(model.graph.node)
    assert [node.output[0] for node in after] == ["first", "A", "C", "within", "Y"]
    assert [node for node in after if any(node is each for each in before)] == [a, c, y]
    with pytest.raises(ValueError, match="order"):
        replace_nodes(model.graph, [y, a])
