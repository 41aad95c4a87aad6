"""How long a runtime may take, in time of its own, so that a verdict does not depend on what else the machine does.

Linux keeps for each thread how long it was ready to run and had to wait for a processor (`/proc/<pid>/schedstat`, its
second figure; Documentation/scheduler/sched-stats.rst). Such time does not count, and neither does time in which this
process itself was not woken, by a busy or a sleeping machine. A runtime that had its turn and did not answer has hung.
On other systems the machine's load says which share of the time counts. A wall bound ends everything.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

#: Seconds to wait for an answer before asking whether time is over.
TICK = 0.5
#: So many looks in a patience: one at a browser's 150 threads takes 3 ms, and far more on a busy machine.
_LOOKS = 60
#: No answer is waited for longer than so many times its patience.
WALL = 10.0


class Patience:
    """A deadline of `seconds` for the process `pid` and all that it started."""

    def __init__(self, pid: int, seconds: float) -> None:
        self.seconds = seconds
        self._pid = pid
        self._began = self._looked = time.monotonic()
        self._between = max(self.tick, seconds / _LOOKS)
        #: At the last look; time counts from the first one, and most answers come before it.
        self._waited: dict[str, int] | None = None
        self._own = 0.0

    @property
    def wall(self) -> float:
        """Seconds left until the wall bound."""
        return max(0.0, self._began + WALL * self.seconds - time.monotonic())

    @property
    def tick(self) -> float:
        """How long to wait before asking again."""
        return max(0.001, min(TICK, self.seconds / 4))

    def is_over(self) -> bool:
        """Counts the time since the last look, when a look is due."""
        now = time.monotonic()
        if now - self._looked < self._between or self.wall == 0.0:
            return self.wall == 0.0
        waits, before = _waits(self._pid), self._waited
        passed = min(now - self._looked, 2 * self._between)  # woken later than that: we had no turn, either
        self._looked, self._waited = now, waits
        if before is None:
            return False
        if waits:
            starved = max((waited - before.get(thread, 0) for thread, waited in waits.items()), default=0)
            self._own += max(0.0, passed - starved / 1e9)
        else:
            self._own += passed * _share()
        return self._own >= self.seconds

    def __str__(self) -> str:
        passed = time.monotonic() - self._began
        more = f" of its own ({passed:.0f} s on this busy machine)" if passed > 1.5 * self.seconds else ""
        return f"{self.seconds:g} s{more}"


def _waits(pid: int) -> dict[str, int]:
    """Thread -> nanoseconds of waiting for a processor, of a process and its descendants; empty where nobody tells."""
    found: dict[str, int] = {}
    pids, seen = [str(pid)], set[str]()
    while pids:
        process = pids.pop()
        if process in seen:
            continue
        seen.add(process)
        try:
            threads = os.listdir(f"/proc/{process}/task")  # noqa: PTH208 - a path a name is a fifth of a look's time
        except OSError:
            continue
        for thread in threads:
            place = f"/proc/{process}/task/{thread}"
            try:
                found[thread] = int(Path(f"{place}/schedstat").read_bytes().split()[1])
                pids += Path(f"{place}/children").read_text().split()
            except (OSError, IndexError, ValueError):  # it has ended, or the kernel keeps no such figures
                continue
    return found


def _share() -> float:
    """What the machine's load leaves to one that is ready to run."""
    try:
        load = os.getloadavg()[0]
    except OSError:
        return 1.0
    return min(1.0, (os.cpu_count() or 1) / load) if load > 0 else 1.0
