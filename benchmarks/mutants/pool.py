"""The mutants in two worker processes: bases first, then each mutant by its number."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

# two workers on two cores, each with libraries that would spin up threads of their own
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.mutants.bases import exported, trained
from benchmarks.mutants.catalogue import Mutant, controls
from benchmarks.mutants.trial import Outcome, catalogue, try_mutant

_WORKERS = 2


def run(folder: Path, parts: Sequence[str]) -> list[Outcome]:
    """Every mutant of these parts, and a control for each base; in the catalogue's order."""
    planted = [m for m in catalogue(folder) if m.part in parts]
    chosen = [*planted, *controls(planted)]
    names = dict.fromkeys([*(m.base for m in chosen), "newer"])
    found: dict[int, Outcome] = {}
    # a worker of its own interpreter: onnxruntime and a fork of its threads do not go together
    with ProcessPoolExecutor(_WORKERS, multiprocessing.get_context("spawn")) as pool:
        for name in dict.fromkeys(name.partition(":")[0] for name in names):
            trained(name, folder)
        full = dict.fromkeys(name.partition(":")[0] for name in names)
        for done, name in zip(pool.map(_exported, full, [folder] * len(full)), full, strict=True):
            print(f"exported {name} in {done:.0f} s", file=sys.stderr)
        for name in names:
            exported(name, folder)
        waiting = {pool.submit(_tried, i, folder, tuple(parts)): i for i in range(len(chosen))}
        for finished in as_completed(waiting):
            outcome = found[waiting[finished]] = finished.result()
            said = f"by {', '.join(outcome.by)}" if outcome.by else "not detected"
            count = f"{len(found):3}/{len(chosen)}"
            print(f"{count} {outcome.part}: {outcome.name}: {said}, {outcome.seconds} s", file=sys.stderr)
    return [found[i] for i in range(len(chosen))]


def _exported(name: str, folder: Path) -> float:
    started = time.monotonic()
    exported(name, folder)
    return time.monotonic() - started


def _tried(number: int, folder: Path, parts: tuple[str, ...]) -> Outcome:
    """A mutant by its number, since what plants it does not travel between processes."""
    planted: list[Mutant] = [m for m in catalogue(folder) if m.part in parts]
    return try_mutant([*planted, *controls(planted)][number], folder)
