"""The same graph in float64: every kind of node that a network is made of, held against numpy or torch's formula."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_graphs import model, network, value

from isoship.tensors.double_graph import DoubleGraph
from isoship.tensors.run import Runs

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 4, 9, 7)).astype("f4")
W = {"w": RNG.standard_normal((6, 4, 3, 3)).astype("f4"), "grouped": RNG.standard_normal((6, 2, 3, 2)).astype("f4")}


def one(op: str, *inputs: str, weights=None, opset=20, **attributes) -> onnx.ModelProto:
    node = helper.make_node(op, list(inputs), ["y"], **attributes)
    return model([node], [value("x", shape=("N", "C", "H", "W"))], [value("y", shape=None)], weights or {}, opset=opset)


@pytest.mark.parametrize("made", [
    one("Conv", "x", "w", weights={"w": W["w"]}),
    one("Conv", "x", "w", weights={"w": W["w"]}, strides=[2, 1], pads=[1, 0, 2, 1], dilations=[1, 2]),
    one("Conv", "x", "grouped", weights={"grouped": W["grouped"]}, group=2, auto_pad="SAME_UPPER", strides=[2, 2]),
    one("Conv", "x", "w", weights={"w": W["w"]}, auto_pad="SAME_LOWER"),
    one("AveragePool", "x", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 1, 0, 0]),
    one("AveragePool", "x", kernel_shape=[3, 2], pads=[1, 1, 0, 0], count_include_pad=1),
    one("AveragePool", "x", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    one("ConvTranspose", "x", "w", weights={"w": RNG.standard_normal((4, 2, 3, 3)).astype("f4")}, strides=[2, 2]),
    one("MaxPool", "x", kernel_shape=[2, 2]),
    one("GlobalAveragePool", "x"),
    one("Erf", "x"),
    one("Gelu", "x"),
    one("Gelu", "x", approximate="tanh"),
    one("LeakyRelu", "x"),
    one("Elu", "x", alpha=0.5),
    one("Softmax", "x", axis=1),
    one("LayerNormalization", "x", "g", weights={"g": RNG.standard_normal(7).astype("f4")}),
    one("Resize", "x", "", "s", weights={"s": np.array([1, 1, 2, 2], "f4")}, mode="linear"),
    one("HardSwish", "x"),
    network(),
])  # fmt: skip
def test_doubles_are_what_float32_rounds(made: onnx.ModelProto) -> None:
    name = made.graph.input[0].name
    x = X if name == "x" else RNG.standard_normal((2, 1, 8, 8)).astype("f4")
    narrow, wide = Runs(made)({name: x}), DoubleGraph(made)({name: x})
    for output, exact in wide.items():
        assert exact.dtype == np.float64
        np.testing.assert_allclose(narrow[output], exact, atol=2e-5, rtol=2e-5)
        op = made.graph.node[0].op_type
        if op in ("Conv", "Erf", "Gelu", "Softmax", "LayerNormalization"):
            assert (narrow[output] != exact).any(), "this is float32 again"


def test_a_nudge_moves_answers_and_not_their_shape() -> None:
    """4 x 1.25 is 5, and a little less than 1.25 makes 4 of it."""
    nodes = [
        helper.make_node("Mul", ["x", "factors"], ["scaled"]),
        helper.make_node("Resize", ["scaled", "", "scales"], ["y"], mode="linear"),
    ]
    weights = {"factors": np.full((1, 1, 4, 4), 1.1, "f4"), "scales": np.array([1, 1, 1.25, 1.25], "f4")}
    made = model(nodes, [value("x", shape=(1, 1, 4, 4))], [value("y", shape=None)], weights)
    x = {"x": np.arange(16, dtype="f4").reshape(1, 1, 4, 4)}
    exact, nudged = DoubleGraph(made)(x)["y"], DoubleGraph(made, nudged=True)(x)["y"]
    assert exact.shape == nudged.shape == (1, 1, 5, 5)
    assert 0 < np.abs(exact - nudged).max() < 1e-5


def test_a_loop_and_its_body() -> None:
    body = helper.make_graph(
        [helper.make_node("Mul", ["h", "third"], ["next"]), helper.make_node("Identity", ["go"], ["still"])], "body",
        [value("i", "int64", ()), value("go", "bool", ()), value("h", "float", None)],
        [value("still", "bool", ()), value("next", "float", None)],
    )  # fmt: skip
    made = model(
        [helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)], [value("x")], [value("y", shape=None)],
        {"n": np.array(3), "third": np.array(1 / 3, "f4")},
    )  # fmt: skip
    x = np.ones((1, 3), "f4")
    np.testing.assert_allclose(DoubleGraph(made)({"x": x})["y"], np.float64(np.float32(1 / 3)) ** 3 * np.ones((1, 3)))


def recurrent(op: str, gates: int, directions: int = 1, **attributes) -> onnx.ModelProto:
    """x [4, 2, 3] -> op of 5 units, with a bias."""
    weights = {
        "w": RNG.standard_normal((directions, gates * 5, 3)).astype("f4"),
        "r": RNG.standard_normal((directions, gates * 5, 5)).astype("f4"),
        "b": RNG.standard_normal((directions, gates * 10)).astype("f4"),
    }
    outputs = ["y", "h", "c"] if op == "LSTM" else ["y", "h"]
    node = helper.make_node(op, ["x", "w", "r", "b"], outputs, hidden_size=5, **attributes)
    return model([node], [value("x", shape=(4, 2, 3))], [value(name, shape=None) for name in outputs], weights)


@pytest.mark.parametrize("made", [
    recurrent("LSTM", 4),
    recurrent("LSTM", 4, 2, direction="bidirectional"),
    recurrent("LSTM", 4, direction="reverse"),
    recurrent("GRU", 3),
    recurrent("GRU", 3, 2, direction="bidirectional", linear_before_reset=1),
    recurrent("RNN", 1, direction="reverse"),
    recurrent("GRU", 3, activations=["Sigmoid", "Relu"]),
])  # fmt: skip
def test_recurrence(made: onnx.ModelProto) -> None:
    x = RNG.standard_normal((4, 2, 3)).astype("f4")
    narrow, wide = Runs(made)({"x": x}), DoubleGraph(made)({"x": x})
    assert set(wide) == set(narrow)
    for name, exact in wide.items():
        assert exact.dtype == np.float64
        np.testing.assert_allclose(narrow[name], exact, atol=1e-5, rtol=1e-5)
