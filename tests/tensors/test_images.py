"""Models that start at pixels: the preparation inside the graph answers numpy's float32 bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import network, passing, session, small_cnn
from onnx import TensorProto, helper

from isoship.errors import InputError, UnsupportedModelError
from isoship.tensors.images.pixels import Pixels, pixels_from
from isoship.tensors.images.source import FromPixels, from_pixels
from isoship_edge.manifest import Output
from isoship_edge.tensors.signature import Image, Input

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def pictures(*shape: int) -> np.ndarray[Any, Any]:
    """Every value of a pixel in every channel, seeded."""
    rng = np.random.default_rng(sum(shape))
    return rng.permuted(np.resize(np.arange(256, dtype=np.uint8), shape).reshape(-1, shape[-1]), axis=0).reshape(shape)


def held(source: FromPixels, calls: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """The graph's answer, which is the truth's bit for bit."""
    truth = source.answers(calls)
    answer = dict(zip(truth, session(source.to_onnx()).run(list(truth), calls), strict=True))
    for name in truth:
        assert answer[name].dtype == truth[name].dtype
        assert answer[name].tobytes() == truth[name].tobytes()
    return answer


ARITHMETIC = {
    "divide": {},
    "torchvision": {"mean": MEAN, "std": STD},
    "keras rescaling": {"divide": 1, "scale": 1 / 255},
    "inception": {"divide": 127.5, "mean": (1.0,)},
    "caffe": {"divide": 1, "order": "bgr", "mean": (103.939, 116.779, 123.68)},
    "all four": {"divide": 3, "scale": 0.7, "mean": MEAN, "std": (1e-3, 7.0, 1 / 3), "order": "bgr"},
    "none": {"divide": 1},
}


@pytest.mark.parametrize("layout", ["nchw", "nhwc", "flat"])
@pytest.mark.parametrize("given", ARITHMETIC.values(), ids=ARITHMETIC.keys())
def test_every_pixel_value_becomes_numpys_float32(given: dict[str, Any], layout: str) -> None:
    shape: tuple[str | int, ...] = {"nchw": ("N", 3, 16, 16), "nhwc": ("N", 16, 16, 3), "flat": ("N", 768)}[layout]
    source = FromPixels(passing("float", shape), Pixels(size=(16, 16), **given))
    x = pictures(2, 16, 16, 3)
    y = held(source, {"x": x})["y"]
    # In words of its own, against a slip that the truth and the graph would share.
    expected = (x[..., ::-1] if given.get("order") == "bgr" else x).astype(np.float32)
    expected = expected / np.float32(given.get("divide", 255)) * np.float32(given.get("scale", 1))
    expected = (expected - np.float32(given.get("mean", 0))) / np.float32(given.get("std", 1))
    if layout == "nchw":
        expected = np.moveaxis(expected, -1, 1)
    assert y.tobytes() == np.ascontiguousarray(expected).tobytes()


def test_dividing_and_multiplying_by_the_reciprocal_have_other_last_bits() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    divided = Pixels("gray").numbers(every)
    scaled = Pixels("gray", divide=1, scale=1 / 255).numbers(every)
    assert (divided != scaled).any()
    assert np.array_equal(divided, every / np.float32(255))


@pytest.mark.parametrize("dtype", ["double", "float16"])
def test_other_floats_are_cast_at_the_end(dtype: str) -> None:
    source = FromPixels(passing(dtype, ("N", 3, 16, 16)), Pixels(mean=MEAN, std=STD))
    held(source, {"x": pictures(1, 16, 16, 3)})


def test_signature_says_uint8_and_the_image() -> None:
    source = FromPixels(small_cnn(), Pixels())
    assert source.signature.inputs == (Input("x", "uint8", ("N", 16, 16, 3), image=Image("rgb")),)
    assert [
        [d.dim_value or d.dim_param for d in i.type.tensor_type.shape.dim] for i in source.to_onnx().graph.input
    ] == [["N", 16, 16, 3]]
    held(source, {"x": pictures(3, 16, 16, 3)})
    assert "uint8 rgb, / 255.0, as nchw" in source.notes[-1]


@pytest.mark.parametrize(
    ("shape", "color", "given", "taken"),
    [
        (("N", 1, 8, 8), "gray", {}, ("N", 8, 8, 1)),
        (("N", 8, 8, 1), "gray", {}, ("N", 8, 8, 1)),
        (("N", 8, 8), "gray", {}, ("N", 8, 8, 1)),
        (("N", 64), "gray", {"size": "8x8"}, ("N", 8, 8, 1)),
        ((3, 8, 8), "rgb", {}, (8, 8, 3)),
        ((8, 8, 4), "rgba", {}, (8, 8, 4)),
        ((1, 3, "H", "W"), "rgb", {}, (1, "H", "W", 3)),
        ((1, 3, "H", "W"), "rgb", {"size": (8, 8)}, (1, 8, 8, 3)),
        (("N", "C", 8, 8), "rgb", {"layout": "nchw"}, ("N", 8, 8, 3)),
        (("N", 3, 8, 3), "rgb", {"layout": "nchw"}, ("N", 8, 3, 3)),
    ],
)
def test_layout_is_found_in_the_shape(
    shape: tuple[str | int, ...], color: str, given: dict[str, Any], taken: tuple[str | int, ...]
) -> None:
    (pixels,) = pixels_from({"color": color, **given})
    source = FromPixels(passing("float", shape), pixels)
    assert source.signature.inputs[0].shape == taken
    held(source, {"x": pictures(*(size if isinstance(size, int) else 8 for size in taken))})


@pytest.mark.parametrize(
    ("shape", "option", "message"),
    [
        (("N", 3, 8, 3), "rgb", "say which with layout=nchw or layout=nhwc"),
        (("N", 3, 8, 8), "gray", "no layout fits"),
        (("N", 3, 8, 8), "rgb,size=16x16", "Bring pictures to the size before they are sent"),
        (("N", 3, 8, 8), "rgb,layout=nhwc", "layout nhwc: no layout fits"),
        (("N", 64), "gray", "no layout fits"),
        (("N", 3, 8, 8), "rgb,input=z", "choose from x"),
        (("N", 3, 8, 8), "rgb,resize=8x8", "A resize is not carried"),
        (("N", 3, 8, 8), "rgb,blur=2", "'blur' is not known: choose from color"),
        (("N", 3, 8, 8), "rgb,mean=0.5:0.5", "mean has 2 values for 3 channels"),
        (("N", 3, 8, 8), "rgb,std=0", "not 0"),
        (("N", 3, 8, 8), "rgb,std=1e-60", "not 0"),
        (("N", 3, 8, 8), "rgb,size=8", "size cannot be '8'"),
        (("N", 3, 8, 8), "rgb,mean=a", "mean cannot be 'a'"),
        (("N", 3, 8, 8), "rgb,rgb", "color stands twice"),
        (("N", 3, 8, 8), "cmyk", "choose from gray, rgb, rgba"),
        (("N", 1, 8, 8), "gray,order=bgr", "order is 'bgr' for gray"),
    ],
)
def test_what_cannot_be_meant_is_refused(shape: tuple[str | int, ...], option: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_pixels(passing("float", shape), pixels_from(option))


def test_model_with_its_preparation_inside_is_marked_alone() -> None:
    inside = passing("uint8", ("N", 8, 8, 3))
    source = FromPixels(inside, Pixels())
    assert source.signature.inputs[0].image == Image("rgb")
    assert [node.op_type for node in source.to_onnx().graph.node] == ["Identity"]
    held(source, {"x": pictures(2, 8, 8, 3)})
    with pytest.raises(InputError, match="prepared inside the model"):
        FromPixels(inside, Pixels(mean=MEAN))
    first = FromPixels(passing("uint8", ("N", 3, 8, 8)), Pixels())
    assert [node.op_type for node in first.to_onnx().graph.node] == ["Transpose", "Identity"]
    held(first, {"x": pictures(2, 8, 8, 3)})


def test_integers_are_no_pictures() -> None:
    taken = passing("float", ("N", 3, 8, 8))
    taken.signature = taken.signature._replace(inputs=(Input("x", "int64", ("N", 3, 8, 8)),))
    with pytest.raises(UnsupportedModelError, match="it is int64"):
        FromPixels(taken, Pixels())


def test_pixels_keep_the_models_own_range() -> None:
    taken = passing("float", ("N", 3, 8, 8))
    taken.signature = taken.signature._replace(inputs=(Input("x", "float", ("N", 3, 8, 8), minimum=0, maximum=1),))
    FromPixels(taken, Pixels())
    with pytest.raises(InputError, match=r"become -1\.0 to 1\.0, and input 'x' accepts none beyond 0"):
        FromPixels(taken, Pixels(divide=127.5, mean=(1.0,)))


def test_two_inputs_and_a_body_that_reads_one() -> None:
    """A body of If takes the input by name from the graph around it, and gets the prepared numbers."""
    dims: tuple[str | int, ...] = ("N", 1, 4, 4)

    def body(op: str) -> Any:
        info = helper.make_tensor_value_info("inside", TensorProto.FLOAT, None)
        return helper.make_graph([helper.make_node(op, ["x"], ["inside"])], op, [], [info])

    nodes = [
        helper.make_node("ReduceSum", ["other"], ["total"], keepdims=0),
        helper.make_node("Greater", ["total", "zero"], ["positive"]),
        helper.make_node("If", ["positive"], ["y"], then_branch=body("Neg"), else_branch=body("Identity")),
    ]
    both = network(
        nodes,
        [Input("x", "float", dims), Input("other", "float", ("N", 2))],
        [Output("y", "tensor", "float", dims)],
        {"zero": np.float32(0).reshape(())},
    )
    with pytest.raises(InputError, match="say which one with input=NAME"):
        FromPixels(both, Pixels("gray"))
    source = FromPixels(both, Pixels("gray", input="x"))
    x = pictures(1, 4, 4, 1)
    for sign in (1, -1):
        y = held(source, {"x": x, "other": np.full((1, 2), sign, np.float32)})["y"]
        assert np.array_equal(np.sign(y), -sign * np.sign(np.moveaxis(x, -1, 1).astype(np.float32)))


def test_command_line_and_python_say_the_same() -> None:
    text = pixels_from("color=rgb,size=224x224,layout=nchw,mean=0.485:0.456:0.406,std=0.229:0.224:0.225")
    assert text == pixels_from({"size": (224, 224), "layout": "nchw", "mean": MEAN, "std": list(STD)})
    assert text == pixels_from([Pixels(size=(224, 224), layout="nchw", mean=MEAN, std=STD)])
    assert pixels_from("gray") == pixels_from([{"color": "gray"}])
    assert pixels_from("gray,divide=1,scale=1/255") == (Pixels("gray", divide=1.0, scale=1 / 255),)
    assert pixels_from(None) == pixels_from(()) == ()


def test_wrong_pictures_are_refused_by_the_truth() -> None:
    source = FromPixels(small_cnn(), Pixels())
    with pytest.raises(InputError, match=r"takes uint8 pictures \['N', 16, 16, 3\], not float32"):
        source.answers({"x": np.zeros((1, 16, 16, 3), np.float32)})
