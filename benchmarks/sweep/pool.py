"""Examines estimators in worker processes, each with a time limit: one that hangs or crashes costs itself alone."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

WORKERS = 2
LIMIT_SECONDS = 100.0

Finished = Callable[[str, list[dict[str, Any]]], None]
Examine = Callable[[str], list[dict[str, Any]]]


def run(
    names: Sequence[str],
    finished: Finished,
    *,
    examine: Examine | None = None,
    workers: int = WORKERS,
    limit: float = LIMIT_SECONDS,
) -> None:
    """Calls `finished(name, findings)` for every estimator, as they come.

    examine: what the workers do with a name, a function of a module; by default `benchmarks.sweep.examine.examine`.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"  # the workers' numpy reads them when it loads
    waiting = list(reversed(names))
    team = [_Worker(examine) for _ in range(min(workers, len(names)))]
    try:
        while waiting or any(worker.name for worker in team):
            for worker in team:
                if worker.name is None and waiting:
                    worker.give(waiting.pop())
            wait([worker.pipe for worker in team if worker.name], timeout=1.0)
            for worker in team:
                name, findings = worker.take(limit)
                if name is not None:
                    finished(name, findings)
    finally:
        for worker in team:
            worker.stop()


class _Worker:
    """One process. It is started anew after a crash or a time-out."""

    def __init__(self, examine: Examine | None) -> None:
        self._examine = examine
        self.name: str | None = None
        self._since = 0.0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._examine), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, name: str) -> None:
        self.name, self._since = name, time.monotonic()
        self.pipe.send(name)

    def take(self, limit: float) -> tuple[str | None, list[dict[str, Any]]]:
        """The finished estimator and its findings, or None while it is at work."""
        name = self.name
        if name is None:
            return None, []
        try:
            if self.pipe.poll():
                findings = self.pipe.recv()
                self.name = None
                return name, findings
            if time.monotonic() - self._since < limit:
                return None, []
            why = f"not finished within {limit:.0f} s"
        except (EOFError, ConnectionError):
            self._process.join(5)
            why = f"the process ended with code {self._process.exitcode}"
        self.stop()
        self._start()
        self.name = None
        return name, [{"label": "all", "status": "error", "why": why}]

    def stop(self) -> None:
        self._process.kill()
        self._process.join(5)
        self.pipe.close()


def _serve(pipe: Connection, examine: Examine | None) -> None:
    import warnings

    warnings.simplefilter("ignore")
    from benchmarks.sweep import examine as examination

    examination.warm_up()
    examine = examine or examination.examine
    while True:
        try:
            name = pipe.recv()
        except EOFError:
            return
        pipe.send(examine(name))
