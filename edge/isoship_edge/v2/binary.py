"""The binary tensor extension of the Open Inference Protocol: JSON in front, raw little-endian tensors behind it.

    Inference-Header-Content-Length: 143      how long the JSON part is
    {"inputs": [{..., "parameters": {"binary_data_size": 16}}]} <16 bytes>

Tensors follow in the order in which the JSON names them. BYTES elements are a 4-byte length and UTF-8; BOOL is one
byte, 0 or 1. NaN is missing there, as null is in JSON, and answers keep their NaN and infinities.

Source: Triton Inference Server, protocol/extension_binary_data.md.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence

from isoship_edge.encoding.words import got, quoted
from isoship_edge.errors import InputError
from isoship_edge.http.response import Refusal, Response
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.manifest import MISSING_STRING
from isoship_edge.v2.inputs import name_of, parameters_of, shown

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

LENGTH = "inference-header-content-length"
OCTETS = "application/octet-stream"

_DIGITS = 20
_CODES = {
    "FP64": "d", "FP32": "f", "INT64": "q", "INT32": "i", "INT16": "h", "INT8": "b", "UINT32": "I", "UINT16": "H",
    "UINT8": "B",
}  # fmt: skip


def split(headers: Mapping[str, str], content: bytes) -> tuple[bytes, bytes]:
    """The JSON part and what follows it. content: not empty.

    Raises:
        Refusal: the header is no length within the body. 0, Triton's request of nothing but bytes, is not offered.
    """
    said = headers[LENGTH].strip()
    length = int(said) if said.isascii() and said.isdigit() and len(said) <= _DIGITS else 0
    if not 1 <= length <= len(content):
        seen = f"expected Inference-Header-Content-Length from 1 to {len(content)}, got {quoted(said)}"
        raise Refusal(422, seen)
    return content[:length], content[length:]


def with_data(inputs: Sequence[Any], rest: bytes) -> list[Any]:
    """The inputs of a request, those that came as bytes with their `data` read out of `rest`.

    Raises:
        InputError: sizes that do not fit, or bytes that are no such values.
    """
    return [
        tensor if raw is None else {**tensor, "data": _elements(name_of(tensor), tensor.get("datatype"), raw)}
        for tensor, raw in parted(inputs, rest)
    ]


def parted(inputs: Sequence[Any], rest: bytes) -> list[tuple[Any, bytes | None]]:
    """The inputs of a request, each with its bytes, which are None where its data stands in the JSON part.

    Raises:
        InputError: sizes that do not fit.
    """
    made: list[tuple[Any, bytes | None]] = []
    start = 0
    for tensor in inputs:
        name = name_of(tensor)
        parameters = parameters_of(tensor, f"input {quoted(name)}")
        raw = None
        if "binary_data_size" in parameters:
            size = parameters["binary_data_size"]
            if type(size) is not int or size < 0:
                seen = got(size)
                raise InputError(f'input {quoted(name)}: expected "binary_data_size" as a number of bytes, got {seen}')
            if "data" in tensor:
                raise InputError(f'input {quoted(name)} has both "data" and "binary_data_size"')
            if size > len(rest) - start:
                left = len(rest) - start
                raise InputError(f"input {quoted(name)}: expected {size} bytes of data, and {left} are left")
            raw = rest[start : start + size]
            start += size
        made.append((tensor, raw))
    if start < len(rest):
        raise InputError(f"{len(rest) - start} bytes follow the JSON part that no input's binary_data_size speaks of")
    return made


def _elements(name: str, datatype: Any, raw: bytes) -> list[Any]:
    if datatype == "BYTES":
        return texts_of(name, raw)
    if datatype == "BOOL":
        if set(raw) - {0, 1}:
            raise InputError(f"input {quoted(name)}: expected BOOL bytes of 0 and 1, got {max(raw)}")
        return [byte == 1 for byte in raw]
    code = _CODES.get(datatype) if isinstance(datatype, str) else None
    if code is None:
        raise InputError(f"input {quoted(name)}: expected datatype FP64, INT64, BOOL or BYTES, got {shown(datatype)}")
    flat = array(code)
    if len(raw) % flat.itemsize:
        raise InputError(f"input {quoted(name)}: {len(raw)} bytes hold no whole number of {datatype} values")
    flat.frombytes(raw)
    if sys.byteorder == "big":
        flat.byteswap()
    return flat.tolist()


def texts_of(name: str, raw: bytes) -> list[str]:
    """The elements of a BYTES tensor. Raises: InputError."""
    texts: list[str] = []
    start = 0
    while start < len(raw):
        end = start + 4 + int.from_bytes(raw[start : start + 4], "little")
        if start + 4 > len(raw) or end > len(raw):
            raise InputError(
                f"input {quoted(name)}: element {len(texts)} is said to be longer than the bytes that are left"
            )
        try:
            texts.append(raw[start + 4 : end].decode())
        except UnicodeDecodeError as err:
            raise InputError(f"input {quoted(name)}: element {len(texts)} is not UTF-8") from err
        start = end
    return texts


def content_of(name: str, tensor: Tensor) -> bytes:
    """A tensor's bytes.

    Raises:
        InputError: a missing string, for which there are no bytes.
    """
    if tensor.dtype == "bool":
        return bytes(tensor.data)
    if tensor.dtype != "string":
        flat = array(TYPECODES[tensor.dtype], tensor.data)
        if sys.byteorder == "big":
            flat.byteswap()
        return flat.tobytes()
    if MISSING_STRING in tensor.data:
        raise InputError(
            f"output {quoted(name)} has missing values, which bytes cannot say: ask for it without binary_data"
        )
    texts = [text.encode() for text in tensor.data]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def answer(document: bytes, tensors: Sequence[bytes]) -> Response:
    """JSON and the tensors behind it."""
    headers = (("content-type", OCTETS), ("inference-header-content-length", str(len(document))))
    return Response(200, headers, b"".join((document, *tensors)))
