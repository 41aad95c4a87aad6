"""Where a graph parts from its model: on answers, and on which rows are refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.sweep.examine import Runner, answered

from isoship.errors import InputError
from isoship.parity.verdict.compare import compare, difference
from isoship.sources.contract import Answers, Row, Source
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.manifest import Tolerance

__all__ = ["Fault", "Runner", "Tally", "faults"]

#: Double throughout; sums and products of another order differ in the last bits.
TOLERANCE = Tolerance(1e-9, 1e-9, "double throughout")
_MOST_ASKED_ALONE = 60


@dataclass(frozen=True)
class Fault:
    """One disagreement on one kind of rows, with the first row that shows it."""

    kind: str
    what: str
    row: Row

    def __str__(self) -> str:
        row = {name: value if len(str(value)) < 80 else f"{str(value)[:20]}..." for name, value in self.row.items()}
        return f"{self.kind}: {self.what}, such as {row}"


@dataclass
class Tally:
    """How many rows were compared, refused by both, left undecided."""

    compared: int = 0
    refused: int = 0
    undecided: int = 0


def faults(source: Source, run: Runner, kind: str, rows: list[Row], tally: Tally, refusals: int = 30) -> list[Fault]:
    """Every way in which model and graph part on these rows.

    refusals: of the rows that the contract refuses, so many are shown to the model, each alone.
    """
    accepted = [accepts(row, source) for row in rows]
    taken = [row for row, ok in zip(rows, accepted, strict=True) if ok]
    refused = [row for row, ok in zip(rows, accepted, strict=True) if not ok]
    refused = refused[:: max(1, -(-len(refused) // refusals))]
    found = []
    answers = answers_of(source, taken) if taken else None
    if taken and answers is None:
        by_model = answered(taken, source)
        wrong = [row for row, ok in zip(taken, by_model, strict=True) if not ok]
        found.append(Fault(kind, f"{len(wrong)} rows pass the contract and the model refuses them", wrong[0]))
        taken = [row for row, ok in zip(taken, by_model, strict=True) if ok]
        answers = answers_of(source, taken) if taken else None
    wrong = [row for row in refused if answers_of(source, [row]) is not None and not _narrowed(source, row)]
    if wrong:
        found.append(
            Fault(kind, f"{len(wrong)} rows are answered by the model and the contract refuses them", wrong[0])
        )
    tally.refused += len(refused)
    if answers is not None:
        found += _parted(source, answers, run(taken, source), kind, taken, tally)
    return found


def _narrowed(source: Source, row: Row) -> bool:
    """Whether the contract says of itself that it refuses such numbers in one column for what several do."""
    told = any("in several columns at once" in note for note in source.notes)
    return told and any(isinstance(value, float) and not 1e-30 < abs(value) < 1e30 for value in row.values())


def answers_of(source: Source, rows: list[Row]) -> Answers | None:
    try:
        return source.answers(rows)
    except InputError:
        return None


def _parted(
    source: Source, answers: Answers, raw: Mapping[str, Any], kind: str, rows: list[Row], tally: Tally
) -> Iterator[Fault]:
    got = {name: overflown(answers.outputs[name], value) for name, value in raw.items()}
    wider = source.double_tolerances  # type: ignore[attr-defined]
    tolerances = {output.name: wider.get(output.name, TOLERANCE) for output in source.outputs}

    def judged(places: list[int]) -> Any:
        mine = {name: value[places] for name, value in got.items()}
        kinds = [kind] * len(places)
        return compare(answers.at(places), mine, source.outputs, tolerances, kinds=kinds, precision="double")

    places = list(range(len(rows)))
    result = judged(places)
    if (result.flips or result.over) and not result.problems:
        left_out = _undecided(source, rows, answers, got, tolerances)
        places = [i for i in places if i not in left_out]
        tally.undecided += len(left_out)
        result = judged(places)
    tally.compared += len(places)
    if not result.agrees:
        worst = result.worst[0] if result.worst else None
        row = rows[places[worst.row]] if worst else rows[0]
        told = f"{worst.output} is {worst.value} and not {worst.expected}" if worst else ""
        yield Fault(
            kind,
            f"{result.flips} flips, {result.over} values off by up to {result.max_abs:.3g} of {len(places)} rows;"
            f" {told} {' '.join(result.problems)}",
            row,
        )


def overflown(want: Any, got: Any) -> Any:
    """Where both have left the doubles, the model's own value: whether inf, -inf or NaN hangs on the order of a sum."""
    if want.dtype.kind != "f" or getattr(got, "shape", None) != want.shape or got.dtype != want.dtype:
        return got
    return np.where(~np.isfinite(want) & ~np.isfinite(got), want, got)


def _undecided(
    source: Source,
    rows: list[Row],
    answers: Answers,
    got: Mapping[str, Any],
    tolerances: Mapping[str, Tolerance],
) -> set[int]:
    """Of the rows with a fault, those that the model itself answers otherwise when they come alone."""
    found: set[int] = set()
    for i in np.flatnonzero(_faulty(answers.outputs, got, tolerances)).tolist()[:_MOST_ASKED_ALONE]:
        alone = source.answers([rows[i]])
        if _faulty({name: value[[i]] for name, value in answers.outputs.items()}, alone.outputs, tolerances)[0]:
            found.add(i)
    return found


def _faulty(want: Mapping[str, Any], got: Mapping[str, Any], tolerances: Mapping[str, Tolerance]) -> Any:
    """bool [N]: a number beyond the tolerance, or another label."""
    found: Any = False
    for name, value in want.items():
        if value.dtype.kind == "f":
            size = np.where(np.isfinite(value), np.abs(value), 0.0)
            other = difference(value, got[name]) > tolerances[name].atol + tolerances[name].rtol * size
        else:
            other = value != got[name]
        found = found | np.asarray(other, dtype=bool).reshape(len(value), -1).any(axis=1)
    return found


def accepts(row: Row, source: Source) -> bool:
    try:
        decode_rows([row], source.signature)
    except InputError:
        return False
    return True
