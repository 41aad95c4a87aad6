"""ONNX files by other exporters (tests/onnx_files/record.py): in TF.js as in onnxruntime, or refused by their node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tfjs_graphs import BACKENDS

from isoship.errors import UnsupportedModelError
from isoship.sources.tensor_models import open_tensor_source
from isoship.tfjs.network import Network, compile_network

FOLDER = Path(__file__).resolve().parents[2] / "onnx_files"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.onnx"))

#: What is refused, and what its refusal says.
REFUSED = {
    "sklearn/skl2onnx_logistic_zip_map.onnx": "asked for string",
    "sklearn/skl2onnx_strings_and_numbers.onnx": "TF.js holds no string",
}
_NUMPY = {
    "float": np.float32,
    "int64": np.int64,
    "int32": np.int32,
    "bool": np.bool_,
    "uint8": np.uint8,
    "float16": np.float16,
}


def drawn(network: Network, batch: int) -> dict[str, Any]:
    """A seeded call; every size that a caller chooses is the batch, and 12 where it is no batch."""
    rng = np.random.default_rng(batch)
    made = {}
    for port in network.inputs:
        sizes = [size if isinstance(size, int) else batch if i == 0 else 12 for i, size in enumerate(port.shape)]
        dtype = _NUMPY[port.onnx_dtype]
        if port.dtype == "float32":
            made[port.name] = rng.normal(size=sizes).astype(dtype)
        else:
            made[port.name] = rng.integers(0, 2 if "mask" in port.name else 10, sizes).astype(dtype)
    return made


@pytest.mark.parametrize("name", FILES)
def test_a_recorded_network_answers_as_in_onnxruntime(name: str, run: Callable[..., Any]) -> None:
    source = open_tensor_source(FOLDER / name)
    model = source.to_onnx()
    source.close()
    if name in REFUSED:
        with pytest.raises(UnsupportedModelError, match=REFUSED[name]):
            compile_network(model)
        return
    network = compile_network(model)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    half = any(port.onnx_dtype == "float16" for port in network.inputs)
    for batch in (1, 2, 3, 40):
        if batch > 1 and all(isinstance(port.shape[0], int) for port in network.inputs):
            break
        feeds = drawn(network, batch)
        expected = session.run([port.name for port in network.outputs], feeds)
        for backend in BACKENDS:
            found = run(network, feeds, backend)
            for port, x in zip(network.outputs, expected, strict=True):
                made = found[port.name]
                if x.dtype.kind == "i":
                    np.testing.assert_array_equal(made, x, err_msg=f"{backend}, {port.name}, {batch}")
                else:
                    tolerance = 2e-3 if half else 1e-5
                    np.testing.assert_allclose(
                        made, x, rtol=tolerance, atol=tolerance, err_msg=f"{backend}, {port.name}"
                    )
