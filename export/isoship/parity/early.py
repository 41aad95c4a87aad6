"""Runtimes that start while the rows are still being made, when a check keeps one processor busy and no more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, cast

from isoship.parity.contract import Runner, Shipped


class _Early:
    """A runner whose `prepare` has begun; all else is the runner's own."""

    def __init__(self, runner: Runner, shipped: Shipped, starting: Executor) -> None:
        self._runner = runner
        self._begun = starting.submit(runner.prepare, shipped)

    def prepare(self, _shipped: Shipped) -> None:
        self._begun.result()

    def close(self) -> None:
        if not self._begun.cancel():
            self._begun.exception()  # what has begun to start is ended when it has
        self._runner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)


@contextlib.contextmanager
def started_early(names: Sequence[str], shipped: Shipped) -> Iterator[dict[str, Runner]]:
    """These runners by name, each starting on `shipped`, one after the other; closed at the end, used or not."""
    from isoship.parity.runners import open_runner

    with ThreadPoolExecutor(1) as starting:
        runners = {name: cast("Runner", _Early(open_runner(name), shipped, starting)) for name in names}
        try:
            yield runners
        finally:
            for runner in reversed(runners.values()):
                runner.close()
