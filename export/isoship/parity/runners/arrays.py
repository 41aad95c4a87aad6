"""Arrays as runners hand them to other processes: {dtype, shape, data}, data in base64, or a list of strings."""

from __future__ import annotations

import base64
from array import array as flat_array
from typing import Any

import numpy as np

from isoship_edge.inference.tensor import TYPECODES, Tensor

Array = np.ndarray[Any, Any]

#: dtype of a manifest -> numpy's.
NUMPY: dict[str, Any] = {
    "double": np.float64, "float": np.float32, "float16": np.float16,
    "int64": np.int64, "int32": np.int32, "int16": np.int16, "int8": np.int8,
    "uint64": np.uint64, "uint32": np.uint32, "uint16": np.uint16, "uint8": np.uint8,
    "bool": np.bool_, "string": np.object_,
}  # fmt: skip
#: The inverse, without strings.
DTYPES = {np.dtype(kind): dtype for dtype, kind in NUMPY.items() if dtype != "string"}


def sent(array: Array) -> dict[str, Any]:
    if array.dtype.kind in "OU":
        return {"dtype": "string", "shape": list(array.shape), "data": array.ravel().tolist()}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}


def received(made: dict[str, Any]) -> Array:
    if made["dtype"] == "string":
        return objects(made["data"], made["shape"])
    return np.frombuffer(base64.b64decode(made["data"]), np.dtype(made["dtype"])).reshape(made["shape"])


def objects(flat: list[Any], shape: Any) -> Array:
    """Strings as an array of object, whatever numpy would make of them."""
    array = np.empty(len(flat), dtype=object)
    array[:] = flat
    return array.reshape(shape)


def tensor_from_array(array: Array) -> Tensor:
    """An array as a tensor of isoship_edge; whatever is no number or boolean is taken for strings."""
    dtype = DTYPES.get(array.dtype, "string")
    if dtype == "string":
        return Tensor(dtype, array.shape, array.ravel().tolist())
    data = np.ascontiguousarray(array).tobytes()
    return Tensor(dtype, array.shape, bytearray(data) if dtype == "bool" else flat_array(TYPECODES[dtype], data))


def array_from_tensor(tensor: Tensor) -> Array:
    """A tensor of isoship_edge as an array of the manifest's dtype."""
    if tensor.dtype == "string":
        return objects(list(tensor.data), tensor.shape)
    data = bytes(tensor.data) if isinstance(tensor.data, (bytes, bytearray, memoryview)) else tensor.data.tobytes()
    return np.frombuffer(data, NUMPY[tensor.dtype]).reshape(tensor.shape)
