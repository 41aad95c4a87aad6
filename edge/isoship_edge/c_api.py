"""ONNX Runtime's C API through ctypes: no numpy, no pybind, 50 MB less memory and 45 ms less at start.

`OrtApi` is a table of function pointers to which every release only appends, so an index is a name. The indices
below are the order of `struct OrtApi` in onnxruntime_c_api.h, all from API version 1. The version asked of
`OrtGetApiBase()->GetApi` is the oldest whose library runs our graphs (opset 21, ai.onnx.ml 5).
"""

from __future__ import annotations

import ctypes
import os
import threading
from array import array
from collections.abc import Iterable, Mapping, Sequence
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from pathlib import Path
from typing import Any

from isoship_edge.errors import BundleError, InferenceError, IsoshipError, RuntimeMissing
from isoship_edge.tensor import TYPECODES, Tensor
from isoship_edge.text import encoded

API_VERSION = 22

#: name -> (index in OrtApi, argument types). All return OrtStatus* unless the name starts with Release.
_FUNCTIONS: dict[str, tuple[int, tuple[Any, ...]]] = {
    "GetErrorMessage": (2, (c_void_p,)),
    "CreateEnv": (3, (c_int, c_char_p, POINTER(c_void_p))),
    "DisableTelemetryEvents": (6, (c_void_p,)),
    "CreateSession": (7, (c_void_p, c_char_p, c_void_p, POINTER(c_void_p))),
    "Run": (
        9,
        (c_void_p, c_void_p, POINTER(c_char_p), POINTER(c_void_p), c_size_t, POINTER(c_char_p), c_size_t, c_void_p),
    ),
    "CreateSessionOptions": (10, (POINTER(c_void_p),)),
    "SetSessionGraphOptimizationLevel": (23, (c_void_p, c_int)),
    "SetIntraOpNumThreads": (24, (c_void_p, c_int)),
    "SetInterOpNumThreads": (25, (c_void_p, c_int)),
    "SessionGetInputCount": (30, (c_void_p, POINTER(c_size_t))),
    "SessionGetOutputCount": (31, (c_void_p, POINTER(c_size_t))),
    "SessionGetInputName": (36, (c_void_p, c_size_t, c_void_p, POINTER(c_void_p))),
    "SessionGetOutputName": (37, (c_void_p, c_size_t, c_void_p, POINTER(c_void_p))),
    "CreateTensorAsOrtValue": (48, (c_void_p, POINTER(c_int64), c_size_t, c_int, POINTER(c_void_p))),
    "CreateTensorWithDataAsOrtValue": (
        49,
        (c_void_p, c_void_p, c_size_t, POINTER(c_int64), c_size_t, c_int, POINTER(c_void_p)),
    ),
    "IsTensor": (50, (c_void_p, POINTER(c_int))),
    "GetTensorMutableData": (51, (c_void_p, POINTER(c_void_p))),
    "FillStringTensor": (52, (c_void_p, POINTER(c_char_p), c_size_t)),
    "GetStringTensorDataLength": (53, (c_void_p, POINTER(c_size_t))),
    "GetStringTensorContent": (54, (c_void_p, c_void_p, c_size_t, POINTER(c_size_t), c_size_t)),
    "GetTensorElementType": (60, (c_void_p, POINTER(c_int))),
    "GetDimensionsCount": (61, (c_void_p, POINTER(c_size_t))),
    "GetDimensions": (62, (c_void_p, POINTER(c_int64), c_size_t)),
    "GetTensorTypeAndShape": (65, (c_void_p, POINTER(c_void_p))),
    "CreateCpuMemoryInfo": (69, (c_int, c_int, POINTER(c_void_p))),
    "AllocatorFree": (76, (c_void_p, c_void_p)),
    "GetAllocatorWithDefaultOptions": (78, (POINTER(c_void_p),)),
    "ReleaseStatus": (93, (c_void_p,)),
    "ReleaseSession": (95, (c_void_p,)),
    "ReleaseValue": (96, (c_void_p,)),
    "ReleaseTensorTypeAndShapeInfo": (99, (c_void_p,)),
    "ReleaseSessionOptions": (100, (c_void_p,)),
}
#: dtype -> ONNXTensorElementDataType
_ELEMENT = {"float": 1, "int32": 6, "int64": 7, "string": 8, "bool": 9, "double": 11}
_DTYPE = {number: dtype for dtype, number in _ELEMENT.items()}
_BYTES = {"float": 4, "int32": 4, "int64": 8, "bool": 1, "double": 8}

_LOG_ERROR = 3
_DISABLE_ALL = 0
_DEVICE_ALLOCATOR, _MEMORY_DEFAULT = 0, 0


class _Api:
    """The function table of one loaded library, and the process's one OrtEnv in it. Never released."""

    def __init__(self, library: Path) -> None:
        try:
            base_of = ctypes.CDLL(str(library)).OrtGetApiBase
        except (OSError, AttributeError) as err:
            raise RuntimeMissing(f"{library} does not load as ONNX Runtime: {err}") from err
        base_of.restype = POINTER(c_void_p * 2)
        get_api, get_version = base_of().contents
        self.version: str = ctypes.CFUNCTYPE(c_char_p)(get_version)().decode()
        major, minor = (int(part) for part in self.version.split(".")[:2])
        table = (
            ctypes.CFUNCTYPE(c_void_p, c_uint32)(get_api)(API_VERSION) if (major, minor) >= (1, API_VERSION) else None
        )
        if not table:
            raise RuntimeMissing(f"{library} is ONNX Runtime {self.version}; isoship needs 1.{API_VERSION} or newer")
        self._table = ctypes.cast(table, POINTER(c_void_p))
        for name, (index, arguments) in _FUNCTIONS.items():
            result = c_char_p if name == "GetErrorMessage" else None if name.startswith("Release") else c_void_p
            setattr(self, name, ctypes.CFUNCTYPE(result, *arguments)(self._table[index] or 0))
        self.env = self.made("CreateEnv", _LOG_ERROR, b"isoship")
        self.call("DisableTelemetryEvents", self.env)
        self.allocator = self.made("GetAllocatorWithDefaultOptions")
        self.memory = self.made("CreateCpuMemoryInfo", _DEVICE_ALLOCATOR, _MEMORY_DEFAULT)

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function that returns an OrtStatus.

        Raises:
            InferenceError: with the status's message.
        """
        status = getattr(self, name)(*arguments)
        if status:
            message: bytes = self.GetErrorMessage(status)  # type: ignore[attr-defined]
            self.ReleaseStatus(status)  # type: ignore[attr-defined]
            raise InferenceError(f"ONNX Runtime {self.version}: {message.decode(errors='replace')}")

    def made(self, name: str, *arguments: Any) -> c_void_p:
        """Calls a function whose last argument receives a pointer."""
        pointer = c_void_p()
        self.call(name, *arguments, byref(pointer))
        return pointer

    def release(self, kind: str, pointer: Any) -> None:
        getattr(self, "Release" + kind)(pointer)


_apis: dict[str, _Api] = {}
_lock = threading.Lock()


def _api_of(library: Path) -> _Api:
    with _lock:
        key = str(library.resolve())
        if key not in _apis:
            _apis[key] = _Api(library)
        return _apis[key]


class CSession:
    """A session of the C library under the contract of `isoship_edge.session.Session`."""

    backend = "c_api"

    def __init__(self, library: Path, path: Path, threads: int) -> None:
        self._session: c_void_p | None = None
        self._api = api = _api_of(library)
        self.runtime = api.version
        options = api.made("CreateSessionOptions")
        try:
            api.call("SetSessionGraphOptimizationLevel", options, _DISABLE_ALL)
            api.call("SetIntraOpNumThreads", options, threads)
            api.call("SetInterOpNumThreads", options, 1)
            self._session = api.made("CreateSession", api.env, os.fsencode(path), options)
        except IsoshipError as err:
            raise BundleError(f"{path} does not load: {err}") from err
        finally:
            api.release("SessionOptions", options)
        self.inputs = self._names("Input")
        self.outputs = self._names("Output")

    def run(self, inputs: Mapping[str, Tensor], outputs: Iterable[str]) -> dict[str, Tensor]:
        api, session = self._api, self._session
        if session is None:
            raise InferenceError("this session is closed")
        names = list(outputs)
        values = (c_void_p * len(inputs))()
        results = (c_void_p * len(names))()
        kept = []  # the tensors' memory is ours: it must outlive the run
        try:
            for i, tensor in enumerate(inputs.values()):
                values[i], owner = self._value(tensor)
                kept.append(owner)
            api.call(
                "Run", session, None, _texts([n.encode() for n in inputs]), values, len(inputs),
                _texts([n.encode() for n in names]), len(names), results,
            )  # fmt: skip
            return {name: self._tensor(name, c_void_p(results[i])) for i, name in enumerate(names)}
        finally:
            for pointer in (*values, *results):
                if pointer:
                    api.release("Value", pointer)

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._api.release("Session", session)

    def __del__(self) -> None:
        self.close()

    def _names(self, side: str) -> tuple[str, ...]:
        api, count = self._api, c_size_t()
        api.call(f"SessionGet{side}Count", self._session, byref(count))
        names = []
        for i in range(count.value):
            pointer = api.made(f"SessionGet{side}Name", self._session, i, api.allocator)
            names.append(ctypes.string_at(pointer).decode())
            api.call("AllocatorFree", api.allocator, pointer)
        return tuple(names)

    def _value(self, tensor: Tensor) -> tuple[int | None, Any]:
        """An OrtValue over the tensor's own memory (strings are copied), and what must stay alive with it."""
        api, data = self._api, tensor.data
        shape = (c_int64 * len(tensor.shape))(*tensor.shape)
        element = _ELEMENT[tensor.dtype]
        if tensor.dtype == "string" or not data:
            value = api.made("CreateTensorAsOrtValue", api.allocator, shape, len(shape), element)
            if data:
                try:
                    api.call("FillStringTensor", value, _texts([encoded(text) for text in data]), len(data))
                except IsoshipError:
                    api.release("Value", value)
                    raise
            return value.value, None
        size = len(data) * _BYTES[tensor.dtype]
        buffer = (c_char * size).from_buffer(data)
        value = api.made("CreateTensorWithDataAsOrtValue", api.memory, buffer, size, shape, len(shape), element)
        return value.value, buffer

    def _tensor(self, name: str, value: c_void_p) -> Tensor:
        api, is_tensor = self._api, c_int()
        api.call("IsTensor", value, byref(is_tensor))
        if not is_tensor.value:
            raise InferenceError(f"output {name!r} is no tensor; isoship reads tensors")
        info = api.made("GetTensorTypeAndShape", value)
        try:
            element, rank = c_int(), c_size_t()
            api.call("GetTensorElementType", info, byref(element))
            api.call("GetDimensionsCount", info, byref(rank))
            dims = (c_int64 * rank.value)()
            api.call("GetDimensions", info, dims, rank.value)
        finally:
            api.release("TensorTypeAndShapeInfo", info)
        shape = tuple(dims)
        count = 1
        for size in shape:
            count *= size
        dtype = _DTYPE.get(element.value)
        if dtype is None:
            raise InferenceError(
                f"output {name!r} has element type {element.value}; isoship reads {', '.join(_BYTES)}, string"
            )
        if dtype == "string":
            return Tensor(dtype, shape, self._strings(value, count))
        pointer = api.made("GetTensorMutableData", value) if count else c_void_p()
        data = ctypes.string_at(pointer, count * _BYTES[dtype]) if count else b""
        return Tensor(dtype, shape, bytearray(data) if dtype == "bool" else array(TYPECODES[dtype], data))

    def _strings(self, value: c_void_p, count: int) -> list[str]:
        if count == 0:
            return []
        api, length = self._api, c_size_t()
        api.call("GetStringTensorDataLength", value, byref(length))
        buffer, offsets = ctypes.create_string_buffer(length.value + 1), (c_size_t * count)()
        api.call("GetStringTensorContent", value, buffer, length.value, offsets, count)
        content, starts = buffer.raw[: length.value], [*offsets, length.value]
        return [content[starts[i] : starts[i + 1]].decode(errors="replace") for i in range(count)]


def _texts(texts: Sequence[bytes]) -> Any:
    return (c_char_p * len(texts))(*texts)
