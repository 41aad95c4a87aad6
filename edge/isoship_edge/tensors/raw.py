"""Tensors as raw bytes: little-endian, row-major, float16 as its bits, bool a byte of 0 or 1.

So they stand in golden.bin and in the binary extension of the Open Inference Protocol.
"""

from __future__ import annotations

import math
import sys
from array import array

from isoship_edge.inference.ort_api import BYTES
from isoship_edge.inference.tensor import TYPECODES, Tensor


def from_bytes(dtype: str, shape: tuple[int, ...], raw: bytes | memoryview) -> Tensor:
    """dtype: any but string.

    Raises:
        ValueError: the bytes are no such tensor.
    """
    size = math.prod(shape) * BYTES[dtype]
    if len(raw) != size:
        raise ValueError(f"{dtype} of shape {list(shape)} is {size} bytes, and there are {len(raw)}")
    if dtype == "bool":
        held = bytearray(raw)
        if held.count(0) + held.count(1) != size:
            raise ValueError(f"bool is a byte of 0 or 1, and there is a {max(held)}")
        return Tensor(dtype, shape, held)
    return Tensor(dtype, shape, _in_order(array(TYPECODES[dtype], bytes(raw))))


def to_bytes(tensor: Tensor) -> bytes:
    """tensor: of any dtype but string."""
    if tensor.dtype == "bool":
        return bytes(tensor.data)
    return _in_order(array(TYPECODES[tensor.dtype], tensor.data)).tobytes()


def _in_order(flat: array[int]) -> array[int]:
    if sys.byteorder == "big":
        flat.byteswap()
    return flat
