"""A session on ONNX Runtime's C library: no numpy, no pybind, 50 MB less memory and 45 ms less at start."""

from __future__ import annotations

import ctypes
import math
import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from ctypes import byref, c_char, c_int, c_int64, c_size_t, c_void_p

from isoship_edge.encoding.text import encoded_all
from isoship_edge.errors import BundleError, InferenceError, IsoshipError
from isoship_edge.inference.ort_api import BYTES, DTYPE, ELEMENT, NOT_OPTIMIZED, Api, api_of, texts_of
from isoship_edge.inference.tensor import TYPECODES, Tensor

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from isoship_edge.inference.kept_call import KeptCall
    from isoship_edge.inference.kept_row import KeptRow

_DISABLE_ALL, _ENABLE_ALL = 0, 99


class _Feed:
    """The inputs of one run as OrtValues over memory of ours; strings are copied into theirs."""

    def __init__(self, api: Api, inputs: Mapping[str, Tensor]) -> None:
        self._api = api
        self.names = texts_of([name.encode() for name in inputs])
        self.values = (c_void_p * len(inputs))()
        self._buffers: list[Any] = []
        try:
            for i, tensor in enumerate(inputs.values()):
                self.values[i] = self._value(tensor)
        except IsoshipError:
            self.release()
            raise

    def release(self) -> None:
        for pointer in self.values:
            if pointer:
                self._api.ReleaseValue(pointer)

    def _value(self, tensor: Tensor) -> int | None:
        api, data = self._api, tensor.data
        shape = (c_int64 * len(tensor.shape))(*tensor.shape)
        element = ELEMENT[tensor.dtype]
        if tensor.dtype == "string" or not len(data):
            value = api.made("CreateTensorAsOrtValue", api.allocator, shape, len(shape), element)
            if len(data):
                try:
                    api.call("FillStringTensor", value, texts_of(encoded_all(data)), len(data))
                except IsoshipError:
                    api.release("Value", value)
                    raise
            return value.value
        size = len(data) * BYTES[tensor.dtype]
        buffer = (c_char * size).from_buffer(data)  # holds the tensor's memory in place
        self._buffers.append(buffer)
        return api.made("CreateTensorWithDataAsOrtValue", api.memory, buffer, size, shape, len(shape), element).value


class CSession:
    """A session of the C library under the contract of `isoship_edge.inference.session.Session`."""

    backend = "c_api"

    def __init__(self, library: str | Path, path: str | Path, threads: int, *, optimized: bool = False) -> None:
        self.pointer: c_void_p | None = None
        self._dtypes: dict[str, str] = {}
        self.api = api = api_of(library)
        self.runtime = api.version
        options = api.made("CreateSessionOptions")
        try:
            api.call("SetSessionGraphOptimizationLevel", options, _ENABLE_ALL if optimized else _DISABLE_ALL)
            if optimized:
                api.call("AddSessionConfigEntry", options, *(text.encode() for text in NOT_OPTIMIZED))
            api.call("SetIntraOpNumThreads", options, threads)
            api.call("SetInterOpNumThreads", options, 1)
            self.pointer = api.made("CreateSession", api.env, os.fsencode(path), options)
        except IsoshipError as err:
            raise BundleError(f"{path} does not load: {err}") from err
        finally:
            api.release("SessionOptions", options)
        self.outputs = self._names("Output")

    @property
    def inputs(self) -> tuple[str, ...]:
        return self._names("Input")

    def run(self, inputs: Mapping[str, Tensor], outputs: Iterable[str]) -> dict[str, Tensor]:
        api, session = self.api, self.open()
        names = tuple(outputs)
        results = (c_void_p * len(names))()
        asked = texts_of([name.encode() for name in names])
        feed = _Feed(api, inputs)
        try:
            status = api.Run(session, None, feed.names, feed.values, len(inputs), asked, len(names), results)
            if status:
                api.fail(status)
            return {name: self.tensor(name, results[i]) for i, name in enumerate(names)}
        finally:
            for pointer in results:
                if pointer:
                    api.ReleaseValue(pointer)
            feed.release()

    def keep(self, inputs: Sequence[tuple[str, str, int]], outputs: tuple[str, ...]) -> KeptRow:
        from isoship_edge.inference.kept_row import KeptRow

        return KeptRow(self, inputs, outputs)

    def keep_call(self, inputs: Sequence[tuple[str, str, tuple[int, ...]]], outputs: tuple[str, ...]) -> KeptCall:
        from isoship_edge.inference.kept_call import KeptCall

        return KeptCall(self, inputs, outputs)

    def open(self) -> c_void_p:
        """Raises: InferenceError, where it is closed."""
        if self.pointer is None:
            raise InferenceError("this session is closed")
        return self.pointer

    def close(self) -> None:
        session, self.pointer = self.pointer, None
        if session is not None:
            self.api.release("Session", session)

    def __del__(self) -> None:
        self.close()

    def _names(self, side: str) -> tuple[str, ...]:
        api, session, count = self.api, self.open(), c_size_t()
        api.call(f"SessionGet{side}Count", session, byref(count))
        names = []
        for i in range(count.value):
            pointer = api.made(f"SessionGet{side}Name", session, i, api.allocator)
            names.append(ctypes.string_at(pointer).decode())
            api.call("AllocatorFree", api.allocator, pointer)
        return tuple(names)

    def tensor(self, name: str, value: int | None) -> Tensor:
        """What an output's OrtValue holds, copied."""
        api, info, rank = self.api, c_void_p(), c_size_t()
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
        data: Any = bytearray() if dtype == "bool" else array(TYPECODES[dtype])
        if count:
            pointer = api.made("GetTensorMutableData", value)
            held = (c_char * (count * BYTES[dtype])).from_address(pointer.value or 0)
            data.extend(held.raw) if dtype == "bool" else data.frombytes(held)
        return Tensor(dtype, shape, data)

    def _dtype(self, name: str, value: int | None) -> str:
        """An output's type, which is the graph's: asked once."""
        api, is_tensor, element = self.api, c_int(), c_int()
        api.call("IsTensor", value, byref(is_tensor))
        if not is_tensor.value:
            raise InferenceError(f"output {name!r} is no tensor; isoship reads tensors")
        info = api.made("GetTensorTypeAndShape", value)
        try:
            api.call("GetTensorElementType", info, byref(element))
        finally:
            api.release("TensorTypeAndShapeInfo", info)
        dtype = DTYPE.get(element.value)
        if dtype is None:
            raise InferenceError(
                f"output {name!r} has element type {element.value}; isoship reads {', '.join(BYTES)}, string"
            )
        self._dtypes[name] = dtype
        return dtype

    def _strings(self, value: int | None, count: int) -> list[str]:
        if count == 0:
            return []
        api, length = self.api, c_size_t()
        api.call("GetStringTensorDataLength", value, byref(length))
        buffer, offsets = ctypes.create_string_buffer(length.value + 1), (c_size_t * count)()
        api.call("GetStringTensorContent", value, buffer, length.value, offsets, count)
        content, starts = buffer.raw[: length.value], [*offsets, length.value]
        return [content[starts[i] : starts[i + 1]].decode(errors="replace") for i in range(count)]
