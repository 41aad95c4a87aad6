"""Asking again and again against the clock. Nothing else is imported: processes under the bench use this, too."""

from __future__ import annotations

import time
from collections.abc import Callable

#: So many asks at least, however long they take, and at most.
LEAST, MOST = 5, 100_000


def times_of(ask: Callable[[int], object], count: int, seconds: float) -> list[float]:
    """Seconds of each ask until `seconds` have passed. ask: takes the place of what is asked, below `count`."""
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while len(taken) < LEAST or (len(taken) < MOST and time.perf_counter() < until):
        place = len(taken) % count
        began = time.perf_counter()
        ask(place)
        taken.append(time.perf_counter() - began)
    return taken
