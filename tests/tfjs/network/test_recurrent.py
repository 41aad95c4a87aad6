"""RNN, GRU and LSTM answer as onnxruntime's, for batches of any size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.onnx_suite.running import StockTFJS
from network_runner import agree, one_node

from isoship.errors import UnsupportedModelError
from isoship.tfjs.network import compile_network

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


@pytest.fixture(scope="module")
def runtimes() -> Iterator[dict[str, StockTFJS]]:
    with StockTFJS("cpu") as cpu, StockTFJS("wasm") as wasm:
        yield {"cpu": cpu, "wasm": wasm}


def weights(op: str, directions: int) -> dict[str, Any]:
    rng, gates = np.random.default_rng(1), GATES[op]
    shapes = {"w": (gates * 4, 3), "r": (gates * 4, 4), "b": (2 * gates * 4,)}
    return {name: rng.normal(size=(directions, *shape)).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("op", "attrs"),
    [
        ("RNN", {}),
        ("GRU", {"clip": 0.5}),
        ("GRU", {"linear_before_reset": 1}),
        ("LSTM", {}),
        ("LSTM", {"input_forget": 1}),
    ],
)
def test_answers_as_onnxruntime(
    runtimes: dict[str, StockTFJS], tmp_path: Path, op: str, attrs: dict[str, Any], direction: str, batch: int
) -> None:
    """All outputs, from states that the caller gives."""
    directions = 2 if direction == "bidirectional" else 1
    rng, state = np.random.default_rng(2), (directions, "N", 4)
    inputs: dict[str, Any] = {"x": (5, "N", 3)} | weights(op, directions) | {"l": None, "h": state}
    feeds = {"x": rng.normal(size=(5, batch, 3)), "h": rng.normal(size=(directions, batch, 4))}
    if op == "LSTM":
        inputs["c"], feeds["c"] = state, rng.normal(size=(directions, batch, 4))
    model = one_node(op, inputs, outputs=3 if op == "LSTM" else 2, hidden_size=4, direction=direction, **attrs)
    agree(model, {name: x.astype(np.float32) for name, x in feeds.items()}, runtimes, tmp_path)


@pytest.mark.parametrize("op", ["GRU", "LSTM"])
def test_sequences_of_several_lengths(runtimes: dict[str, StockTFJS], tmp_path: Path, op: str) -> None:
    """Behind its end a sequence gives 0 and keeps its state; backwards it begins at its end."""
    inputs = {"x": (5, 3, 3)} | weights(op, 2) | {"l": np.array([5, 1, 3], np.int32)}
    model = one_node(op, inputs, outputs=2, hidden_size=4, direction="bidirectional")
    agree(model, {"x": np.random.default_rng(4).normal(size=(5, 3, 3)).astype(np.float32)}, runtimes, tmp_path)


def test_peepholes_and_activations_with_numbers_of_their_own(runtimes: dict[str, StockTFJS], tmp_path: Path) -> None:
    peepholes = np.random.default_rng(5).normal(size=(1, 12)).astype(np.float32)
    inputs = {"x": (4, "N", 3)} | weights("LSTM", 1) | {"l": None, "h": None, "c": None, "p": peepholes}
    told = {"activations": ["HardSigmoid", "LeakyRelu", "Softsign"], "activation_alpha": [0.3, 0.2], "clip": 0.7}
    model = one_node("LSTM", inputs, outputs=3, hidden_size=4, activation_beta=[0.4], **told)
    agree(model, {"x": np.random.default_rng(6).normal(size=(4, 2, 3)).astype(np.float32)}, runtimes, tmp_path)


def test_a_length_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="is not known"):
        compile_network(one_node("RNN", {"x": ("T", "N", 3)} | weights("RNN", 1), outputs=2, hidden_size=4))
