"""A bundle handed to an engine once, however often it is asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

#: So many are kept; what a frame that was not yet computed holds of another lives as long as the frame.
_MOST = 4
_shipped: OrderedDict[tuple[str, str], Any] = OrderedDict()


def once(session: str, digest: str, files: Mapping[str, bytes], ship: Callable[[dict[str, bytes]], Any]) -> Any:
    """What `ship` gave for the files of a digest, in a session of an engine: a broadcast variable, a reference."""
    key = (session, digest)
    if key not in _shipped:
        _shipped[key] = ship(dict(files))
        while len(_shipped) > _MOST:
            _shipped.popitem(last=False)
    _shipped.move_to_end(key)
    return _shipped[key]
