"""int8 graphs: integers on every processor, standard operators, and nothing dropped by the tool that writes them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
import pytest
from networks import network, session, small_cnn
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from isoship.errors import ConversionError, UnsupportedModelError
from isoship.tensors.quantization.int8 import quantized_to_int8
from isoship_edge.manifest import Output
from isoship_edge.tensors.signature import Input


def calls(count: int = 4, *shape: int) -> list[dict[str, np.ndarray[Any, Any]]]:
    rng = np.random.default_rng(5)
    return [{"x": rng.random(shape or (8, 3, 16, 16), dtype=np.float32)} for _ in range(count)]


def operators(model: onnx.ModelProto) -> Counter[str]:
    return Counter(f"{node.domain}.{node.op_type}".lstrip(".") for node in model.graph.node)


def test_products_are_standard_operators_on_integers() -> None:
    model = quantized_to_int8(small_cnn().model, calls())
    expected = "QuantizeLinear QLinearConv QLinearConv MaxPool Flatten QLinearMatMul DequantizeLinear Add"
    assert operators(model) == Counter(expected.split())
    assert [o.domain for o in model.opset_import] == [""]
    assert [(i.name, i.type.tensor_type.elem_type) for i in model.graph.input] == [("x", onnx.TensorProto.FLOAT)]
    weights = [numpy_helper.to_array(one) for one in model.graph.initializer]
    largest = [np.abs(w.astype(int)).max() for w in weights if w.dtype == np.int8 and w.ndim > 1]
    assert len(largest) == 3
    assert max(largest) <= 64


def test_integers_are_exact_whatever_the_kernels_are() -> None:
    """onnxruntime, optimized or not, and onnx's reference in numpy give the same bits: nothing saturates."""
    model = quantized_to_int8(small_cnn(opset=21).model, calls())
    reference = ReferenceEvaluator(model)
    for call in calls(2, 3, 3, 16, 16):
        answers = [run.run(None, call)[0] for run in (session(model), session(model, optimized=True), reference)]
        assert len({answer.tobytes() for answer in answers}) == 1


def test_weights_of_eight_bits_would_saturate() -> None:
    """The sum of two products that decides: 255 * 127 * 2 does not fit 16 bits, 255 * 64 * 2 does."""
    bright = network(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [Input("x", "float", ("N", 64))],
        [Output("y", "tensor", "float", ("N", 8))],
        {"w": np.ones((64, 8), np.float32)},
    )
    sample = [{"x": np.linspace(0, 1, 256, dtype=np.float32).repeat(64).reshape(256, 64)}]
    model = quantized_to_int8(bright.model, sample)
    answer = session(model).run(None, {"x": np.ones((2, 64), np.float32)})[0]
    assert answer == pytest.approx(64, rel=0.01)


@pytest.mark.parametrize("opset", [11, 12, 17, 21])
def test_opsets_stay_as_they_are(opset: int) -> None:
    source = network(
        [
            helper.make_node("Conv", ["x", "w"], ["c"]),
            helper.make_node("Relu", ["c"], ["r"]),
            helper.make_node("MaxPool", ["r"], ["y"], kernel_shape=[2, 2]),
        ],
        [Input("x", "float", ("N", 3, 16, 16))],
        [Output("y", "tensor", "float", ("N", 4, 13, 13))],
        {"w": np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)},
        opset=opset,
    )
    model = quantized_to_int8(source.model, calls())
    assert [(o.domain, o.version) for o in model.opset_import] == [("", opset)]
    call = calls(1)[0]
    truth, answer = source.answers(call)["y"], session(model).run(None, call)[0]
    assert np.abs(answer - truth).max() < 0.05 * np.abs(truth).max()


def test_opset_ten_is_refused() -> None:
    source = small_cnn().model
    source.opset_import[0].version = 10
    with pytest.raises(UnsupportedModelError, match="opset is 10"):
        quantized_to_int8(source, calls())


def clips(*nodes: onnx.NodeProto, **ends: float) -> Any:
    """Conv `c`, then the nodes given, to `y`."""
    weights = {"w": np.random.default_rng(1).standard_normal((4, 3, 3, 3)).astype(np.float32)}
    return network(
        [helper.make_node("Conv", ["x", "w"], ["c"]), *nodes],
        [Input("x", "float", ("N", 3, 16, 16))],
        [Output("y", "tensor", "float", ("N", 4, "h", "w"))],
        weights | {name: np.float32(end).reshape(()) for name, end in ends.items()},
    )


DROPPED_BY_THE_TOOL = {
    "a Relu whose input is read twice": clips(
        helper.make_node("Relu", ["c"], ["r"]), helper.make_node("Sub", ["r", "c"], ["y"])
    ),
    "a Relu behind a pool": clips(
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2]), helper.make_node("Relu", ["p"], ["y"])
    ),
    "a Clip away from 0": clips(helper.make_node("Clip", ["c", "low", "high"], ["y"]), low=0.5, high=1.5),
}


@pytest.mark.parametrize("source", DROPPED_BY_THE_TOOL.values(), ids=DROPPED_BY_THE_TOOL.keys())
def test_no_clipping_is_dropped(source: Any) -> None:
    model = quantized_to_int8(source.model, calls())
    call = calls(1)[0]
    truth, answer = source.answers(call)["y"], session(model).run(None, call)[0]
    assert np.abs(answer - truth).max() < 0.1  # a dropped node is off by 0.5 and more


def test_relu6_is_the_range_of_the_integers() -> None:
    source = clips(helper.make_node("Clip", ["c", "low", "high"], ["y"]), low=0, high=1)
    model = quantized_to_int8(source.model, calls())
    assert operators(model) == Counter(["QuantizeLinear", "QLinearConv", "DequantizeLinear"])
    answer = session(model).run(None, {"x": 9 * calls(1)[0]["x"]})[0]
    assert (answer.min(), answer.max()) == (0, pytest.approx(1, rel=0.01))


def test_products_of_activations_stay_in_float32() -> None:
    rng = np.random.default_rng(2)
    weights = {name: rng.standard_normal((16, 16)).astype(np.float32) / 4 for name in ("wq", "wk", "wo")}
    attention = network(
        [
            helper.make_node("MatMul", ["x", "wq"], ["q"]),
            helper.make_node("MatMul", ["x", "wk"], ["k"]),
            helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
            helper.make_node("MatMul", ["q", "kt"], ["s"]),
            helper.make_node("Softmax", ["s"], ["a"], axis=-1),
            helper.make_node("MatMul", ["a", "x"], ["m"]),
            helper.make_node("MatMul", ["m", "wo"], ["y"]),
        ],
        [Input("x", "float", ("N", "T", 16))],
        [Output("y", "tensor", "float", ("N", "T", 16))],
        weights,
    )
    model = quantized_to_int8(attention.model, calls(4, 2, 5, 16))
    assert operators(model)["QLinearMatMul"] == 3
    assert operators(model)["MatMul"] == 2
    call = calls(1, 3, 7, 16)[0]
    truth, answer = attention.answers(call)["y"], session(model).run(None, call)[0]
    assert np.abs(answer - truth).max() < 0.1 * np.abs(truth).max()


def test_nothing_to_quantize_is_refused() -> None:
    pooled = network(
        [helper.make_node("GlobalAveragePool", ["x"], ["y"])],
        [Input("x", "float", ("N", 3, 16, 16))],
        [Output("y", "tensor", "float", ("N", 3, 1, 1))],
        {},
    )
    with pytest.raises(UnsupportedModelError, match="no Conv, MatMul or Gemm with weights"):
        quantized_to_int8(pooled.model, calls())


def test_weights_in_constants_are_weights() -> None:
    source = small_cnn()
    graph = source.model.graph
    constants = [helper.make_node("Constant", [], [one.name], value=one) for one in graph.initializer]
    nodes = [*constants, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.node.extend(nodes)
    kinds = operators(quantized_to_int8(source.model, calls()))
    assert (kinds["QLinearConv"], kinds["QLinearMatMul"], kinds["Constant"]) == (2, 1, 0)


def test_ranges_do_not_depend_on_how_rows_are_parted() -> None:
    rows = np.random.default_rng(7).random((150, 3, 16, 16), dtype=np.float32)
    whole = quantized_to_int8(small_cnn().model, [{"x": rows}])
    parted = quantized_to_int8(small_cnn().model, [{"x": rows[:9]}, {"x": rows[9:]}])
    assert whole.SerializeToString(deterministic=True) == parted.SerializeToString(deterministic=True)


def test_doubles_are_refused_or_left_alone() -> None:
    double = network(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [Input("x", "double", ("N", 8))],
        [Output("y", "tensor", "double", ("N", 4))],
        {"w": np.ones((8, 4))},
    )
    with pytest.raises((UnsupportedModelError, ConversionError)):
        quantized_to_int8(double.model, [{"x": np.ones((2, 8))}])
