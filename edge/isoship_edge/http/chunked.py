"""A body that comes in chunks (`Transfer-Encoding: chunked`), as clients send what they do not know the length of.

A chunk is its size in hexadecimal digits, a line's end, the bytes and a line's end; the last has size 0.

Source: RFC 9112, section 7.1. Extensions of chunks and trailers are read past.
"""

from __future__ import annotations

from io import BufferedIOBase

from isoship_edge.http.response import Refusal

_LINE = 4096
_PIECE = 65536
_TRAILERS = 100
_HEX = frozenset(b"0123456789abcdefABCDEF")


def read_chunks(stream: BufferedIOBase, limit: int, drained: int) -> bytes | None:
    """The body, or None where it is longer than `limit` bytes. drained: how many of such a one are read past.

    Raises:
        Refusal: 400, these are no chunks, or they end early. Where the next request starts is not known then.
    """
    body = bytearray()
    seen = 0
    while True:
        length = _size(stream)
        if length == 0:
            _trailers(stream)
            return bytes(body) if seen <= limit else None
        left = length
        while left > 0 and seen <= drained:
            part = stream.read1(min(left, _PIECE))
            if not part:
                raise Refusal(400, "the body ended within a chunk")
            left -= len(part)
            seen += len(part)
            if seen <= limit:
                body += part
        if seen > drained:
            return None
        if stream.read(2) != b"\r\n":
            raise Refusal(400, "a chunk of the body does not end where its size says")


def _size(stream: BufferedIOBase) -> int:
    digits = _line(stream).partition(b";")[0].strip(b" \t")
    if not 1 <= len(digits) <= 16 or not _HEX.issuperset(digits):
        raise Refusal(400, "a chunk of the body does not start with its size")
    return int(digits, 16)


def _trailers(stream: BufferedIOBase) -> None:
    for _ in range(_TRAILERS):
        if _line(stream) == b"":
            return
    raise Refusal(400, f"{_TRAILERS} trailers or more follow the body")


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(_LINE)
    if not line.endswith(b"\r\n"):
        raise Refusal(400, "a line between the chunks of the body does not end")
    return line[:-2]
