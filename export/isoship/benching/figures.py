"""The figures of one form, and how they are taken out of seconds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["measured", "wrong", "failed", "unavailable"]


@dataclass(frozen=True)
class Spread:
    """Milliseconds over several fresh processes."""

    median: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class ColdStart:
    """From before the process is there to its first answer. cpu_ms: user and system, of its children, too."""

    starts: int
    wall_ms: Spread
    cpu_ms: Spread


@dataclass(frozen=True)
class Latency:
    """asks: how many were timed, of so many rows each. p99_ms: of fewer than 100 the slowest. cpu_ms: of one ask, of
    all threads; None where the system does not tell."""

    asks: int
    rows: int
    median_ms: float
    p99_ms: float
    cpu_ms: float | None

    @property
    def rows_per_second(self) -> float:
        """One client, one ask after another, at the median."""
        return self.rows / self.median_ms * 1e3


@dataclass(frozen=True)
class Figures:
    """What one form costs here. status: "wrong" where an answer is not the golden one, "failed" where the process ended
    or hung, "unavailable" where something is missing; the message says which, and there are no times then.

    size_bytes: of the form on disk; zip_bytes: of lambda.zip. peak_bytes: resident memory of the process that answered
    single rows and batches; None where the system does not tell. environment: versions, backend, how it was asked.
    """

    form: str
    status: Status
    message: str
    size_bytes: int | None
    zip_bytes: int | None = None
    cold_start: ColdStart | None = None
    one: Latency | None = None
    batch: Latency | None = None
    peak_bytes: int | None = None
    environment: dict[str, str] | None = None


def spread(seconds: Sequence[float]) -> Spread:
    return Spread(statistics.median(seconds) * 1e3, min(seconds) * 1e3, max(seconds) * 1e3)


def latency(seconds: Sequence[float], rows: int, cpu: float | None) -> Latency:
    """cpu: seconds of all asks together."""
    ordered = sorted(seconds)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    each = None if cpu is None else cpu / len(ordered) * 1e3
    return Latency(len(ordered), rows, statistics.median(ordered) * 1e3, p99 * 1e3, each)
