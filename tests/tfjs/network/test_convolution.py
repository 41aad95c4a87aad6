"""Convolutions, forth and back, answer as onnxruntime's, for batches of any size."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network_runner import StockTFJS, agree, one_node

from isoship.errors import UnsupportedModelError
from isoship.tfjs.network import compile_network

SIZES = {1: (11,), 2: (9, 7), 3: (5, 6, 7)}


@pytest.fixture(scope="module")
def runtimes() -> Iterator[dict[str, StockTFJS]]:
    with StockTFJS("cpu") as cpu, StockTFJS("wasm") as wasm:
        yield {"cpu": cpu, "wasm": wasm}


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "attrs",
    [
        {"strides": 2, "pads": (1, 0)},
        {"dilations": 2, "pads": (0, 2), "group": 2},
        {"strides": 3, "group": 6},
        {"auto_pad": "VALID"},
    ],
)
def test_answers_as_onnxruntime(
    runtimes: dict[str, StockTFJS], tmp_path: Path, op: str, axes: int, attrs: dict[str, Any], batch: int
) -> None:
    """Pads differ before and behind, the last axis has a stride and a dilation of its own."""
    rng, group = np.random.default_rng(axes), attrs.get("group", 1)
    told = {name: value for name, value in attrs.items() if name in ("group", "auto_pad")}
    for name in ("strides", "dilations"):
        if name in attrs:
            told[name] = [attrs[name]] * (axes - 1) + [1 if axes > 1 else attrs[name]]
    if "pads" in attrs:
        told["pads"] = [attrs["pads"][0]] * axes + [attrs["pads"][1]] * axes
    shape = (12, 6 // group) if op == "Conv" else (6, 12 // group)
    weights = rng.normal(size=(*shape, *[3, 2, 3][:axes])).astype(np.float32)
    bias = rng.normal(size=12).astype(np.float32)
    model = one_node(op, {"x": ("N", 6, *SIZES[axes]), "w": weights, "b": bias}, **told)
    agree(model, {"x": rng.normal(size=(batch, 6, *SIZES[axes])).astype(np.float32)}, runtimes, tmp_path)


def test_weights_may_be_an_input_and_a_picture_of_any_size(runtimes: dict[str, StockTFJS], tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    model = one_node("Conv", {"x": ("N", 2, "H", "W"), "w": (3, 2, 3, 3)}, pads=[1, 1, 1, 1], strides=[2, 1])
    for size in ((5, 8), (6, 4)):
        feeds = {"x": rng.normal(size=(2, 2, *size)), "w": rng.normal(size=(3, 2, 3, 3))}
        agree(model, {k: v.astype(np.float32) for k, v in feeds.items()}, runtimes, tmp_path)


def test_what_lies_between_the_strides_of_a_small_window_is_zero(
    runtimes: dict[str, StockTFJS], tmp_path: Path
) -> None:
    """A window shorter than its stride, and a result that is asked for longer than what is made: zeros, and no NaN of
    an infinite input."""
    model = one_node(
        "ConvTranspose", {"x": ("N", 1, 3), "w": np.full((1, 1, 1), 2.0, np.float32)}, strides=[3], output_shape=[9]
    )
    agree(model, {"x": np.array([[[1.0, np.inf, 3.0]]], np.float32)}, runtimes, tmp_path)


def test_convolutions_one_behind_another_are_not_turned_between() -> None:
    """Two turns in all: at the beginning and at the end."""
    from onnx import TensorProto, helper, numpy_helper

    w = numpy_helper.from_array(np.ones((2, 2, 3, 3), np.float32), "w")
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
    nodes.append(helper.make_node("Conv", ["b", "w"], ["y"]))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2, size, size])
        for name, size in (("x", 8), ("y", 4))
    ]
    model = helper.make_model(helper.make_graph(nodes, "two", ends[:1], ends[1:], [w]))
    ops = [node["op"] for node in compile_network(model).graph.nodes]
    assert ops.count("Conv2D") == 2
    assert ops.count("Transpose") == 2


def test_sizes_that_hang_on_what_is_not_known_are_refused() -> None:
    model = one_node(
        "Conv", {"x": ("N", 1, "L"), "w": np.ones((1, 1, 3), np.float32)}, auto_pad="SAME_UPPER", strides=[2]
    )
    with pytest.raises(UnsupportedModelError, match="hangs on a size that is not known"):
        compile_network(model)


@pytest.mark.parametrize(
    ("size", "kernel", "attrs", "written"),
    [
        ((9, 7), (3, 5), {"pads": [1, 2, 1, 2]}, "SAME"),
        (("H", "W"), (3, 2), {"pads": [1, 0, 1, 1]}, "SAME"),
        ((9, 7), (3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}, "SAME"),
        ((9, 7), (3, 3), {"pads": [1, 1, 1, 1], "group": 6}, "SAME"),
        ((8, 8), (3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}, "VALID"),
        (("H", "W"), (3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}, "VALID"),
        ((9, 7), (3, 2), {"pads": [1, 1, 1, 0]}, "VALID"),
        ((9, 7), (3, 3), {"pads": [2, 2, 2, 2], "dilations": [2, 2]}, "VALID"),
    ],
)
def test_same_is_written_where_it_means_those_pads(
    runtimes: dict[str, StockTFJS], tmp_path: Path, size: Any, kernel: Any, attrs: dict[str, Any], written: str
) -> None:
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(6, 6 // attrs.get("group", 1), *kernel)).astype(np.float32)
    model = one_node("Conv", {"x": ("N", 6, *size), "w": weights}, **attrs)
    (conv,) = (node for node in compile_network(model).graph.nodes if "Conv" in node["op"])
    assert base64.b64decode(conv["attr"]["padding"]["s"]).decode() == written
    sizes = [known if isinstance(known, int) else 8 + i for i, known in enumerate(size)]
    agree(model, {"x": rng.normal(size=(2, 6, *sizes)).astype(np.float32)}, runtimes, tmp_path)


def test_a_weight_of_infinity_meets_the_zeros_around() -> None:
    weights = np.ones((1, 1, 3, 3), np.float32)
    weights[0, 0, 0, 0] = np.inf
    graph = compile_network(one_node("Conv", {"x": ("N", 1, 5, 5), "w": weights}, pads=[1, 1, 1, 1])).graph
    assert "PadV2" in [node["op"] for node in graph.nodes]


@pytest.mark.parametrize("shape", [("N", 1, 5, 4), ("N", 1, "H", "W"), ("N", 3, 1, 1), ("N", 3, 5, 4)])
def test_one_channel_is_not_transposed(runtimes: dict[str, StockTFJS], tmp_path: Path, shape: Any) -> None:
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(2, shape[1], 1, 1)).astype(np.float32)
    model = one_node("Conv", {"x": shape, "w": weights})
    ops = [node["op"] for node in compile_network(model).graph.nodes]
    moved = shape in [("N", 3, 5, 4), ("N", 1, "H", "W")]  # a Reshape cannot leave two sizes open
    assert ("Transpose" in ops[: ops.index("Conv2D")]) == moved
    sizes = [known if isinstance(known, int) else 4 + i for i, known in enumerate(shape)]
    agree(model, {"x": rng.normal(size=sizes).astype(np.float32)}, runtimes, tmp_path)
