"""A request's body: JSON by its Content-Type, unpacked where `Content-Encoding` is gzip or deflate, within the limits.

A few kilobytes can unpack to gigabytes, so nothing is unpacked beyond the limit: what comes out is counted, not what
the header or the archive says of itself.
"""

from __future__ import annotations

import json

from isoship_edge.encoding.words import quoted
from isoship_edge.http.response import JSON, Refusal

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    from isoship_edge.http.api import Limits

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


def check_media(headers: Mapping[str, str]) -> None:
    """Raises: Refusal 415, where Content-Type is neither absent nor JSON in UTF-8."""
    if headers.get("content-type", JSON) == JSON:
        return
    media, _, parameters = headers.get("content-type", "application/json").partition(";")
    media, charset = media.strip().lower(), parameters.lower().replace(" ", "").replace('"', "")
    if media != "application/json" or (
        charset.startswith("charset=") and charset not in ("charset=utf-8", "charset=utf8")
    ):
        seen = headers.get("content-type", "")
        raise Refusal(415, f"expected Content-Type application/json in UTF-8, got {quoted(seen)}")


def parsed(body: bytes) -> Any:
    """A JSON document: UTF-8, no NaN or Infinity, no key twice in one object.

    Raises:
        Refusal: 422.
    """
    if not body.strip():
        raise Refusal(422, "the body is empty; expected a JSON object")
    try:
        text = body.decode()
        return _strict.decode(text) if text[0] != "\ufeff" else json.loads(text)  # which refuses a byte order mark
    except UnicodeDecodeError as err:
        raise Refusal(422, f"the body is not UTF-8 (byte {err.start})") from err
    except RecursionError as err:
        raise Refusal(422, "the body is nested too deeply") from err
    except json.JSONDecodeError as err:
        raise Refusal(422, f"the body is not JSON: {err}") from err
    except ValueError as err:
        # Python refuses to read integers of more than 4,300 digits; the message speaks of its own settings.
        raise Refusal(422, "the body holds a number with thousands of digits") from err


def check_count(count: int, limits: Limits) -> None:
    """Raises: Refusal 413."""
    if count > limits.rows:
        raise Refusal(413, f"{count} rows are more than {limits.rows} (ISOSHIP_MAX_ROWS); send fewer rows a request")


def _unpacked(body: bytes, window: int, encoding: str, limits: Limits) -> bytes:
    try:
        import zlib
    except ModuleNotFoundError as err:  # a Python that was built without it
        why = f"expected no Content-Encoding, got {encoding}: the Python that runs here has no zlib"
        raise Refusal(415, why, (("accept-encoding", "identity"),)) from err

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


def _no_constant(name: str) -> NoReturn:
    raise Refusal(422, f"the body is not JSON: {name} is no JSON number; null means missing")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refusal(422, f"the key {quoted(twice)} stands twice in one object")
    return made


_strict = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_once)
