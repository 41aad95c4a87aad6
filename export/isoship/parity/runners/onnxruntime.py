"""onnxruntime's Python binding on model.onnx, as anyone would load it; the input contract is isoship_edge's."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.errors import RunnerUnavailable
from isoship.onnx.sessions import Level, session_of
from isoship.parity.runners.arrays import tensor_from_array
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.rows.columns import feeds_from_rows
from isoship.sources.contract import Row
from isoship.tensors.contract import Arrays
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.manifest import MISSING_STRING, Output
from isoship_edge.tensors.contract import check


class OnnxRuntimeRunner:
    """One thread, graph optimization off: the graph was optimized when it was exported."""

    optimization: Level = "off"

    name = "onnxruntime"
    target = "model"
    precision = "double"
    _chunk = 4096

    def prepare(self, shipped: Shipped) -> None:
        try:
            import onnxruntime as ort
        except ImportError as err:
            raise RunnerUnavailable("pip install onnxruntime") from err
        try:
            self._session = session_of(str(shipped.folder / "model.onnx"), self.optimization)
        except Exception as err:  # onnxruntime's errors share no base class
            raise RunnerCrashed(f"onnxruntime does not load model.onnx: {err}") from err
        self._take(shipped)
        self._version = ort.__version__

    def _take(self, shipped: Shipped) -> None:
        self._signature = shipped.manifest.signature
        self._outputs = shipped.manifest.outputs

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        decode_rows(rows, self._signature)
        parts: list[dict[str, np.ndarray[Any, Any]]] = []
        for start in range(0, len(rows), self._chunk):
            feeds = feeds_from_rows(rows[start : start + self._chunk], self._signature)
            parts.append(self._run(feeds))
        arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return {o.name: _shaped(arrays.pop(o.name), o) for o in self._outputs if o.name in arrays} | arrays

    def infer_tensors(self, inputs: Arrays, transport: str = "arrays") -> dict[str, np.ndarray[Any, Any]]:
        check({name: tensor_from_array(array) for name, array in inputs.items()}, self._signature.inputs)
        return self._run(dict(inputs))

    def _run(self, feeds: dict[str, Any]) -> dict[str, Any]:
        names = [o.name for o in self._session.get_outputs()]
        try:
            return dict(zip(names, self._session.run(names, feeds), strict=True))
        except Exception as err:  # onnxruntime's errors share no base class
            raise RunnerCrashed(f"onnxruntime fails on model.onnx: {err}") from err

    def stamp(self) -> dict[str, str]:
        return {"onnxruntime": self._version, "provider": "CPU", "threads": "1", "optimization": self.optimization}

    def close(self) -> None:
        self._session = None


class DefaultLevelRunner(OnnxRuntimeRunner):
    """The same file at the level that `onnxruntime.InferenceSession("model.onnx")` runs it: nothing of ours does.

    BASIC folds a Pad of zeros into MaxPool's own padding, which is -inf (onnxruntime #24737).
    """

    name = "onnxruntime-default"
    optimization = "default"
    differs = (
        "onnxruntime's default optimization answers otherwise. What ships runs without it; whoever loads model.onnx"
        " elsewhere should, too (GraphOptimizationLevel.ORT_DISABLE_ALL)"
    )


def _shaped(array: np.ndarray[Any, Any], output: Output) -> np.ndarray[Any, Any]:
    """[N, 1] where the manifest says [N] loses its 1; the missing string is None."""
    if len(output.shape) == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype == object:
        flat = [None if value == MISSING_STRING else value for value in array.ravel().tolist()]
        array = np.array(flat, dtype=object).reshape(array.shape)
    return array
