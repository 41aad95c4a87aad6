"""Constants of the row program: small ones in rows.json, large ones in rows.bin, which is looked at and not copied."""

from __future__ import annotations

import sys

from isoship_edge.encoding.golden import decode
from isoship_edge.errors import DamagedFile
from isoship_edge.rows.values import size_of
from isoship_edge.rows.widths import FINISH

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: dtype -> its letter in rows.bin. The narrow ones are tables' alone.
_LETTERS: dict[str, Any] = {
    "double": "d", "float": "f", "int64": "q", "int32": "i", "bool": "?",
    "int16": "h", "int8": "b", "uint16": "H", "uint8": "B",
}  # fmt: skip
#: What is larger stays in rows.bin: reading one element there is slower, and turning all of them into objects is more.
_KEPT = 4096


def constant(entry: Mapping[str, Any], binary: memoryview) -> tuple[str, tuple[int, ...], Any]:
    """dtype, shape and flat data.

    Raises:
        DamagedFile: data and shape do not fit, or rows.bin is shorter than rows.json says.
    """
    dtype, shape = entry["dtype"], tuple(entry["shape"])
    data: Any
    if "data" in entry:
        flat = decode(entry["data"])
        data = FINISH[dtype](flat) if dtype in ("double", "float", "int64") else [_plain(x, dtype) for x in flat]
    else:
        start, length = entry["offset"], entry["length"]
        if start < 0 or start + length > len(binary):
            raise DamagedFile("rows.bin is shorter than rows.json says")
        data = binary[start : start + length].cast(_LETTERS[dtype])
        if sys.byteorder == "big":
            from array import array

            turned = array("B" if dtype == "bool" else _LETTERS[dtype], data.tobytes())
            turned.byteswap()
            data = turned
        if len(data) <= _KEPT:
            data = data.tolist()
    if len(data) != size_of(shape):
        raise DamagedFile(f"{len(data)} elements do not fill the shape {list(shape)}")
    return dtype, shape, data


def _plain(x: Any, dtype: str) -> Any:
    """int32 has no tag in rows.json, and its numbers are read as doubles."""
    return x if dtype in ("string", "bool") else int(x)
