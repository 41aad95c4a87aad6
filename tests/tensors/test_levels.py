"""The tolerance of int8 graphs: none where integers are exact, a level behind float32 that follows kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import Network, network, session, small_cnn
from onnx import helper, numpy_helper

from isoship.tensors.contract import Ask
from isoship.tensors.quantization.int8 import quantized_to_int8
from isoship.tensors.quantization.levels import behind_rounding, widened_by_levels
from isoship_edge.manifest import Output, Tolerance
from isoship_edge.tensors.signature import Input

CALLS = [{"x": np.random.default_rng(seed).random((8, 3, 16, 16), dtype=np.float32)} for seed in range(3)]
ASKS = [Ask("sample", call) for call in CALLS]
GIVEN = {"y": {"float32": Tolerance(1e-6, 1e-6, "float32")}}


def residual() -> Network:
    """A mean of float32 between two products, as squeeze-and-excitation has it."""
    rng = np.random.default_rng(4)
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Tanh", ["f"], ["t"]),
        helper.make_node("MatMul", ["t", "w2"], ["y"]),
    ]
    weights = {
        "w1": rng.standard_normal((32, 3, 3, 3)).astype(np.float32),
        "w2": rng.standard_normal((32, 8)).astype(np.float32),
    }
    inputs, outputs = [Input("x", "float", ("N", 3, 16, 16))], [Output("y", "tensor", "float", ("N", 8))]
    return network(nodes, inputs, outputs, weights)


def test_exact_integers_need_nothing() -> None:
    graph = quantized_to_int8(small_cnn().model, CALLS)
    assert behind_rounding(graph.graph) == []
    given = {"logits": GIVEN["y"]}
    assert widened_by_levels(given, graph, small_cnn().outputs, ASKS) == given


def test_a_level_beside_is_allowed_and_no_more() -> None:
    source = residual()
    graph = quantized_to_int8(source.model, CALLS)
    assert len(behind_rounding(graph.graph)) == 1
    wide = widened_by_levels(GIVEN, graph, source.outputs, ASKS)["y"]["float32"]
    truth, answer = source.answers(CALLS[0])["y"], session(graph).run(None, CALLS[0])[0]
    assert 1e-6 < wide.atol < 0.05 * np.abs(truth).max()
    assert wide.rtol == 1e-6
    assert "the level of int8 beside" in wide.reason
    # What another kernel's last bits do is within it; another weight is not.
    shaken = dict(CALLS[0], x=CALLS[0]["x"] * np.float32(1 + 2**-22))
    assert np.abs(session(graph).run(None, shaken)[0] - answer).max() <= wide.atol
    assert np.abs(session(_with_another_weight(graph)).run(None, CALLS[0])[0] - answer).max() > wide.atol


def _with_another_weight(graph: Any) -> Any:
    for one in graph.graph.initializer:
        weight = numpy_helper.to_array(one)
        if weight.dtype == np.int8 and weight.ndim == 4:
            changed = weight.copy()
            changed[:, 0] = 0
            one.CopyFrom(numpy_helper.from_array(changed, one.name))
            return graph
    raise AssertionError("no weight of a convolution")


@pytest.mark.parametrize("op", ["Softmax", "Sigmoid", "MatMul"])
def test_what_follows_kernels_is_seen_through_exact_operators(op: str) -> None:
    inputs = ["x", "x"] if op == "MatMul" else ["x"]
    nodes = [
        helper.make_node(op, inputs, ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("QuantizeLinear", ["b", "s"], ["q"], name="behind"),
        helper.make_node("QuantizeLinear", ["x", "s"], ["p"], name="before"),
    ]
    graph = helper.make_graph(nodes, "g", [], [])
    assert behind_rounding(graph) == ["behind"]
