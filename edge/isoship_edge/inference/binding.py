"""ONNX Runtime through its Python package and numpy: the fallback where the C library is not reachable."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isoship_edge.encoding.text import encoded
from isoship_edge.errors import BundleError, InferenceError, RuntimeMissing
from isoship_edge.inference.tensor import TYPECODES, Tensor

_NUMPY = {**{name: name for name in TYPECODES}, "double": "float64", "float": "float32", "bool": "bool"}
_DTYPES = {f"tensor({dtype})": dtype for dtype in (*_NUMPY, "string")}


class BindingSession:
    """A session of the onnxruntime package under the contract of `isoship_edge.inference.session.Session`."""

    backend = "binding"

    def __init__(self, path: str | Path, threads: int, *, optimized: bool = False) -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        try:
            import onnxruntime as ort
        except ImportError as err:
            raise RuntimeMissing(
                f"ONNX Runtime is not here ({err}). pip install onnxruntime, or set ISOSHIP_ORT_LIBRARY to its library"
            ) from err
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        if optimized:
            from isoship_edge.inference.ort_api import NOT_OPTIMIZED

            options.add_session_config_entry(*NOT_OPTIMIZED)
        else:
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        try:
            self._session: Any = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as err:  # the binding's exceptions share no other base
            raise BundleError(f"ONNX Runtime {ort.__version__} does not load {path}: {err}") from err
        self.runtime: str = ort.__version__
        self.inputs = tuple(i.name for i in self._session.get_inputs())
        self.outputs = tuple(o.name for o in self._session.get_outputs())
        self._dtypes = {o.name: o.type for o in self._session.get_outputs()}

    def run(self, inputs: Mapping[str, Tensor], outputs: Iterable[str]) -> dict[str, Tensor]:
        session = self._session
        if session is None:
            raise InferenceError("this session is closed")
        names = list(outputs)
        feeds = {name: _array(tensor) for name, tensor in inputs.items()}
        try:
            arrays = session.run(names, feeds)
        except Exception as err:  # as above
            raise InferenceError(f"ONNX Runtime {self.runtime} failed: {err}") from err
        return {name: _tensor(name, self._dtypes[name], a) for name, a in zip(names, arrays, strict=True)}

    def keep(self, inputs: Sequence[tuple[str, str, int]], outputs: tuple[str, ...]) -> None:
        """It keeps none."""

    def keep_call(self, inputs: Sequence[tuple[str, str, tuple[int, ...]]], outputs: tuple[str, ...]) -> None:
        """Nor calls."""

    def close(self) -> None:
        self._session = None


def _array(tensor: Tensor) -> Any:
    import numpy as np

    if tensor.dtype == "string":
        for text in tensor.data:
            encoded(text)
        return np.array(tensor.data, dtype=object).reshape(tensor.shape)
    return np.frombuffer(tensor.data, dtype=_NUMPY[tensor.dtype]).reshape(tensor.shape)


def _tensor(name: str, ort_type: str, values: Any) -> Tensor:
    dtype = _DTYPES.get(ort_type)
    if dtype is None:
        raise InferenceError(f"output {name!r} has type {ort_type}; isoship reads tensors of {', '.join(_DTYPES)}")
    data: Any
    if dtype == "string":
        data = [str(v) for v in values.reshape(-1)]
    elif dtype == "bool":
        data = bytearray(values.tobytes())
    else:
        data = array(TYPECODES[dtype], values.tobytes())
    return Tensor(dtype, tuple(int(d) for d in values.shape), data)
