"""A request's head held against RFC 9112 before it is parsed: what readers take in different ways is no request.

Python's `http.server` reads the fields as an e-mail's: it ends them at a line without a colon and joins folded lines,
where a proxy in front may read on or cut. Two readers of one message can then disagree on where it ends.

Source: RFC 9112, sections 2.2, 3, 3.2, 5, 5.1 and 5.2; RFC 9110, section 5.6.2 (token).
"""

from __future__ import annotations

import re
from io import BufferedIOBase

from isoship_edge.http.response import Refusal

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(_TOKEN + rb" [!-~\x80-\xff]+ HTTP/[0-9]\.[0-9]")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):([\t -~\x80-\xff]*)")
_LINE, _FIELDS = 65536, 100


def check_request_line(line: bytes) -> None:
    """Raises: Refusal 400, where it is not method, target and version with one space between each."""
    if not _REQUEST_LINE.fullmatch(_content(line)):
        raise Refusal(400, "the request line is not: method, target, HTTP version, one space between each")


def read_fields(stream: BufferedIOBase, version: bytes) -> bytes:
    """The fields and the empty line behind them, as they came.

    Raises:
        Refusal: 400, a line that is no field, or another number of Host fields than one; 431, too many or too long.
    """
    lines: list[bytes] = []
    hosts = 0
    while True:
        line = stream.readline(_LINE + 1)
        if len(line) > _LINE or len(lines) > _FIELDS:
            raise Refusal(431, f"more than {_FIELDS} fields, or one of more than {_LINE} bytes")
        if not line.endswith(b"\n"):
            raise Refusal(400, "the request ended within its fields")
        lines.append(line)
        content = _content(line)
        if not content:
            break
        if content[:1] in b" \t":
            raise Refusal(400, "a field is folded over two lines")
        field = _FIELD.fullmatch(content)
        if field is None:
            raise Refusal(400, "a field is not: name, colon at once, value")
        hosts += field.group(1).lower() == b"host"
    if hosts > 1 or (hosts == 0 and version == b"HTTP/1.1"):
        raise Refusal(400, f"there are {hosts} Host fields; HTTP/1.1 has one")
    return b"".join(lines)


def _content(line: bytes) -> bytes:
    """Without its end, which may lack the carriage return (section 2.2)."""
    return line.removesuffix(b"\n").removesuffix(b"\r")
