"""Constants of the row program: small ones in rows.json, large ones in rows.bin, which is looked at and not copied."""

from __future__ import annotations

import sys
from array import array

from isoship_edge.encoding.golden import decode
from isoship_edge.errors import DamagedFile
from isoship_edge.inference.tensor import TYPECODES
from isoship_edge.rows.values import size_of

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PLAIN = ("int32", "uint8", "uint16", "uint32")
#: What is larger stays in rows.bin: reading one element there is slower, and turning all of them into objects is more.
_KEPT = 4096


def constant(entry: Mapping[str, Any], binary: memoryview) -> tuple[str, tuple[int, ...], Any]:
    """dtype, shape and flat data.

    Raises:
        DamagedFile: data and shape do not fit, or rows.bin is shorter than rows.json says.
        BundleError, TypeError, OverflowError: data is not of the dtype.
    """
    dtype, shape = entry["dtype"], tuple(entry["shape"])
    data: Any
    if "data" in entry:
        data = _inline(entry["data"], dtype)
    else:
        start, length = entry["offset"], entry["length"]
        if not 0 <= start <= start + length <= len(binary):
            raise DamagedFile("rows.bin is shorter than rows.json says")
        letter: Any = "?" if dtype == "bool" else TYPECODES[dtype]
        data = binary[start : start + length].cast(letter)
        if sys.byteorder == "big" and dtype != "bool":
            turned = array(letter, data.tobytes())
            turned.byteswap()
            data = turned
        if len(data) <= _KEPT:
            data = data.tolist()
    if len(data) != size_of(shape):
        raise DamagedFile(f"{len(data)} elements do not fill the shape {list(shape)}")
    return dtype, shape, data


def _inline(written: list[Any], dtype: str) -> list[Any]:
    """Integers but int64 have no tag in rows.json."""
    if dtype in _PLAIN:
        return array(TYPECODES[dtype], written).tolist()
    flat: list[Any] = decode(written)
    if dtype in ("double", "float", "int64"):
        return array(TYPECODES[dtype], flat).tolist()
    kind = {"string": str, "bool": bool}[dtype]
    if any(type(x) is not kind for x in flat):
        raise DamagedFile(f"a constant of {dtype} holds something else")
    return flat
