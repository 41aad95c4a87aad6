"""model.onnx in onnxruntime-web: another build of ONNX Runtime, with all of its optimizations, as a page would load it.

The Python runner switches ONNX Runtime's optimizations off. Here every fusion runs that runs by default.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.node import ORT_WEB, NodeDriver, modules_with
from isoship.parity.runners.onnxruntime import OnnxRuntimeRunner

_DTYPES: dict[str, Any] = {
    "float64": np.float64,
    "float32": np.float32,
    "int64": np.int64,
    "int32": np.int32,
    "bool": np.bool_,
}


class OnnxRuntimeWebRunner(OnnxRuntimeRunner):
    """One thread of its wasm backend, in Node."""

    name = "onnxruntime-web"
    _driver: NodeDriver | None = None

    def prepare(self, shipped: Shipped) -> None:
        self._take(shipped)
        modules = modules_with(ORT_WEB[:1], "@".join(ORT_WEB))
        self._driver = NodeDriver(self.name, "onnx", "wasm", shipped.folder / "model.onnx", modules)

    def stamp(self) -> dict[str, str]:
        return {} if self._driver is None else {**self._driver.stamp, "threads": "1", "optimization": "all"}

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def _run(self, feeds: dict[str, Any]) -> dict[str, Any]:
        assert self._driver is not None
        answer = self._driver.ask({"feeds": {name: _sent(array) for name, array in feeds.items()}})
        if "outputs" not in answer:
            raise RunnerCrashed(f"{self.name}: {answer['error']['message']}")
        return {name: _received(made) for name, made in answer["outputs"].items()}


def _sent(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    if array.dtype.kind in "OU":
        return {"dtype": "string", "shape": list(array.shape), "data": array.ravel().tolist()}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}


def _received(made: dict[str, Any]) -> np.ndarray[Any, Any]:
    if made["dtype"] == "string":
        return np.array(made["data"], dtype=object).reshape(made["shape"])
    return np.frombuffer(base64.b64decode(made["data"]), _DTYPES[made["dtype"]]).reshape(made["shape"])
