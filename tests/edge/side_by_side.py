"""Several threads at one piece of work."""

from __future__ import annotations

import threading
from collections.abc import Callable


def side_by_side(work: Callable[[int], None], count: int = 4) -> None:
    """Calls `work` with 0, 1, ... in a thread each, and waits for them all, half a minute at most."""
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
