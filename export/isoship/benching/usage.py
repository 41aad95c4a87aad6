"""What a process has used, by the system's own account."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path


def ended(pid: int) -> float | None:
    """Kills a process of ours; seconds of CPU, user and system, of it and of the children that it waited for. None of
    one that has ended before."""
    try:
        os.kill(pid, signal.SIGKILL)
        _, _, used = os.wait4(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return None
    return used.ru_utime + used.ru_stime


def cpu_seconds(pid: int) -> float | None:
    """CPU of a process's living threads so far, by the scheduler's clock; None where the system keeps none."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def peak_bytes(pid: int) -> int | None:
    """Peak resident memory so far; None where the system does not tell.

    Not wait4's `ru_maxrss`: that one begins at what the process that started this one had (exec keeps the larger).
    """
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
