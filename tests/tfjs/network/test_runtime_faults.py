"""Where TF.js is wrong without a word: its own operator's answer, and that the graph that is written does not meet it.

Each row: what a page's TF.js 4.22.0 makes of the operator as it is, and the ONNX operator whose lowering goes round it.
A runtime that is mended fails the first half, and the way round can go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from tfjs_graphs import BACKENDS, model, raw

from isoship.tfjs.emitter import GraphDef, Tensor
from isoship.tfjs.network.writing import kind, text

F, INT = np.float32, np.int32


@dataclass(frozen=True)
class Fault:
    """write: the operator as it is, on `feeds`; wrong_on: the backends where it is not `right`; lowered: the ONNX model
    of the same question, asked with `asked` where it lies otherwise; close: how near its answer comes."""

    name: str
    feeds: dict[str, Any]
    write: Callable[..., Tensor]
    right: Any
    wrong_on: tuple[str, ...]
    lowered: Any
    asked: dict[str, Any] | None = None
    close: float = 1e-6


def op(name: str, dtype: str | None = None, **attrs: Any) -> Callable[..., Tensor]:
    return lambda g, *inputs: g.op(name, *inputs, dtype=dtype, **attrs)


def _one_hot(g: GraphDef, x: Tensor) -> Tensor:
    ends = [g.const(np.float32(v)) for v in (1, 0)]
    return g.op(
        "OneHot",
        x,
        g.control(np.int32(3)),
        *ends,
        dtype="float32",
        axis={"i": "-1"},
        T=kind("float32"),
        TI=kind("int32"),
    )


def _strided(g: GraphDef, x: Tensor) -> Tensor:
    masks = {f"{m}_mask": {"i": "0"} for m in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    return g.op("StridedSlice", x, g.control([0]), g.control([5]), g.control([2]), Index=kind("int32"), **masks)


def _cast(source: str, to: str) -> Callable[..., Tensor]:
    return op("Cast", dtype=to, SrcT=kind(source), DstT=kind(to))


def _clip(g: GraphDef, x: Tensor) -> Tensor:
    return g.op("ClipByValue", x, g.const(F(-1)), g.const(F(1)))


def _product(g: GraphDef, a: Tensor, b: Tensor) -> Tensor:
    return g.op("BatchMatMulV2", a, b, adj_x={"b": False}, adj_y={"b": False})


def _fused(g: GraphDef, x: Tensor) -> Tensor:
    ops = {"list": {"s": [text("BiasAdd")["s"]]}}
    turned = {"transpose_a": {"b": False}, "transpose_b": {"b": True}}
    return g.op(
        "_FusedMatMul", x, g.const(WEIGHTS.T.copy()), g.const(BIAS), num_args={"i": "1"}, fused_ops=ops, **turned
    )


def _one_hot_product(g: GraphDef, x: Tensor) -> Tensor:
    return g.op("MatMul", x, g.const(np.eye(2, 1, dtype=F)), transpose_a={"b": False}, transpose_b={"b": False})


ROWS, WEIGHTS, BIAS = np.arange(6, dtype=F).reshape(3, 2), np.array([[1, 2], [3, 4]], F), np.array([10, 20], F)
LEFT, RIGHT = np.arange(36, dtype=F).reshape(3, 1, 3, 4), np.arange(16, dtype=F).reshape(1, 2, 4, 2)

MANY = np.full(400_000, 0.1, F)
PICTURE = np.array([np.nan, 1, 2, 3], F).reshape(1, 2, 2, 1)


def _pool(name: str) -> Callable[..., Tensor]:
    two = {"list": {"i": ["1", "2", "2", "1"]}}
    return lambda g, x: g.op(name, x, ksize=two, strides=two, padding=text("VALID"), data_format=text("NHWC"))


def _mean(g: GraphDef, x: Tensor) -> Tensor:
    return g.op("Mean", x, g.control([0]), keep_dims={"b": True}, Tidx=kind("int32"))


FAULTS = [
    Fault(
        "OneHot of float32 writes the bits of integers",
        {"x": np.array([0, 2], INT)},
        _one_hot,
        np.eye(3, dtype=F)[[0, 2]],
        ("wasm",),
        model(
            "OneHot",
            {"x": np.array([0, 2], np.int64)},
            constants={"depth": np.int64(3), "values": np.array([0, 1], F)},
            axis=-1,
        ),
    ),
    Fault(
        "Cast from float to bool keeps bytes",
        {"x": np.array([0.5, -1, np.nan, 0], F)},
        _cast("float32", "bool"),
        np.array([True, True, True, False]),
        ("wasm",),
        model("Cast", {"x": np.array([0.5, -1, np.nan, 0], F)}, to=9),
    ),
    Fault(
        "ClipByValue makes NaN the least",
        {"x": np.array([np.nan, 3], F)},
        _clip,
        np.array([np.nan, 1], F),
        ("wasm",),
        model("Clip", {"x": np.array([np.nan, 3], F)}, constants={"low": F(-1), "high": F(1)}),
    ),
    Fault(
        "FloorDiv of integers floors",
        {"a": np.array([-7, 7], INT), "b": np.array([2, -2], INT)},
        op("FloorDiv"),
        np.array([-3, -3], INT),
        BACKENDS,
        model("Div", {"a": np.array([-7, 7], INT), "b": np.array([2, -2], INT)}),
    ),
    Fault(
        "FloorMod has the divisor's sign",
        {"a": np.array([-7, 7], INT), "b": np.array([3, -3], INT)},
        op("FloorMod"),
        np.array([-1, 1], INT),
        BACKENDS,
        model("Mod", {"a": np.array([-7, 7], INT), "b": np.array([3, -3], INT)}, fmod=1),
    ),
    Fault(
        "a product with a one-hot matrix spreads NaN",
        {"x": np.array([[1, np.nan]], F)},
        _one_hot_product,
        np.array([[1]], F),
        BACKENDS,
        model("Gather", {"x": np.array([[1, np.nan]], F)}, constants={"i": np.array([0], np.int64)}, axis=1),
    ),
    Fault(
        "StridedSlice of integers gives the bits of floats",
        {"x": np.arange(5, dtype=INT)},
        _strided,
        np.array([0, 2, 4], INT),
        ("wasm",),
        model(
            "Slice",
            {"x": np.arange(5, dtype=INT)},
            constants={"starts": np.array([0]), "ends": np.array([5]), "axes": np.array([0]), "steps": np.array([2])},
        ),
    ),
    Fault(
        "Log1p of a small number is 0",
        {"x": np.array([1e-10], F)},
        op("Log1p"),
        np.array([1e-10], F),
        ("wasm",),
        model("Identity", {"x": np.array([1e-10], F)}),
    ),
    Fault(
        "Maximum drops NaN behind a number",
        {"a": np.array([1], F), "b": np.array([np.nan], F)},
        op("Maximum"),
        np.array([np.nan], F),
        ("wasm",),
        model("Max", {"a": np.array([1], F), "b": np.array([np.nan], F)}),
    ),
    Fault(
        "Relu6 makes NaN 0",
        {"x": np.array([np.nan, 7], F)},
        op("Relu6"),
        np.array([np.nan, 6], F),
        ("wasm",),
        model("Clip", {"x": np.array([np.nan, 7], F)}, constants={"low": F(0), "high": F(6)}),
    ),
    Fault(
        "Sign of NaN is 0",
        {"x": np.array([np.nan, -2], F)},
        op("Sign"),
        np.array([np.nan, -1], F),
        BACKENDS,
        model("Sign", {"x": np.array([np.nan, -2], F)}),
    ),
    Fault(
        "a fused product with a transposed matrix adds another row's constant",
        {"x": ROWS},
        _fused,
        ROWS @ WEIGHTS + BIAS,
        ("wasm",),
        model("Gemm", {"x": ROWS}, constants={"w": WEIGHTS.T.copy(), "b": BIAS}, transB=1),
    ),
    Fault(
        "batches that both broadcast share matrices",
        {"a": LEFT, "b": RIGHT},
        _product,
        LEFT @ RIGHT,
        BACKENDS,
        model("MatMul", {"a": LEFT, "b": RIGHT}),
    ),
    Fault(
        "Mean of many adds up in one float32",
        {"x": MANY},
        _mean,
        np.array([0.1], F),
        ("wasm",),
        model("ReduceMean", {"x": MANY}, constants={"axes": np.array([0])}),
        close=5e-5,
    ),
    Fault(
        "AvgPool of a window with NaN is -inf",
        {"x": PICTURE},
        _pool("AvgPool"),
        np.full((1, 1, 1, 1), np.nan, F),
        ("wasm",),
        model("AveragePool", {"x": PICTURE.transpose(0, 3, 1, 2).copy()}, kernel_shape=[2, 2], strides=[2, 2]),
        asked={"x": PICTURE.transpose(0, 3, 1, 2).copy()},
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_runtime_is_wrong_and_the_graph_is_right(fault: Fault, run: Callable[..., Any]) -> None:
    for backend in BACKENDS:
        try:
            made = run(raw(fault.feeds, fault.write), fault.feeds, backend)["y"]
        except (AssertionError, ValueError):  # it stops, or its shape and its data differ
            made = None
        same = (
            made is not None
            and made.shape == fault.right.shape
            and bool(np.array_equal(made, fault.right, equal_nan=fault.right.dtype.kind == "f"))
        )
        assert same != (backend in fault.wrong_on), f"TF.js on {backend}: {made}"
        feeds = fault.asked or {given.name: fault.feeds[given.name] for given in fault.lowered.graph.input}
        found = run(fault.lowered, feeds, backend)["y"]
        np.testing.assert_allclose(
            found.astype(np.float64), fault.right.astype(np.float64), rtol=fault.close, err_msg=backend
        )
