"""Normalizations answer as onnxruntime's, for batches of any size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network_runner import StockTFJS, agree, asked, one_node
from onnx import TensorProto, helper, numpy_helper

from isoship.errors import UnsupportedModelError
from isoship.tfjs.network import compile_network


@pytest.fixture(scope="module")
def runtimes() -> Iterator[dict[str, StockTFJS]]:
    with StockTFJS("cpu") as cpu, StockTFJS("wasm") as wasm:
        yield {"cpu": cpu, "wasm": wasm}


def values(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


SCALES = {"s": values(6), "b": values(6)}
SEEN = {"m": values(6), "v": np.abs(values(6)) + np.float32(0.1)}
#: Operator, version, shape behind the batch, what else goes in, attributes.
CASES: list[tuple[str, int, tuple[int | str, ...], dict[str, Any], dict[str, Any]]] = [
    ("BatchNormalization", 9, (6,), SCALES | SEEN, {}),
    ("BatchNormalization", 15, (6, 5), SCALES | SEEN, {"epsilon": 0.01}),
    ("BatchNormalization", 15, (6, "H", "W"), SCALES | {"m": SEEN["m"], "v": (6,)}, {}),
    ("InstanceNormalization", 6, (6, "H", "W"), SCALES, {"epsilon": 0.01}),
    ("LRN", 13, (6, 4, 3), {}, {"size": 3, "alpha": 0.3, "beta": 0.6, "bias": 2.0}),
    ("LRN", 13, (6, 4, 3), {}, {"size": 5, "alpha": 0.3}),
    ("LpNormalization", 1, (6, 4), {}, {"p": 1, "axis": 1}),
    ("LpNormalization", 1, (6, 4), {}, {"p": 2}),
    ("LayerNormalization", 17, ("T", 6), SCALES, {"epsilon": 0.01}),
    ("LayerNormalization", 17, (4, 6), {"s": values(4, 6)}, {"axis": 1}),
    ("RMSNormalization", 23, ("T", 6), {"s": values(6)}, {"epsilon": 0.01}),
    ("GroupNormalization", 21, (6, 4, 5), SCALES, {"num_groups": 3}),
]


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)])
def test_answers_as_onnxruntime(runtimes: dict[str, StockTFJS], tmp_path: Path, case: Any, batch: int) -> None:
    op, opset, shape, others, attrs = case
    x = values(batch, *(size if isinstance(size, int) else 5 for size in shape))
    x[0, 0] = 0
    feeds = {"x": x} | {name: np.abs(values(*y)) for name, y in others.items() if isinstance(y, tuple)}
    agree(one_node(op, {"x": ("N", *shape)} | others, opset=opset, **attrs), feeds, runtimes, tmp_path)


def test_what_is_zero_throughout_stays_so(runtimes: dict[str, StockTFJS], tmp_path: Path) -> None:
    x = np.array([[0, 0], [3, -4]], np.float32)
    found = asked(one_node("LpNormalization", {"x": ("N", 2)}, opset=1), {"x": x}, runtimes, tmp_path)
    for made in found.values():
        np.testing.assert_allclose(made[0], [[0, 0], [0.6, -0.8]], rtol=1e-6)


def test_nothing_is_turned_behind_a_convolution() -> None:
    """What a batch of training saw is one product and one sum, and its factors are numbers."""
    weights = [numpy_helper.from_array(x, name) for name, x in (SCALES | SEEN | {"w": values(6, 6, 1, 1)}).items()]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("BatchNormalization", ["a", "s", "b", "m", "v"], ["c"]),
        helper.make_node("Conv", ["c", "w"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 6, 4, 4]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "three", ends[:1], ends[1:], weights))
    ops = [node["op"] for node in compile_network(model).graph.nodes if node["op"] not in ("Const", "Identity")]
    assert ops == ["Placeholder", "Transpose", "Conv2D", "Mul", "AddV2", "Conv2D", "Transpose"]


def test_training_mode_is_refused() -> None:
    model = one_node("BatchNormalization", {"x": ("N", 6)} | SCALES | SEEN, outputs=3, opset=15, training_mode=1)
    with pytest.raises(UnsupportedModelError, match="hangs on the other rows"):
        compile_network(model)
