"""How many large batches compute at a time in one process, whatever the number of requests: that bounds the memory."""

from __future__ import annotations

import os
from _thread import allocate_lock  # `threading` is not imported on the way to a first answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType


class Turns:
    """So many at a time as there are processors, from 2 to 8; the others wait."""

    def __init__(self) -> None:
        self._turns = [allocate_lock() for _ in range(min(8, max(2, os.cpu_count() or 1)))]
        self._next = 0

    def take(self) -> LockType:
        """A turn of the caller's, who calls its `release()`."""
        for turn in self._turns:
            if turn.acquire(False):
                return turn
        self._next = (self._next + 1) % len(self._turns)
        turn = self._turns[self._next]
        turn.acquire()
        return turn
