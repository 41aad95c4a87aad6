"""Reads Universal Binary JSON (draft 12), in which XGBoost writes its models: floats stay the bits that they are.

XGBoost uses objects without a count, arrays with a count, and arrays with a type and a count, which become numpy
arrays. `$d` is float32, `$D` float64, `$U` uint8, `$i` int8, `$I` int16, `$l` int32, `$L` int64; all big endian.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np

#: As they are written, and in this machine's byte order.
_NUMBERS = {
    marker.encode(): (np.dtype(form), np.dtype(form).newbyteorder("="))
    for marker, form in {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}.items()
}
_TYPED = re.compile(rb"\$([iUIlLdD])#")
_ONE = {
    marker: struct.Struct(form)
    for marker, form in zip("iUIlLdD", (">b", ">B", ">h", ">i", ">q", ">f", ">d"), strict=True)
}
_CONSTANTS = {"Z": None, "T": True, "F": False}
_DEEPEST = 64


class UbjsonError(ValueError):
    """The bytes are not UBJSON; the message says what was found where."""


def read_ubjson(data: bytes) -> Any:
    """The one value in these bytes: dicts, lists, numpy arrays of native byte order, str, int, float, bool, None.

    Raises:
        UbjsonError: they hold something else, end early, or go on after it.
    """
    reader = _Reader(data)
    value = reader.value(reader.marker(), 0)
    if reader.at != len(data):
        raise UbjsonError(f"{len(data) - reader.at} bytes follow the value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def passed(self, count: int) -> int:
        """Goes so many bytes on; the place where they begin."""
        at = self.at
        if count < 0 or count > len(self.data) - at:
            raise UbjsonError(f"{count} bytes are announced at byte {at} and {len(self.data) - at} follow")
        self.at = at + count
        return at

    def marker(self) -> str:
        at = self.passed(1)
        return self.data[at : at + 1].decode("latin-1")

    def value(self, marker: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise UbjsonError(f"values are nested deeper than {_DEEPEST}")
        if marker == "{":
            return self.object(depth)
        if marker == "[":
            return self.array(depth)
        if marker == "S":
            return self.text()
        if marker == "C":
            return self.marker()
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        return self.number(marker)

    def number(self, marker: str) -> Any:
        form = _ONE.get(marker)
        if form is None:
            raise UbjsonError(f"byte {self.at - 1} is {marker!r}, which begins no value")
        return form.unpack_from(self.data, self.passed(form.size))[0]

    def count(self) -> int:
        at, end = self.at, self.at + 9
        if self.data[at : at + 1] == b"L" and end <= len(self.data):  # as XGBoost writes every count
            self.at = end
            return int.from_bytes(self.data[at + 1 : end], "big", signed=True)
        marker = self.marker()
        found = self.number(marker)
        if not isinstance(found, int):
            raise UbjsonError(f"a count of type {marker!r} at byte {self.at}")
        return found

    def text(self) -> str:
        try:
            length = self.count()
            at = self.passed(length)
            return self.data[at : at + length].decode("utf-8")
        except UnicodeDecodeError as err:
            raise UbjsonError(f"a text that is no UTF-8 before byte {self.at}") from err

    def object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.data[self.at : self.at + 1] != b"}":
            key = self.text()
            found[key] = self.value(self.marker(), depth + 1)
        self.at += 1
        return found

    def array(self, depth: int) -> Any:
        typed = _TYPED.match(self.data, self.at)
        if typed:
            self.at = typed.end()
            form, native = _NUMBERS[typed[1]]
            length = self.count()
            at = self.passed(length * form.itemsize)
            # numpy begins no array at the end of the bytes, not even an empty one
            return np.frombuffer(self.data, form, length, at).astype(native) if length else np.empty(0, native)
        marker = self.marker()
        if marker == "$":
            raise UbjsonError(f"an array of type {self.marker()!r} before byte {self.at}")
        if marker == "#":
            length = self.count()
            if length > len(self.data) - self.at:
                raise UbjsonError(f"an array of {length} items before byte {self.at}")
            return [self.value(self.marker(), depth + 1) for _ in range(length)]
        found = []
        while marker != "]":
            found.append(self.value(marker, depth + 1))
            marker = self.marker()
        return found


def is_ubjson(data: bytes) -> bool:
    """Whether bytes that begin with `{` go on as UBJSON's objects do: with a length where JSON has a quote."""
    return len(data) > 1 and data[:1] == b"{" and chr(data[1]) in "iUIlL$#"
