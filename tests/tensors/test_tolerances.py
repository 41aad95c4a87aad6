"""Tolerances come from what float32 and float64 evaluations differ by, and hold for calls that were not measured."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_graphs import linear, model, network, value

from isoship.errors import UnsupportedModelError
from isoship.sources.onnx_file.source import OnnxFile
from isoship.tensors.asks import asks_for
from isoship.tensors.double_graph import DoubleGraph
from isoship.tensors.run import Runs
from isoship.tensors.tolerances import only, tolerances_for


def measured(made: onnx.ModelProto):
    source = OnnxFile(made)
    asks = asks_for(source.to_onnx(), source.signature)
    return only(tolerances_for(source.to_onnx(), source.signature, source.outputs, asks, lambda _: None))


def sums(width: int) -> onnx.ModelProto:
    return linear(width, 4)


@pytest.mark.parametrize("made", [network(), sums(300), sums(3)], ids=["network", "wide", "narrow"])
def test_other_calls_are_within_half_of_it(made: onnx.ModelProto) -> None:
    held = measured(made)
    source = OnnxFile(made)
    for seed in (1, 2, 3):
        for ask in asks_for(source.to_onnx(), source.signature, seed=seed):
            got, exact = Runs(made)(ask.inputs), DoubleGraph(made)(ask.inputs)
            for name, tolerance in held.items():
                error = np.abs(got[name] - exact[name])
                assert (error <= (tolerance.atol + tolerance.rtol * np.abs(exact[name])) / 2).all(), (name, ask.kind)


def test_a_small_mistake_is_beyond() -> None:
    """Weights rounded to float16 are off by 2^-11; what is allowed is far less of ordinary answers."""
    made = network()
    held = measured(made)
    other = network()
    (kernel,) = [t for t in other.graph.initializer if t.name == "kernel"]
    rounded = onnx.numpy_helper.to_array(kernel).astype("f2").astype("f4")
    kernel.CopyFrom(onnx.numpy_helper.from_array(rounded, "kernel"))
    x = {"image": np.random.default_rng(5).standard_normal((4, 1, 8, 8)).astype("f4")}
    want, got = Runs(made)(x)["logits"], Runs(other)(x)["logits"]
    assert (np.abs(want - got) > held["logits"].atol + held["logits"].rtol * np.abs(want)).any()
    assert held["logits"].atol < 1e-4


def test_relative_where_answers_span_decades() -> None:
    made = model(
        [helper.make_node("MatMul", ["x", "w"], ["s"]), helper.make_node("Exp", ["s"], ["y"])],
        [value("x")], [value("y", shape=("N", 2))], {"w": np.full((3, 2), 9, "f4")},
    )  # fmt: skip
    held = measured(made)["y"]
    assert held.atol < 1e-8
    assert 1e-7 < held.rtol < 1e-3
    assert "differ by on" in held.reason


def test_what_rounds_nothing_has_no_tolerance() -> None:
    made = model([helper.make_node("Transpose", ["x"], ["y"])], [value("x")], [value("y", shape=None)])
    held = measured(made)["y"]
    assert (held.atol, held.rtol) == (0, 0)
    assert "no operator of the graph rounds" in held.reason


def test_integers_are_exact_and_calls_that_tie_are_not_asked() -> None:
    """Two columns of equal weights tie in the ArgMax; a third one decides most calls."""
    w = np.array([[1, 1.0000001, 3], [1, 1, -2]], "f4")
    made = model(
        [helper.make_node("MatMul", ["x", "w"], ["s"]), helper.make_node("ArgMax", ["s"], ["y"], axis=1, keepdims=0)],
        [value("x", shape=("N", 2))], [value("y", "int64", ("N",))], {"w": w},
    )  # fmt: skip
    assert measured(made)["y"][:2] == (0, 0)
    source = OnnxFile(made)
    for ask in asks_for(source.to_onnx(), source.signature):
        exact = DoubleGraph(made)(ask.inputs)
        np.testing.assert_array_equal(Runs(made)(ask.inputs)["y"], exact["y"])


def test_doubles_have_the_doubles_tolerance() -> None:
    w = np.random.default_rng(0).standard_normal((3, 2))
    made = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", "double")], [value("y", "double", None)], {"w": w}
    )
    source = OnnxFile(made)
    asks = asks_for(source.to_onnx(), source.signature)
    held = tolerances_for(made, source.signature, source.outputs, asks, lambda _: None)
    assert list(held["y"]) == ["double"]
    assert held["y"]["double"].rtol == 1e-9


def test_float16_has_what_half_precision_leaves() -> None:
    w = np.random.default_rng(0).standard_normal((64, 4)).astype("f2")
    made = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", "float16", ("N", 64))],
        [value("y", "float16", None)], {"w": w},
    )  # fmt: skip
    held = measured(made)["y"]
    assert 1e-3 < held.rtol < 1e-1


def test_an_output_that_rounding_moves_by_its_own_size_is_refused() -> None:
    """The place of the largest of near equals: any tolerance that a jump stays within lets every answer pass."""
    made = model(
        [
            helper.make_node("MatMul", ["x", "w"], ["s"]),
            helper.make_node("ArgMax", ["s"], ["place"], axis=1, keepdims=0),
            helper.make_node("Cast", ["place"], ["y"], to=onnx.TensorProto.FLOAT),
        ],
        [value("x", shape=("N", 2))], [value("y", shape=("N",))], {"w": np.array([[1, 1], [0.1, 0.1]], "f4")},
    )  # fmt: skip
    near = made.graph.initializer[0]
    near.CopyFrom(onnx.numpy_helper.from_array(np.array([[1, 1], [0.1, np.nextafter(np.float32(0.1), 1)]], "f4"), "w"))
    call = {"x": np.array([[3.0, 1e-3]], "f4")}
    source = OnnxFile(made, sample=call)
    asks = asks_for(source.to_onnx(), source.signature, samples=source.samples)
    with pytest.raises(
        UnsupportedModelError, match="'y' cannot be carried exactly: rounding alone moves it by up to 1"
    ):
        tolerances_for(source.to_onnx(), source.signature, source.outputs, asks, lambda _: None)


def test_doubles_that_float32_computes_have_no_more_digits() -> None:
    made = model(
        [
            helper.make_node("MatMul", ["x", "w"], ["s"]),
            helper.make_node("Cast", ["s"], ["y"], to=onnx.TensorProto.DOUBLE),
        ],
        [value("x")], [value("y", "double", shape=("N", 2))], {"w": np.full((3, 2), 0.1, "f4")},
    )  # fmt: skip
    assert 1e-8 < measured(made)["y"].atol < 1e-4
