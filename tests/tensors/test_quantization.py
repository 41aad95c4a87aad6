"""Quantized sources: a budget on the user's sample, the quantized graph as the truth, and what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from networks import Network, network, session, small_cnn
from onnx import helper
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from isoship.errors import ConversionError, InputError, SampleError, UnsupportedModelError
from isoship.tensors.images.pixels import Pixels
from isoship.tensors.images.source import FromPixels
from isoship.tensors.quantization.agreement import agreements, hold
from isoship.tensors.quantization.source import Quantized
from isoship_edge.manifest import Output
from isoship_edge.tensors.signature import Image, Input


@pytest.fixture(scope="module")
def digits() -> tuple[Network, np.ndarray[Any, Any]]:
    """A network that reads handwritten digits (64 inputs of 0 to 1), trained here, with pictures that it never saw."""
    images, labels = load_digits(return_X_y=True)
    trained = MLPClassifier((48, 24), random_state=0, max_iter=15, learning_rate_init=0.01, tol=0.01)
    with warnings.catch_warnings(action="ignore"):  # it need not converge
        trained.fit(images[:1200] / 16, labels[:1200])
    layers = {f"w{i}": w.astype(np.float32) for i, w in enumerate(trained.coefs_)}
    layers |= {f"b{i}": b.astype(np.float32) for i, b in enumerate(trained.intercepts_)}
    nodes = []
    tensor = "x"
    for i in range(3):
        nodes.append(helper.make_node("Gemm", [tensor, f"w{i}", f"b{i}"], [tensor := f"g{i}" if i < 2 else "logits"]))
        if i < 2:
            nodes.append(helper.make_node("Relu", [tensor], [tensor := f"r{i}"]))
    made = network(nodes, [Input("x", "float", ("N", 64))], [Output("logits", "tensor", "float", ("N", 10))], layers)
    assert (
        made.answers({"x": (images[1200:] / 16).astype(np.float32)})["logits"].argmax(1) == labels[1200:]
    ).mean() > 0.85
    return made, (images[1200:] * 255 / 16).astype(np.uint8).reshape(-1, 8, 8, 1)


@pytest.mark.parametrize("method", ["int8", "float16"])
def test_digits_agree_from_pixels_on(digits: tuple[Network, np.ndarray[Any, Any]], method: str) -> None:
    source, pictures = digits
    first = FromPixels(source, Pixels("gray", size=(8, 8)), [{"x": pictures[:300]}])
    small = Quantized(first, method)
    assert small.signature.inputs == (Input("x", "uint8", ("N", 8, 8, 1), image=Image("gray")),)
    graph = small.to_onnx()
    fresh = {"x": pictures[300:]}
    answers, truth = small.answers(fresh)["logits"], first.answers(fresh)["logits"]
    assert session(graph).run(None, fresh)[0].tobytes() == answers.tobytes()
    assert (answers.argmax(1) == truth.argmax(1)).mean() >= 0.98
    assert not np.array_equal(answers, truth)
    assert graph.ByteSize() < (0.45 if method == "int8" else 0.65) * first.to_onnx().ByteSize()
    assert small.agreements[0].share >= 0.99
    assert "of which 0.99 was asked: logits: the same class in" in small.quantization
    assert any("own answers are the truth" in note for note in small.notes)


def test_below_the_budget_nothing_is_written() -> None:
    """Random pictures through random weights: logits lie so near each other that integers choose another at times."""
    near = small_cnn([{"x": np.random.default_rng(1).random((400, 3, 16, 16), dtype=np.float32)}])
    share = Quantized(near, "int8", budget=0.9).agreements[0].share
    assert 0.9 <= share < 0.995
    with pytest.raises(
        ConversionError, match=rf"the same class in {share:g} of 400.*budget is 0.995.*--quantize-agree"
    ):
        Quantized(near, "int8", budget=0.995)


def test_without_a_sample_nothing_is_quantized() -> None:
    with pytest.raises(SampleError, match="--quantize needs --sample"):
        Quantized(small_cnn(), "int8")


def test_unknown_methods_and_budgets_are_refused() -> None:
    sample = [{"x": np.ones((2, 3, 16, 16), np.float32)}]
    with pytest.raises(InputError, match="choose from int8, float16"):
        Quantized(small_cnn(sample), "int4")
    with pytest.raises(SampleError, match="choose a share above 0"):
        Quantized(small_cnn(sample), "float16", budget=99)


def test_integers_refuse_nan() -> None:
    taken = small_cnn([{"x": np.random.default_rng(0).random((32, 3, 16, 16), dtype=np.float32)}])
    taken.signature = taken.signature._replace(inputs=(Input("x", "float", ("N", 3, 16, 16), nan=True, infinity=True),))
    small = Quantized(taken, "int8", budget=0.5)
    assert (small.signature.inputs[0].nan, small.signature.inputs[0].infinity) == (False, False)
    assert "NaN and infinities are refused: integers hold neither" in small.notes
    assert Quantized(taken, "float16").signature == taken.signature


def linear(op: str, domain: str = "", **attributes: Any) -> Network:
    return network(
        [helper.make_node(op, ["x", "w"] if not domain else ["x"], ["y"], domain=domain, **attributes)],
        [Input("x", "float", ("N", 64))],
        [Output("y", "tensor", "float", ("N", 8))],
        {"w": np.ones((64, 8), np.float32)},
        samples=[{"x": np.ones((2, 64), np.float32)}],
    )


@pytest.mark.parametrize("method", ["int8", "float16"])
def test_trees_and_linear_models_are_refused(method: str) -> None:
    for op in ("MatMul", "Gemm"):
        with pytest.raises(UnsupportedModelError, match="one product is a linear model"):
            Quantized(linear(op), method)
    with pytest.raises(UnsupportedModelError, match=r"--quantize of Scaler.*thresholds decide"):
        Quantized(linear("Scaler", "ai.onnx.ml", scale=[1.0], offset=[0.0]), method)


def test_agreement_is_of_classes_values_or_differences() -> None:
    outputs = [
        Output("logits", "tensor", "float", ("N", 3)),
        Output("map", "tensor", "float", ("N", 2, 2)),
        Output("ids", "tensor", "int64", ("N",)),
    ]
    truth = {
        "logits": np.float32([[1, 2, 3], [3, 2, 1], [0, 5, 0], [7, 0, 0]]),
        "map": np.float32([[[0, 10], [2, 2]]]),
        "ids": np.array([1, 2, 3, 4]),
    }
    ours = {
        "logits": np.float32([[1, 2, 3], [3, 2, 1], [0, 5, 0], [0, 7, 0]]),
        "map": np.float32([[[0, 10], [2, 3]]]),
        "ids": np.array([1, 2, 3, 5]),
    }
    found = agreements(outputs, [{}], lambda _call: truth, lambda _call: ours)
    assert [(one.kind, one.share, one.places) for one in found] == [
        ("class", 0.75, 4),
        ("difference", 0.9, 4),
        ("value", 0.75, 4),
    ]
    hold(found, 0.75, "int8")
    with pytest.raises(ConversionError, match=r"logits: the same class in 0\.75 of 4; map: off by at most 0\.1"):
        hold(found, 0.8, "int8")
    nan = agreements(outputs[1:2], [{}], lambda _call: truth, lambda _call: {"map": np.full((1, 2, 2), np.nan)})
    with pytest.raises(ConversionError):
        hold(nan, 0.01, "int8")
