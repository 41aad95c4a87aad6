"""The function table of ONNX Runtime's C library, through ctypes.

`OrtApi` is a table of function pointers to which every release only appends, so an index is a name. The indices
below are the order of `struct OrtApi` in onnxruntime_c_api.h, all from API version 1 but the last, of 4. The version
asked of `OrtGetApiBase()->GetApi` is the oldest whose library runs our graphs (opset 21, ai.onnx.ml 5).
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p

from isoship_edge.errors import InferenceError, RuntimeMissing

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
    "AddSessionConfigEntry": (130, (_P, _P, _P)),
}
#: dtype -> ONNXTensorElementDataType
ELEMENT = {
    "float": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "string": 8, "bool": 9,
    "float16": 10, "double": 11, "uint32": 12, "uint64": 13,
}  # fmt: skip
DTYPE = {number: dtype for dtype, number in ELEMENT.items()}
BYTES = {
    "double": 8, "float": 4, "float16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1,
    "uint64": 8, "uint32": 4, "uint16": 2, "uint8": 1, "bool": 1,
}  # fmt: skip

#: A session option and its value: the one of ONNX Runtime's optimizations that is wrong (up to 1.31 it folds a pad of
#: zeros into a max pool, whose own padding is -inf).
NOT_OPTIMIZED = ("optimization.disable_specified_optimizers", "Pad_Fusion")

_LOG_ERROR = 3
_DEVICE_ALLOCATOR, _MEMORY_DEFAULT = 0, 0


class Api:
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

    def unconverted(self, name: str) -> Any:
        """The function for arguments that `converted` made: converting eight takes longer than the call itself."""
        return ctypes.CFUNCTYPE(c_void_p)(self._table[_FUNCTIONS[name][0]] or 0)

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


_apis: dict[str, Api] = {}
_lock = threading.Lock()


def api_of(library: str | Path) -> Api:
    with _lock:
        key = os.path.realpath(library)
        if key not in _apis:
            _apis[key] = Api(library)
        return _apis[key]


def converted(*arguments: Any) -> tuple[Any, ...]:
    """Arguments as a C function gets them: pointers, and integers as wide. The caller keeps what they point to."""
    return tuple([c_void_p.from_param(argument) for argument in arguments])


def texts_of(texts: Sequence[bytes]) -> Any:
    """`char **`."""
    return (c_char_p * len(texts))(*texts)
