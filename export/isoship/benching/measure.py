"""One form, measured: fresh processes first, then one that is asked again and again. Nothing wrong is timed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from isoship.benching.contract import Answer, Ask, Asks, Form, Running
from isoship.benching.figures import ColdStart, Figures, Latency, latency, spread
from isoship.benching.usage import cpu_seconds
from isoship.errors import InputError, ParityError, RunnerUnavailable
from isoship.parity.runners.contract import RunnerCrashed, Shipped

Progress = Callable[[str], None]

#: Fresh processes, beside the first one, which reads the disk and leaves bytecode where that is its way.
_LEAST, _MOST = 3, 15


class _WrongAnswer(Exception):
    """A form answers otherwise than golden: its time means nothing."""


def measured(form: Form, shipped: Shipped, asks: Asks, seconds: float, figures: Figures, say: Progress) -> Figures:
    """`figures` with what was found; whatever becomes of a form is said there, and no error of a runtime leaves.

    seconds: how long fresh processes are started, and how long one of them is then asked.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="isoship-bench-") as aside:
            stamp = form.prepare(shipped, Path(aside))
            say(f"{form.name}: starting fresh processes for {seconds:g} s")
            cold = _cold_starts(form, asks.ones[0], seconds)
            say(f"{form.name}: {cold.starts} starts, {cold.wall_ms.median:.0f} ms to the first answer; asking it")
            one, batch, peak = _warm(form, asks, seconds)
    except RunnerUnavailable as err:
        return replace(figures, status="unavailable", message=str(err))
    except _WrongAnswer as err:
        return replace(figures, status="wrong", message=str(err))
    except (ParityError, InputError) as err:
        return replace(figures, status="failed", message=str(err))
    except Exception as err:  # noqa: BLE001 - a fault of one form is said of it, and the others still run
        return replace(figures, status="failed", message=f"{type(err).__name__}: {err}")
    say(f"{form.name}: {one.median_ms:.3g} ms for one {asks.unit}")
    return replace(figures, cold_start=cold, one=one, batch=batch, peak_bytes=peak, environment=dict(stamp))


def _cold_starts(form: Form, ask: Ask, seconds: float) -> ColdStart:
    walls: list[float] = []
    cpus: list[float] = []
    until = time.monotonic() + seconds
    for number in range(_MOST + 1):
        running = form.start(ask)
        try:
            _hold(form, ask, running.first)
        finally:
            cpu = running.end()
        if cpu is None:
            raise RunnerCrashed(f"{form.name} ended after its first answer")
        if number:
            walls.append(running.wall)
            cpus.append(cpu)
        if number >= _LEAST and time.monotonic() > until:
            break
    return ColdStart(len(walls), spread(walls), spread(cpus))


def _warm(form: Form, asks: Asks, seconds: float) -> tuple[Latency, Latency | None, int | None]:
    """Single rows or calls, batches, and the peak memory of the process that answered both."""
    every = (*asks.ones, *([] if asks.batch is None else [asks.batch]))
    running = form.start(asks.ones[0])
    try:
        for ask in every:
            _hold(form, ask, running.answer(ask))
        one = _timed(running, asks.ones, seconds / 2)
        batch = None if asks.batch is None else _timed(running, [asks.batch], seconds / 2)
        return one, batch, running.peak(every[-1])
    finally:
        running.end()


def _timed(running: Running, asks: Sequence[Ask], seconds: float) -> Latency:
    before = cpu_seconds(running.pid)
    taken = running.times(asks, seconds)
    after = cpu_seconds(running.pid)
    return latency(taken, asks[0].rows, None if before is None or after is None else after - before)


def _hold(form: Form, ask: Ask, answer: Answer) -> None:
    fault = ask.fault(answer, form)
    if fault:
        raise _WrongAnswer(fault)
