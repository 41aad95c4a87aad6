"""What every skin sends: a status, headers and bytes; and the error documents of the contract."""

from __future__ import annotations

from isoship_edge.encoding.encode import json_bytes
from isoship_edge.errors import InputError
from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

JSON = "application/json"
PROBLEM = "application/problem+json"

TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


class Response(NamedTuple):
    """Content-Length is the skin's to add."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Refusal(Exception):
    """Ends the handling of a request with this response."""

    def __init__(self, status: int, detail: str, headers: tuple[tuple[str, str], ...] = (), **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.members = members


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, (("content-type", JSON),), json_bytes(document))


def problem(refusal: Refusal) -> Response:
    """An RFC 9457 problem document: `row` and `column`, or `input` and `index`, `seen` and `expected` beside the
    standard members.
    """
    document = {
        "type": "about:blank",
        "title": TITLES.get(refusal.status, "Error"),
        "status": refusal.status,
        "detail": refusal.detail,
        **refusal.members,
    }
    return Response(refusal.status, (("content-type", PROBLEM), *refusal.headers), json_bytes(_printable(document)))


def v2_error(refusal: Refusal) -> Response:
    """The Open Inference Protocol's error object; content errors are 400 there."""
    status = 400 if refusal.status == 422 else refusal.status
    document = _printable({"error": refusal.detail})
    return Response(status, (("content-type", JSON), *refusal.headers), json_bytes(document))


def refused(err: InputError) -> Refusal:
    """An input error as 422, naming where, what was seen and what was expected, as far as they are known."""
    members = {name: getattr(err, name) for name in ("row", "column", "input", "index", "seen", "expected")}
    return Refusal(422, str(err), **{name: value for name, value in members.items() if value is not None})


def _printable(document: dict[str, Any]) -> dict[str, Any]:
    """Lone surrogates out of a request have no UTF-8: they are shown as escapes."""
    return {
        name: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
        for name, value in document.items()
    }
