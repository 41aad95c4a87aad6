"""Weights that float16 holds are written as such, and TF.js makes the same float32 of every one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfjs_graphs import BACKENDS, model

from isoship.tfjs import readback
from isoship.tfjs.network import compile_network, write_network

#: Every finite float16, the smallest beyond 0 and both zeros among them.
HALVES = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
HALVES = HALVES[np.isfinite(HALVES)]
SINGLES = np.nextafter(HALVES, np.float32(np.inf))


def added(table: Any) -> Any:
    return model("Add", {"x": np.zeros(1, np.float32)}, constants={"table": table})


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_half_is_read_back_bit_by_bit(backend: str, run: Callable[..., Any]) -> None:
    made = run(added(HALVES), {"x": np.zeros(1, np.float32)}, backend)["y"]
    np.testing.assert_array_equal(made, HALVES)


def test_only_what_loses_nothing_is_halved(tmp_path: Path) -> None:
    sizes = {}
    for name, table in (("halves", HALVES), ("singles", SINGLES), ("one of them", np.append(HALVES, SINGLES[7]))):
        folder = tmp_path / name
        folder.mkdir()
        network = compile_network(added(table))
        write_network(folder, network)
        readback.verify_written(folder, network.graph.weights)
        (spec,) = [
            s for s in json.loads((folder / "model.json").read_text())["weightsManifest"][0]["weights"] if s["shape"]
        ]
        sizes[name] = spec.get("quantization", {}).get("dtype", spec["dtype"])
    assert sizes == {"halves": "float16", "singles": "float32", "one of them": "float32"}
