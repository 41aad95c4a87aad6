"""Runtimes on trial beside each other, and the files of the bundle with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, runtime_checkable

from isoship.parity import runners as registry
from isoship.parity.runners.process import interruptible
from isoship.parity.verdict.compare import Verdict
from isoship.parity.web_graph import FORMS

_SIDE_BY_SIDE = 4


@runtime_checkable
class Watch(Protocol):
    """Progress that shows each runtime while it is asked; the one that is given to a check may be such (`terminal.py`).

    Its methods are called from several threads.
    """

    def __call__(self, message: str, /) -> None: ...

    def asks(self, names: Sequence[str], unit: str) -> None:
        """These are asked, in the order of their lines. unit: rows or calls."""

    def begins(self, name: str) -> None:
        """One of them is."""

    def ends(self, verdict: Verdict) -> None:
        """And answered, or did not."""


def verdicts_of(
    names: Sequence[str],
    trial: Callable[[str], Verdict],
    files: Callable[[], Verdict],
    say: Callable[[str], None],
    unit: str = "rows",
) -> tuple[Verdict, ...]:
    """The verdict on the files, and one on each runtime, in the order of names.

    say: progress, which may be a `Watch`. unit: rows or calls.
    """
    watch = say if isinstance(say, Watch) else None

    def watched(name: str) -> Verdict:
        if watch is None:
            return trial(name)
        watch.begins(name)
        verdict = trial(name)
        watch.ends(verdict)
        return verdict

    say(f"asking {', '.join(names)}")
    if watch is not None:
        watch.asks(names, unit)
    # each runtime is a process of its own, and starting one leaves a processor idle half of the time; a browser's
    # software graphics take longest, and come before what can fill the gaps at the end
    order = sorted(names, key=lambda name: registry.target_of(name) in FORMS and "webg" not in name)
    with interruptible() as kill_all, ThreadPoolExecutor(max_workers=workers()) as pool:
        try:
            looked_at = pool.submit(files)
            tried = dict(zip(order, pool.map(watched, order), strict=True))
        except BaseException:  # interrupted, or told to end: what goes wrong with a runtime is its verdict
            kill_all()
            raise
    return (looked_at.result(), *(tried[name] for name in names))


def workers() -> int:
    """Runtimes that run at a time."""
    return max(1, min(_SIDE_BY_SIDE, os.cpu_count() or 1))
