"""A memory size for Lambda, and what a million requests cost there, out of one function's figures on this machine.

A function of 1,769 MB has one processor, and others a share of one in proportion to their memory (AWS Lambda Developer
Guide, "Configure Lambda function memory"); durations are billed by the millisecond, rounded up ("Lambda pricing").
What Lambda's processors do otherwise than this machine's is in no figure here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from isoship.benching.figures import Figures

#: MB: what a function may have, in steps that are easy to read, and how much of it has a whole processor.
SIZES, PROCESSOR = range(128, 10_240 + 1, 64), 1769
#: The share of the memory that the peak leaves free, and MB that the template's hook, which has the same memory, takes
#: beside the model (docs/lambda.md).
FREE, HOOK = 0.25, 70
HOW = (
    "the smallest multiple of 64 MB that the peak leaves a quarter of, and 70 MB for the hook; an answer takes its wall"
    " time here, or its CPU time divided by the share of a processor that this memory has where that is more, rounded"
    " up to a millisecond; GB-seconds are memory / 1024 times that"
)


@dataclass(frozen=True)
class LambdaMemory:
    """memory_mb: as template.yaml's MemorySize. warm_ms, cold_start_ms: durations of one row or call with that memory.
    gb_seconds_per_million: of requests that find a warm function; gb_seconds_per_cold_start: of each that does not."""

    memory_mb: int
    peak_mb: float
    warm_ms: int
    cold_start_ms: int
    gb_seconds_per_million: float
    gb_seconds_per_cold_start: float


def lambda_memory(figures: Figures) -> LambdaMemory | None:
    """None without the figures, or where no function is large enough."""
    if figures.peak_bytes is None or figures.one is None or figures.one.cpu_ms is None or figures.cold_start is None:
        return None
    peak = figures.peak_bytes / 2**20
    memory = next((size for size in SIZES if size * (1 - FREE) >= peak and size - HOOK >= peak), None)
    if memory is None:
        return None
    share = min(1.0, memory / PROCESSOR)
    warm = math.ceil(max(figures.one.median_ms, figures.one.cpu_ms / share))
    cold = math.ceil(max(figures.cold_start.wall_ms.median, figures.cold_start.cpu_ms.median / share))
    return LambdaMemory(memory, peak, warm, cold, memory / 1024 * warm * 1e3, memory / 1024 * cold / 1e3)
