"""ONNX Runtime's C API through ctypes: no numpy, no pybind, 50 MB less memory and 45 ms less at start.

`OrtApi` is a table of function pointers to which every release only appends, so an index is a name. The indices
below are the order of `struct OrtApi` in onnxruntime_c_api.h, all from API version 1. The version asked of
`OrtGetApiBase()->GetApi` is the oldest whose library runs our graphs (opset 21, ai.onnx.ml 5).
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
from array import array
from collections.abc import Iterable, Mapping, Sequence
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p

from isoship_edge.errors import BundleError, InferenceError, IsoshipError, RuntimeMissing
from isoship_edge.tensor import TYPECODES, Tensor
from isoship_edge.text import encoded

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, NoReturn

API_VERSION = 22

#: name -> (index in OrtApi, argument types). All return OrtStatus* unless the name starts with Release. Every pointer
#: is a `void *`: a type of its own for each would be another class to make at start.
_P, _S, _I = c_void_p, c_size_t, c_int
_FUNCTIONS: dict[str, tuple[int, tuple[Any, ...]]] = {
    "GetErrorMessage": (2, (_P,)),
    "CreateEnv": (3, (_I, _P, _P)),
    "DisableTelemetryEvents": (6, (_P,)),
    "CreateSession": (7, (_P, _P, _P, _P)),
    "Run": (9, (_P, _P, _P, _P, _S, _P, _S, _P)),
    "CreateSessionOptions": (10, (_P,)),
    "SetSessionGraphOptimizationLevel": (23, (_P, _I)),
    "SetIntraOpNumThreads": (24, (_P, _I)),
    "SetInterOpNumThreads": (25, (_P, _I)),
    "SessionGetInputCount": (30, (_P, _P)),
    "SessionGetOutputCount": (31, (_P, _P)),
    "SessionGetInputName": (36, (_P, _S, _P, _P)),
    "SessionGetOutputName": (37, (_P, _S, _P, _P)),
    "CreateTensorAsOrtValue": (48, (_P, _P, _S, _I, _P)),
    "CreateTensorWithDataAsOrtValue": (49, (_P, _P, _S, _P, _S, _I, _P)),
    "IsTensor": (50, (_P, _P)),
    "GetTensorMutableData": (51, (_P, _P)),
    "FillStringTensor": (52, (_P, _P, _S)),
    "GetStringTensorDataLength": (53, (_P, _P)),
    "GetStringTensorContent": (54, (_P, _P, _S, _P, _S)),
    "GetTensorElementType": (60, (_P, _P)),
    "GetDimensionsCount": (61, (_P, _P)),
    "GetDimensions": (62, (_P, _P, _S)),
    "GetTensorTypeAndShape": (65, (_P, _P)),
    "CreateCpuMemoryInfo": (69, (_I, _I, _P)),
    "AllocatorFree": (76, (_P, _P)),
    "GetAllocatorWithDefaultOptions": (78, (_P,)),
    "ReleaseStatus": (93, (_P,)),
    "ReleaseSession": (95, (_P,)),
    "ReleaseValue": (96, (_P,)),
    "ReleaseTensorTypeAndShapeInfo": (99, (_P,)),
    "ReleaseSessionOptions": (100, (_P,)),
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

    def __init__(self, library: str | Path) -> None:
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
        self.env = self.made("CreateEnv", _LOG_ERROR, b"isoship")
        self.call("DisableTelemetryEvents", self.env)
        self.allocator = self.made("GetAllocatorWithDefaultOptions")
        self.memory = self.made("CreateCpuMemoryInfo", _DEVICE_ALLOCATOR, _MEMORY_DEFAULT)

    def __getattr__(self, name: str) -> Any:
        """A function of the table, made when it is first called: a start needs two of three."""
        if name not in _FUNCTIONS:
            raise AttributeError(name)
        index, arguments = _FUNCTIONS[name]
        result = c_char_p if name == "GetErrorMessage" else None if name.startswith("Release") else c_void_p
        function = ctypes.CFUNCTYPE(result, *arguments)(self._table[index] or 0)
        setattr(self, name, function)
        return function

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function that returns an OrtStatus.

        Raises:
            InferenceError: with the status's message.
        """
        status = getattr(self, name)(*arguments)
        if status:
            self.fail(status)

    def fail(self, status: int) -> NoReturn:
        """Raises: InferenceError with the status's message."""
        message: bytes = self.GetErrorMessage(status)
        self.ReleaseStatus(status)
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


def _api_of(library: str | Path) -> _Api:
    with _lock:
        key = os.path.realpath(library)
        if key not in _apis:
            _apis[key] = _Api(library)
        return _apis[key]


class _Feed:
    """The inputs of one run as OrtValues over memory of ours; strings are copied into theirs.

    kept: one row without strings. Such a feed serves again: two calls an input less where rows come one by one.
    """

    def __init__(self, api: _Api, inputs: Mapping[str, Tensor]) -> None:
        self._api = api
        self.names = _texts([name.encode() for name in inputs])
        self.values = (c_void_p * len(inputs))()
        self.owners: list[Any] = []
        self._buffers: list[Any] = []
        self.kept = all(
            tensor.shape[:1] == (1,) and tensor.data and tensor.dtype in _BYTES for tensor in inputs.values()
        )
        try:
            for i, tensor in enumerate(inputs.values()):
                self.values[i] = self._value(tensor)
        except IsoshipError:
            self.release()
            raise

    def fill(self, inputs: Mapping[str, Tensor]) -> None:
        """Other data of the same types and shapes."""
        for owner, tensor in zip(self.owners, inputs.values(), strict=True):
            owner[:] = tensor.data

    def release(self) -> None:
        for pointer in self.values:
            if pointer:
                self._api.ReleaseValue(pointer)

    def _value(self, tensor: Tensor) -> int | None:
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
            return value.value
        owner = data[:] if self.kept else data  # the caller's may change while this one is spare
        size = len(owner) * _BYTES[tensor.dtype]
        buffer = (c_char * size).from_buffer(owner)  # holds the owner's memory in place
        self.owners.append(owner)
        self._buffers.append(buffer)
        return api.made("CreateTensorWithDataAsOrtValue", api.memory, buffer, size, shape, len(shape), element).value


class CSession:
    """A session of the C library under the contract of `isoship_edge.session.Session`."""

    backend = "c_api"

    def __init__(self, library: str | Path, path: str | Path, threads: int) -> None:
        self._session: c_void_p | None = None
        self._spare: dict[Any, list[_Feed]] = {}
        self._dtypes: dict[str, str] = {}
        self._names_of: dict[tuple[str, ...], Any] = {}
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
        names = tuple(outputs)
        results = (c_void_p * len(names))()
        key = tuple([(name, tensor.dtype, tensor.shape) for name, tensor in inputs.items()])
        feed = self._feed(key, inputs)
        try:
            status = api.Run(session, None, feed.names, feed.values, len(key), self._asked(names), len(names), results)
            if status:
                api.fail(status)
            return {name: self._tensor(name, results[i]) for i, name in enumerate(names)}
        finally:
            for pointer in results:
                if pointer:
                    api.ReleaseValue(pointer)
            if feed.kept:
                self._spare.setdefault(key, []).append(feed)
            else:
                feed.release()

    def _asked(self, names: tuple[str, ...]) -> Any:
        """The outputs' names as ONNX Runtime takes them, made once."""
        made = self._names_of.get(names)
        if made is None:
            made = self._names_of[names] = _texts([name.encode() for name in names])
        return made

    def _feed(self, key: Any, inputs: Mapping[str, Tensor]) -> _Feed:
        """A feed of these types and shapes that is not in use, filled anew, or a new one.

        Threads share the spare ones: taking from a list and adding to it are atomic.
        """
        try:
            feed = self._spare[key].pop()
        except (KeyError, IndexError):
            return _Feed(self._api, inputs)
        feed.fill(inputs)
        return feed

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            for feeds in self._spare.values():
                while feeds:
                    feeds.pop().release()
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

    def _tensor(self, name: str, value: int | None) -> Tensor:
        api, info, rank = self._api, c_void_p(), c_size_t()
        dtype = self._dtypes.get(name) or self._dtype(name, value)
        status = api.GetTensorTypeAndShape(value, byref(info))
        if status:
            api.fail(status)
        try:
            api.GetDimensionsCount(info, byref(rank))
            dims = (c_int64 * rank.value)()
            api.GetDimensions(info, dims, rank.value)
        finally:
            api.ReleaseTensorTypeAndShapeInfo(info)
        shape = tuple(dims)
        count = math.prod(shape)
        if dtype == "string":
            return Tensor(dtype, shape, self._strings(value, count))
        data = b""
        if count:
            pointer = api.made("GetTensorMutableData", value)
            data = ctypes.string_at(pointer, count * _BYTES[dtype])
        return Tensor(dtype, shape, bytearray(data) if dtype == "bool" else array(TYPECODES[dtype], data))

    def _dtype(self, name: str, value: int | None) -> str:
        """An output's type, which is the graph's: asked once."""
        api, is_tensor, element = self._api, c_int(), c_int()
        api.call("IsTensor", value, byref(is_tensor))
        if not is_tensor.value:
            raise InferenceError(f"output {name!r} is no tensor; isoship reads tensors")
        info = api.made("GetTensorTypeAndShape", value)
        try:
            api.call("GetTensorElementType", info, byref(element))
        finally:
            api.release("TensorTypeAndShapeInfo", info)
        dtype = _DTYPE.get(element.value)
        if dtype is None:
            raise InferenceError(
                f"output {name!r} has element type {element.value}; isoship reads {', '.join(_BYTES)}, string"
            )
        self._dtypes[name] = dtype
        return dtype

    def _strings(self, value: int | None, count: int) -> list[str]:
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
