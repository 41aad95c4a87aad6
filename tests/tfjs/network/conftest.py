"""Networks asked in stock TF.js in Node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from benchmarks.onnx_suite.running import StockTFJS

from isoship.tfjs.network import Network, compile_network, write_network

_NUMPY: dict[str, Any] = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}


@pytest.fixture(scope="session")
def tfjs() -> Iterator[dict[str, StockTFJS]]:
    with StockTFJS("cpu") as cpu, StockTFJS("wasm") as wasm:
        yield {"cpu": cpu, "wasm": wasm}


@pytest.fixture
def run(tfjs: dict[str, StockTFJS], tmp_path: Path) -> Callable[..., Any]:
    """run(network or model, feeds, backend) -> arrays by the outputs' names."""

    def asked(network: Network | onnx.ModelProto, feeds: dict[str, Any], backend: str) -> dict[str, Any]:
        if isinstance(network, onnx.ModelProto):
            network = compile_network(network)
        folder = tmp_path / f"model{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        write_network(folder, network)
        given = {port.node: np.asarray(feeds[port.name]).astype(_NUMPY[port.dtype]) for port in network.inputs}
        fetches = [port.node for port in network.outputs]
        made = tfjs[backend].ask(folder, given, fetches, asynchronous=network.asynchronous)
        assert not isinstance(made, str), made
        return {port.name: made[port.node] for port in network.outputs}

    return asked
