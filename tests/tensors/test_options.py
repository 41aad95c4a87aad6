"""Pictures, class names and quantization together, as an export asks for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import Network, small_cnn

from isoship.errors import ConversionError, InputError, SampleError
from isoship.tensors.contract import TensorSource, made_with
from isoship.tensors.options import TensorOptions, opened, options_from, reopened
from isoship.tensors.quantization.source import Quantized
from isoship_edge.manifest import Manifest
from isoship_edge.tensors.signature import Image, Input

PICTURES = np.random.default_rng(2).integers(0, 256, (60, 16, 16, 3), dtype=np.uint8)
NAMES = tuple("abcdefghij")


def without_sample(sample: Any) -> Network:
    assert sample is None
    return small_cnn()


def test_all_of_them_together() -> None:
    asked = options_from("rgb,mean=0.5,std=0.25", NAMES, "int8", 0.9)
    source = opened(without_sample, {"x": PICTURES}, asked)
    assert isinstance(source, Quantized)
    assert source.signature.inputs == (Input("x", "uint8", ("N", 16, 16, 3), image=Image("rgb")),)
    assert source.outputs[0].classes == NAMES
    assert source.samples[0]["x"].dtype == np.uint8
    assert source.answers({"x": PICTURES})["logits"].shape == (60, 10)


def test_without_options_the_source_has_the_sample() -> None:
    given = []
    source = small_cnn()
    assert opened(lambda sample: given.append(sample) or source, "calls.npz", options_from()) is source
    assert given == ["calls.npz"]


def test_a_source_that_learns_its_shapes_from_a_sample_gets_numbers() -> None:
    seen: list[Any] = []

    def needs_one(sample: Any) -> Network:
        if sample is None:
            raise SampleError("a sample is needed")
        seen.append(sample)
        return small_cnn()

    for sample in (PICTURES, {"x": PICTURES}, [{"x": PICTURES}]):
        source = opened(needs_one, sample, options_from("rgb"))
        assert np.array_equal(source.samples[0]["x"], PICTURES)
        numbers = seen[-1]
        numbers = numbers[0] if isinstance(numbers, list) else numbers
        numbers = numbers["x"] if isinstance(numbers, dict) else numbers
        assert numbers.dtype == np.float32
        assert np.array_equal(numbers, np.moveaxis(PICTURES, -1, 1) / np.float32(255))
    with pytest.raises(SampleError, match="a sample is needed"):
        opened(needs_one, None, options_from("rgb"))
    with pytest.raises(InputError, match=r"uint8 pictures \[N, H, W, 3\], not float32 \[60, 3, 16, 16\]"):
        opened(needs_one, seen[0], options_from("rgb"))


def test_a_refusal_closes_the_source() -> None:
    closed: list[str] = []

    class Closing(Network):
        def close(self) -> None:
            closed.append("closed")

    plain = small_cnn()
    source = Closing(plain.model, plain.signature, plain.outputs)
    for asked, error in ((options_from("gray"), InputError), (options_from(classes="a,b"), InputError)):
        with pytest.raises(error):
            opened(lambda _sample: source, None, asked)
    source.samples = [{"x": np.random.default_rng(1).random((400, 3, 16, 16), dtype=np.float32)}]
    with pytest.raises(ConversionError):
        opened(lambda _sample: source, None, TensorOptions(quantize="int8", quantize_agreement=1.0))
    assert closed == ["closed"] * 3


def test_columns_have_no_use_for_them() -> None:
    options_from().refuse_columns("Pipeline")
    for asked, message in (
        (options_from(quantize="int8"), "--quantize is for networks .* Pipeline is none: its thresholds"),
        (options_from("rgb"), "--image is for networks"),
    ):
        with pytest.raises(InputError, match=message):
            asked.refuse_columns("Pipeline")


def test_a_budget_alone_is_no_quantization() -> None:
    with pytest.raises(InputError, match="give --quantize int8 or float16, too"):
        options_from(quantize_agreement=0.9)


def manifest_of(source: TensorSource) -> Manifest:
    return Manifest("n", "1", "sha256:", source.signature, source.outputs, {}, None, made_with(source), {})


@pytest.mark.parametrize(
    "option", ["rgb,mean=0.5:0.25:0.1,std=0.3", {"color": "rgb", "divide": 1, "order": "bgr"}, None]
)
def test_a_check_opens_the_model_as_the_export_did(option: Any) -> None:
    first = opened(without_sample, None, options_from(option, NAMES))
    again, why = reopened(without_sample, None, manifest_of(first))
    assert again is not None, why
    assert (again.signature, again.outputs) == (first.signature, first.outputs)
    x = {"x": PICTURES if option else np.float32(PICTURES).transpose(0, 3, 1, 2)}
    assert again.answers(x)["logits"].tobytes() == first.answers(x)["logits"].tobytes()
    assert again.to_onnx() == first.to_onnx()


def test_a_check_of_integers_asks_the_graph() -> None:
    first = opened(without_sample, {"x": PICTURES}, options_from("rgb", None, "int8", 0.9))
    assert set(made_with(first)) == {"image", "quantization"}
    again, why = reopened(without_sample, None, manifest_of(first))
    assert again is None
    assert "model.onnx is its own truth" in why
