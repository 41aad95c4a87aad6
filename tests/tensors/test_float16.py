"""float16 weights: exact to widen, float32 in arithmetic, and nothing that float16 cannot hold."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from networks import Network, network, session, small_cnn
from onnx import helper, numpy_helper

from isoship.errors import UnsupportedModelError
from isoship.tensors.quantization.float16 import with_float16_weights
from isoship_edge.manifest import Output
from isoship_edge.tensors.signature import Input


def dense(weight: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Network:
    """x @ weight / (1e-12 + |x|): an epsilon stands beside the weight."""
    return network(
        [
            helper.make_node("MatMul", ["x", "w"], ["p"]),
            helper.make_node("ReduceL2", ["x"], ["n"], axes=[1]),
            helper.make_node("Add", ["n", "epsilon"], ["d"]),
            helper.make_node("Div", ["p", "d"], ["y"]),
        ],
        [Input("x", "float", ("N", weight.shape[0]))],
        [Output("y", "tensor", "float", ("N", weight.shape[1]))],
        {"w": weight, "epsilon": np.full((1, 1), 1e-12, np.float32)},
    )


def weights(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


def stored(model: onnx.ModelProto) -> dict[str, np.dtype[np.generic]]:
    return {one.name: numpy_helper.to_array(one).dtype for one in model.graph.initializer}


def test_half_the_bytes_and_the_same_arithmetic() -> None:
    source = small_cnn()
    model, kept = with_float16_weights(source.model)
    assert kept == []
    assert stored(model) == {
        **{f"w{i}_float16": np.float16 for i in (1, 2, 3)},
        **{f"b{i}": np.float32 for i in (1, 2, 3)},
    }
    rounded = onnx.ModelProto()
    rounded.CopyFrom(source.model)
    for one in rounded.graph.initializer:
        if one.name.startswith("w"):
            one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).astype("f2").astype("f4"), one.name))
    x = {"x": np.random.default_rng(0).random((3, 3, 16, 16), dtype=np.float32)}
    # Not its bits: onnxruntime packs weights that are constants, and sums in another order.
    assert session(model).run(None, x)[0] == pytest.approx(session(rounded).run(None, x)[0], rel=1e-5, abs=1e-5)
    assert abs(session(model).run(None, x)[0] - session(source.model).run(None, x)[0]).max() > 1e-5
    assert model.ByteSize() < 0.55 * source.model.ByteSize()


def test_epsilon_beside_the_weights_is_not_touched() -> None:
    model, _ = with_float16_weights(dense(weights(32, 32)).model)
    epsilon = next(numpy_helper.to_array(one) for one in model.graph.initializer if one.name == "epsilon")
    assert epsilon == np.float32(1e-12)


@pytest.mark.parametrize("value", [1e5, -1e5, 65520])
def test_weights_above_float16_stay(value: float) -> None:
    weight = weights(32, 32)
    weight[3, 4] = value
    with pytest.raises(UnsupportedModelError, match="float16 cannot hold w"):
        with_float16_weights(dense(weight).model)


def test_tiny_weights_stay_unless_large_ones_stand_beside_them() -> None:
    alone = weights(32, 32)
    alone[5] = 1e-9  # a row of them, such as an embedding's
    with pytest.raises(UnsupportedModelError, match="float16 cannot hold w"):
        with_float16_weights(dense(alone).model)
    beside = weights(32, 32)
    beside[5, 7] = 1e-9  # lost in the sum of its row and of its column
    assert with_float16_weights(dense(beside).model)[1] == []


def test_one_weight_stays_and_the_others_are_converted() -> None:
    source = small_cnn()
    for one in source.model.graph.initializer:
        if one.name == "w2":
            one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one) * np.float32(1e6), "w2"))
    model, kept = with_float16_weights(source.model)
    assert kept == ["w2"]
    assert stored(model)["w2"] == np.float32
    assert stored(model)["w1_float16"] == np.float16


def test_small_models_have_nothing_to_convert() -> None:
    with pytest.raises(UnsupportedModelError, match="no product has 256 float32 weights"):
        with_float16_weights(dense(weights(4, 4)).model)
