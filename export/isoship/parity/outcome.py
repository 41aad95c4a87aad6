"""What comes of a trial, of rows as of calls: errors that are verdicts, a comparison's counts, and their words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from isoship.errors import ParityError, RunnerUnavailable
from isoship.parity.runners.contract import RunnerHung, Shipped
from isoship.parity.verdict.compare import Comparison, Verdict

#: A step of a trial: the verdict so far, and what comes of it.
Step = Callable[[Verdict], Verdict]


def outcome(
    runner: Any, shipped: Shipped, verdict: Verdict, steps: Iterable[Step], things: str, say: Callable[[str], None]
) -> Verdict:
    """The verdict after every step, in turn, of a runner that is prepared and closed. Whatever becomes of it is a
    verdict, and no error leaves. things: rows or calls."""
    try:
        runner.prepare(shipped)
        verdict = dataclasses.replace(verdict, environment=runner.stamp())
        for step in steps:
            verdict = step(verdict)
    except RunnerUnavailable as err:
        return dataclasses.replace(verdict, status="unavailable", message=str(err))
    except RunnerHung as err:
        return dataclasses.replace(verdict, status="hung", message=str(err))
    except ParityError as err:
        return dataclasses.replace(verdict, status="crashed", message=str(err))
    except Exception as err:  # noqa: BLE001 - a fault of one runtime is its verdict, and the others still run
        return dataclasses.replace(verdict, status="crashed", message=f"{type(err).__name__}: {err}")
    finally:
        runner.close()
    say(f"{runner.name}: {verdict.status}, {verdict.rows} {things} in {verdict.milliseconds:.0f} ms")
    return verdict


def compared(
    verdict: Verdict,
    found: Comparison,
    places: Sequence[int],
    milliseconds: float,
    said: str,
    besides: Sequence[str],
) -> Verdict:
    """The verdict with a comparison's counts. places: of what was compared, in the case. said: the comparison in words;
    besides: what other ways of asking showed."""
    return dataclasses.replace(
        verdict,
        status="agree" if found.agrees and not besides else "disagree",
        rows=found.rows,
        flips=found.flips,
        ties=found.ties,
        max_abs=found.max_abs,
        max_rel=found.max_rel,
        ulps=found.ulps,
        allowed=found.allowed,
        milliseconds=milliseconds,
        message="\n".join(filter(None, [said, *besides])),
        worst=tuple(dataclasses.replace(w, row=places[w.row]) for w in found.worst),
        kinds=found.kinds,
    )


def by_kind(found: Comparison, what: str, most: int | None = None) -> str:
    """`3 zeros, 1 batch-2`, most first. what: flips or over. most: kinds that are named where there are many."""
    kinds = sorted(found.kinds.items(), key=lambda kind: -getattr(kind[1], what))
    counts = [f"{n} {kind}" for kind, count in kinds if (n := getattr(count, what))]
    if most is None or len(counts) <= most + 1:
        return ", ".join(counts)
    return ", ".join([*counts[:most], f"and {len(counts) - most} more kinds"])
