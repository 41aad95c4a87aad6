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

    def in_turn(lane: list[str]) -> dict[str, Verdict]:
        return {name: watched(name) for name in lane}

    # each runtime is a process of its own, and starting one leaves a processor idle half of the time
    with interruptible() as kill_all, ThreadPoolExecutor(max_workers=workers()) as pool:
        try:
            looked_at = pool.submit(files)
            tried = {name: verdict for lane in pool.map(in_turn, _lanes(names)) for name, verdict in lane.items()}
        except BaseException:  # interrupted, or told to end: what goes wrong with a runtime is its verdict
            kill_all()
            raise
    return (looked_at.result(), *(tried[name] for name in names))


def browsers(names: Sequence[str]) -> int:
    """Browsers that run at a time: each has processes for its page, its graphics and itself, and costs as much to start
    as two runtimes to ask."""
    return min(max(1, workers() // 2), sum(map(_in_browser, names)))


def _lanes(names: Sequence[str]) -> list[list[str]]:
    """What runs one after another: in a browser what it is asked of, longest first; everything else is by itself.

    Runtimes of one backend follow each other: graphics keep the shaders that they have compiled.
    """
    order = sorted(filter(_in_browser, names), key=lambda name: name.rpartition("-")[2], reverse=True)
    count = browsers(names)
    alone = sorted(set(names) - set(order), key=lambda name: (registry.target_of(name) in FORMS, names.index(name)))
    return [*(order[i::count] for i in range(count)), *([name] for name in alone)]


def _in_browser(name: str) -> bool:
    return "chromium" in name


def workers() -> int:
    """Runtimes that run at a time."""
    return max(1, min(_SIDE_BY_SIDE, os.cpu_count() or 1))
