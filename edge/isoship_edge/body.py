"""A request's body as it was before it was compressed: `Content-Encoding: gzip` or `deflate`, within the limit.

A few kilobytes can unpack to gigabytes, so nothing is unpacked beyond the limit: what comes out is counted, not what
the header or the archive says of itself.
"""

from __future__ import annotations

from isoship_edge.response import Refusal
from isoship_edge.words import quoted

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping

    from isoship_edge.api import Limits

#: Content-Encoding (RFC 9110, section 8.4.1) -> zlib's window bits for its container. "deflate" is zlib's format.
_CONTAINERS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def content_of(headers: Mapping[str, str], body: bytes, limits: Limits) -> bytes:
    """The body, unpacked where it is compressed. headers: names in lower case.

    Raises:
        Refusal: 413, larger than `limits.body` as sent or unpacked; 415, another encoding; 422, damaged.
    """
    if len(body) > limits.body:
        raise too_large(limits)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    window = _CONTAINERS.get(encoding)
    if window is None:
        seen = quoted(headers["content-encoding"])
        raise Refusal(
            415,
            f"expected Content-Encoding gzip, deflate or none, got {seen}",
            (("accept-encoding", "gzip, deflate"),),
        )
    return _unpacked(body, window, encoding, limits)


def too_large(limits: Limits) -> Refusal:
    """For skins too, which refuse by Content-Length before they read."""
    return Refusal(413, f"the body is larger than {limits.body} bytes (ISOSHIP_MAX_BODY); send fewer rows a request")


def _unpacked(body: bytes, window: int, encoding: str, limits: Limits) -> bytes:
    import zlib

    stream = zlib.decompressobj(window)
    try:
        content = stream.decompress(body, limits.body + 1)
    except zlib.error as err:
        raise Refusal(422, f"the body is not {encoding}: {err}") from err
    if len(content) > limits.body:
        raise Refusal(
            413, f"the body unpacks to more than {limits.body} bytes (ISOSHIP_MAX_BODY); send fewer rows a request"
        )
    if not stream.eof:
        raise Refusal(422, f"the body is not {encoding}: it ends too early")
    if stream.unused_data:  # a second gzip member too: thousands of empty ones would cost minutes
        raise Refusal(422, f"the body is not {encoding}: {len(stream.unused_data)} bytes follow its end")
    return content
