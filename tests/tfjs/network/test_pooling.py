"""Pools answer as onnxruntime's, for batches of any size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network_runner import StockTFJS, agree, asked, one_node
from onnx import TensorProto, helper

from isoship.errors import UnsupportedModelError
from isoship.tfjs.network import compile_network

SIZES = {1: (11,), 2: (9, 7), 3: (5, 6, 7)}


@pytest.fixture(scope="module")
def runtimes() -> Iterator[dict[str, StockTFJS]]:
    with StockTFJS("cpu") as cpu, StockTFJS("wasm") as wasm:
        yield {"cpu": cpu, "wasm": wasm}


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize(
    "attrs", [{"pads": 1}, {"strides": 2, "ceil_mode": 1}, {"dilations": 2, "strides": 2}, {"auto_pad": "SAME_LOWER"}]
)
def test_windows_answer_as_onnxruntime(
    runtimes: dict[str, StockTFJS], tmp_path: Path, op: str, axes: int, attrs: dict[str, Any], batch: int
) -> None:
    """All elements are below 0, which MaxPool3D of TF.js never is."""
    told: dict[str, Any] = {"kernel_shape": [3, 2, 3][:axes]}
    for name, value in attrs.items():
        told[name] = value if name in ("ceil_mode", "auto_pad") else [value] * (2 * axes if name == "pads" else axes)
    x = np.random.default_rng(axes).normal(size=(batch, 3, *SIZES[axes])).astype(np.float32) - 9
    agree(one_node(op, {"x": ("N", 3, *SIZES[axes])}, **told), {"x": x}, runtimes, tmp_path)


@pytest.mark.parametrize("op", ["GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"])
def test_all_of_a_picture_of_any_size(runtimes: dict[str, StockTFJS], tmp_path: Path, op: str) -> None:
    model = one_node(op, {"x": ("N", 2, "H", "W")})
    for shape in ((1, 2, 5, 3), (3, 2, 4, 4)):
        x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        agree(model, {"x": x}, runtimes, tmp_path)


def test_a_nan_stays_in_the_windows_that_hold_it(runtimes: dict[str, StockTFJS], tmp_path: Path) -> None:
    """AvgPool of TF.js on wasm makes -inf of it."""
    x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    x[0, 0, 1, 2] = np.nan
    model = one_node("AveragePool", {"x": ("N", 1, 4, 4)}, kernel_shape=[2, 2], strides=[2, 2])
    agree(model, {"x": x}, runtimes, tmp_path)


@pytest.mark.parametrize("order", [0, 1])
def test_indices_are_places_in_the_whole_input(runtimes: dict[str, StockTFJS], tmp_path: Path, order: int) -> None:
    """Of equal elements the first, whatever the pads and dilations."""
    x = np.random.default_rng(3).integers(0, 4, (2, 3, 7, 6)).astype(np.float32)
    told = {"kernel_shape": [3, 2], "pads": [1, 1, 1, 0], "strides": [2, 1], "dilations": [1, 2]}
    agree(one_node("MaxPool", {"x": x.shape}, outputs=2, storage_order=order, **told), {"x": x}, runtimes, tmp_path)


def test_what_a_pool_took_goes_back_to_its_place(runtimes: dict[str, StockTFJS], tmp_path: Path) -> None:
    x = np.random.default_rng(3).normal(size=(2, 3, 6, 4)).astype(np.float32)
    nodes = [
        helper.make_node("MaxPool", ["x"], ["a", "i"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("MaxUnpool", ["a", "i"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape) for name in "xy"]
    graph = helper.make_graph(nodes, "back", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    found = asked(model, {"x": x}, runtimes, tmp_path)
    windows = x.reshape(2, 3, 3, 2, 2, 2)
    expected = np.where(windows == windows.max((3, 5), keepdims=True), windows, 0).reshape(x.shape)
    for made in found.values():
        np.testing.assert_array_equal(made[0], expected)


def test_what_is_not_settled_is_refused() -> None:
    told = {"kernel_shape": [2], "auto_pad": "SAME_UPPER", "dilations": [2]}
    with pytest.raises(UnsupportedModelError, match="results of two sizes"):
        compile_network(one_node("MaxPool", {"x": ("N", 1, 8)}, **told))
