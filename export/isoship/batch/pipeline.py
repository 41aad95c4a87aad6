"""Pieces of a file through all cores, in their order, a few of them in memory at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")


def in_order(pieces: Iterable[Piece], work: Callable[[Piece], Made], threads: int) -> Iterator[tuple[Piece, Made]]:
    """Each piece and what `work` makes of it. What is read lies at most `threads` + 1 pieces ahead of what is taken.

    Raises: what `work` raises, for the first piece that it fails at.
    """
    if threads == 1:
        for piece in pieces:
            yield piece, work(piece)
        return
    waiting: deque[tuple[Piece, Future[Made]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="isoship-batch")
    try:
        for piece in pieces:
            waiting.append((piece, pool.submit(work, piece)))
            if len(waiting) > threads:
                first, made = waiting.popleft()
                yield first, made.result()
        while waiting:
            first, made = waiting.popleft()
            yield first, made.result()
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
