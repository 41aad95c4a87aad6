"""A tensor without numpy: a dtype, a shape and flat row-major data."""

from __future__ import annotations

from array import array

from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

#: dtype -> array typecode. "bool" is a bytearray of 0 and 1, "string" a list of str; "float16" holds its bits.
TYPECODES = {
    "double": "d", "float": "f", "int64": "q", "int32": "i", "int16": "h", "int8": "b",
    "uint64": "Q", "uint32": "I", "uint16": "H", "uint8": "B", "float16": "H",
}  # fmt: skip


class Tensor(NamedTuple):
    """dtype: a key of `TYPECODES`, bool or string. data: `array` of that type, bytearray, or list of str."""

    dtype: str
    shape: tuple[int, ...]
    data: Any


def values(tensor: Tensor) -> list[Any]:
    """The flat data as Python floats, ints, bools or strings."""
    if tensor.dtype == "string":
        return list(tensor.data)
    if tensor.dtype == "bool":
        return [byte != 0 for byte in tensor.data]
    if tensor.dtype == "float16":
        from isoship_edge.tensors.float16 import floats_of

        return list(floats_of(tensor.data))
    flat: list[Any] = tensor.data.tolist()
    return flat


def stacked(parts: list[Tensor]) -> Tensor:
    """Tensors of one dtype, joined along the first axis."""
    first = parts[0]
    if len(parts) == 1:
        return first
    data: Any = [] if first.dtype == "string" else bytearray() if first.dtype == "bool" else array(first.data.typecode)
    for part in parts:
        data += part.data
    return Tensor(first.dtype, (sum(part.shape[0] for part in parts), *first.shape[1:]), data)
