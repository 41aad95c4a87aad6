"""The zoo in TF.js: every network's compiled graph answers as torch, at several sizes, in Node on cpu and wasm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.onnx_suite.running import StockTFJS
from zoo import ZOO, network

from isoship.sources.torch.source import TorchSource
from isoship.tfjs.network import compile_network, write_network

_NUMPY: dict[str, Any] = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
#: What rounds in other orders than torch: relative to an output's largest number.
_CLOSE = 2e-5


@pytest.mark.parametrize("name", ZOO)
def test_a_network_answers_as_torch_in_tfjs(name: str, tmp_path: Path) -> None:
    module, sample, dynamic = network(name)
    source = TorchSource(module, sample=sample, dynamic=dynamic)
    made = compile_network(source.to_onnx())
    write_network(tmp_path, made)
    first = source.samples[0]
    calls = [
        first,
        {key: x[:1] for key, x in first.items()},
        {key: np.concatenate([x, x[:1]]) for key, x in first.items()},
    ]
    for backend in ("cpu", "wasm"):
        with StockTFJS(backend) as tfjs:
            for call in calls:
                feeds = {port.node: call[port.name].astype(_NUMPY[port.dtype]) for port in made.inputs}
                found = tfjs.ask(tmp_path, feeds, [port.node for port in made.outputs])
                assert not isinstance(found, str), found
                for output, expected in source.answers(call).items():
                    (port,) = [port for port in made.outputs if port.name == output]
                    apart = np.abs(found[port.node] - expected).max()
                    assert apart <= _CLOSE * max(1.0, float(np.abs(expected).max())), (backend, output, apart)
