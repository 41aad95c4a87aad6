"""A tensor without numpy: a dtype, a shape and flat row-major data."""

from __future__ import annotations

from array import array

from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

#: dtype -> array typecode. "bool" is a bytearray of 0 and 1, "string" a list of str.
TYPECODES = {"double": "d", "float": "f", "int64": "q", "int32": "i"}


class Tensor(NamedTuple):
    """dtype: double, float, int64, int32, bool or string. data: `array` of that type, bytearray, or list of str."""

    dtype: str
    shape: tuple[int, ...]
    data: Any


def values(tensor: Tensor) -> list[Any]:
    """The flat data as Python floats, ints, bools or strings."""
    if tensor.dtype == "string":
        return list(tensor.data)
    if tensor.dtype == "bool":
        return [byte != 0 for byte in tensor.data]
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
