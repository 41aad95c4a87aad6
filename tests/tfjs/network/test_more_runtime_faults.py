"""More places where TF.js is wrong without a word: on cpu and wasm beside our graph, on webgl beside its claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from benchmarks.onnx_suite.running import StockTFJS
from tfjs_graphs import BACKENDS, model, raw

from isoship.errors import UnsupportedModelError
from isoship.tfjs.emitter import GraphDef, Tensor
from isoship.tfjs.network import compile_network, write_network
from isoship.tfjs.network.writing import kind, text

F, INT = np.float32, np.int32
SOME = np.array([True, False, False])
BELOW = np.full((1, 2, 2, 2, 1), -1, F)


BACKWARDS = {"starts": np.array([-1]), "ends": np.array([-9]), "axes": np.array([0]), "steps": np.array([-1])}


def _deep_pool(g: GraphDef, x: Tensor) -> Tensor:
    two = {"list": {"i": ["1", "2", "2", "2", "1"]}}
    return g.op("MaxPool3D", x, ksize=two, strides=two, padding=text("VALID"), data_format=text("NDHWC"))


def op(name: str) -> Callable[..., Tensor]:
    return lambda g, *inputs: g.op(name, *inputs)


def answered(run: Callable[..., Any], feeds: dict[str, Any], write: Callable[..., Tensor], backend: str) -> Any:
    try:
        return run(raw(feeds, write), feeds, backend)["y"]
    except (AssertionError, ValueError):
        return None


ON_PROCESSORS = {
    "MaxPool3D never falls below 0": (
        {"x": BELOW}, _deep_pool, np.full((1, 1, 1, 1, 1), -1, F), ("wasm",),
        model("MaxPool", {"x": BELOW.reshape(1, 1, 2, 2, 2)}, kernel_shape=[2, 2, 2]),
        {"x": BELOW.reshape(1, 1, 2, 2, 2)},
    ),
    "FloorDiv of reals goes through int32": (
        {"a": np.array([1e12], F), "b": np.array([2], F)}, op("FloorDiv"), np.array([5e11], F), ("cpu",),
        model("Div", {"a": np.array([1e12], F), "b": np.array([2], F)}),
        {"a": np.array([1e12], F), "b": np.array([2], F)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(ON_PROCESSORS))
def test_a_fault_on_cpu_or_wasm_is_gone_round(name: str, run: Callable[..., Any]) -> None:
    feeds, write, right, wrong_on, lowered, asked = ON_PROCESSORS[name]
    for backend in BACKENDS:
        made = answered(run, feeds, write, backend)
        assert (made is not None and np.array_equal(made, right)) != (backend in wrong_on), (backend, made)
        np.testing.assert_array_equal(run(lowered, asked, backend)["y"].ravel(), right.ravel(), err_msg=backend)


#: Where wasm reads or writes bytes that are not the tensor's, which no test asks of it: bools chosen between or turned,
#: and GatherV2 with batch_dims.
TABLE, PLACES = np.arange(30, dtype=F).reshape(3, 10), np.array([[9], [4], [0]])
OUTSIDE = {
    "a choice between bools": (model("Where", {"c": SOME, "x": SOME, "z": ~SOME}), {"c": SOME, "x": SOME, "z": ~SOME},
                               SOME | ~SOME),
    "bools turned": (model("Slice", {"x": SOME}, constants=BACKWARDS), {"x": SOME}, SOME[::-1]),
    "places in each row": (model("GatherElements", {"t": TABLE, "i": PLACES}, axis=1), {"t": TABLE, "i": PLACES},
                           np.take_along_axis(TABLE, PLACES, 1)),
}  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", list(OUTSIDE))
def test_what_reads_outside_on_wasm_is_never_written(name: str, backend: str, run: Callable[..., Any]) -> None:
    lowered, feeds, right = OUTSIDE[name]
    ops = {node["op"] for node in compile_network(lowered).graph.nodes}
    assert not ops & {"ReverseV2", "StridedSlice"}
    np.testing.assert_array_equal(run(lowered, feeds, backend)["y"], right)


def test_powers_of_integers_that_overflow_are_refused(run: Callable[..., Any]) -> None:
    """cpu lets them wrap, as ONNX does; wasm makes the largest integer, or the least, of them."""
    feeds = {"a": np.array([3], INT), "b": np.array([30], INT)}
    made = {backend: int(answered(run, feeds, op("Pow"), backend)[0]) for backend in BACKENDS}
    assert made["cpu"] == (3**30 + 2**31) % 2**32 - 2**31
    assert abs(made["wasm"]) in (2**31 - 1, 2**31)
    with pytest.raises(UnsupportedModelError, match=r"Pow .*may be larger than 2\*\*24"):
        compile_network(model("Pow", feeds))


TWICE = {"i": np.array([[0], [0]], INT), "u": np.array([1, 2], F)}
ON_GRAPHICS: dict[str, tuple[dict[str, Any], Callable[..., Tensor], Any, onnx.ModelProto]] = {
    "0 / 0": (
        {"a": np.zeros(2, F), "b": np.zeros(2, F)}, op("RealDiv"), np.full(2, np.nan, F),
        model("IsNaN", {"x": np.zeros(2, F)}),
    ),
    "0 to the power -1": (
        {"a": np.zeros(2, F), "b": np.full(2, -1, F)}, op("Pow"), np.full(2, np.inf, F),
        model("Pow", {"a": np.zeros(2, F)}, constants={"b": F(-1)}),
    ),
    "one place written twice": (
        TWICE, lambda g, i, u: g.op("TensorScatterUpdate", g.const(np.zeros(2, F)), i, u, Tindices=kind("int32")),
        np.array([2, 0], F),
        model("ScatterND", {"x": np.zeros(2, F)}, constants={"i": np.array([[0], [0]]), "u": TWICE["u"]}),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def webgl() -> Iterator[StockTFJS]:
    with StockTFJS("webgl", "chromium") as tfjs:
        yield tfjs


@pytest.mark.parametrize("name", list(ON_GRAPHICS))
def test_what_webgl_answers_otherwise_is_not_claimed_there(name: str, webgl: StockTFJS, tmp_path: Path) -> None:
    feeds, write, right, lowered = ON_GRAPHICS[name]
    network = raw(feeds, write)
    write_network(tmp_path, network)
    made = webgl.ask(tmp_path, feeds, [network.outputs[0].node])
    assert isinstance(made, dict), made
    assert not np.array_equal(next(iter(made.values())), right, equal_nan=True), "webgl is right now"
    assert "webgl" not in compile_network(lowered).backends
