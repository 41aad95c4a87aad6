"""Runtimes on trial beside each other, and the files of the bundle with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from isoship.parity import runners as registry
from isoship.parity.runners.process import interruptible
from isoship.parity.verdict.compare import Verdict

_SIDE_BY_SIDE = 4


def verdicts_of(
    names: Sequence[str], trial: Callable[[str], Verdict], files: Callable[[], Verdict]
) -> tuple[Verdict, ...]:
    """The verdict on the files, and one on each runtime, in the order of names."""
    # each runtime is a process of its own, and starting one leaves a processor idle half of the time; a browser's
    # software graphics take longest, and come before what can fill the gaps at the end
    order = sorted(names, key=lambda name: registry.target_of(name) == "web" and "webg" not in name)
    with interruptible() as kill_all, ThreadPoolExecutor(max_workers=workers()) as pool:
        try:
            looked_at = pool.submit(files)
            tried = dict(zip(order, pool.map(trial, order), strict=True))
        except BaseException:  # interrupted, or told to end: what goes wrong with a runtime is its verdict
            kill_all()
            raise
    return (looked_at.result(), *(tried[name] for name in names))


def workers() -> int:
    """Runtimes that run at a time."""
    return max(1, min(_SIDE_BY_SIDE, os.cpu_count() or 1))
