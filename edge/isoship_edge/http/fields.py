"""The header fields of a request as one value a name."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Iterable


def joined(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case. A field that stands twice is one list, in order: `gzip` and `gzip` are `gzip, gzip`.

    Source: RFC 9110, section 5.3. Gateways do the same before Lambda sees a request.
    """
    made: dict[str, str] = {}
    for name, value in fields:
        lower = name.lower()
        made[lower] = f"{made[lower]}, {value}" if lower in made else value
    return made
