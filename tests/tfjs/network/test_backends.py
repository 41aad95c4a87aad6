"""On which backends a network says that its graph is right: what graphics answer otherwise is not claimed there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tfjs_graphs import model

from isoship.tfjs.network import compile_network

F = np.float32
X = {"x": np.ones((2, 3), F)}
EVERYWHERE, PROCESSORS = ("cpu", "wasm", "webgl", "webgpu"), ("cpu", "wasm")

CASES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "a square": (model("Pow", X, constants={"e": F(2)}), EVERYWHERE),
    "a root": (model("Pow", X, constants={"e": F(0.5)}), EVERYWHERE),
    "a power below 0, of which webgl makes 0 at 0": (model("Pow", X, constants={"e": F(-1)}), PROCESSORS),
    "NaN that is asked for": (model("IsNaN", X), PROCESSORS),
    "five axes": (model("Relu", {"x": np.ones((1, 1, 1, 1, 2), F)}), PROCESSORS),
    "places that webgl adds up": (
        model("ScatterElements", X, constants={"i": np.zeros((1, 3), np.int64), "u": np.ones((1, 3), F)}),
        PROCESSORS,
    ),
    "running sums of integers": (
        model("CumSum", {"x": np.ones(3, np.int32)}, constants={"a": np.int64(0)}),
        PROCESSORS,
    ),
    "a pool": (model("MaxPool", {"x": np.ones((1, 1, 4, 4), F)}, kernel_shape=[2, 2]), EVERYWHERE),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_network_claims_the_backends_that_it_is_right_on(name: str) -> None:
    network, backends = CASES[name]
    made = compile_network(network)
    assert made.backends == backends
    assert any("cpu and wasm alone" in note for note in made.notes) is (backends == PROCESSORS)
