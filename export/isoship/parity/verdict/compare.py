"""Answers against the reference's answers: pure functions on arrays, and the verdict they end in."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from isoship.parity.verdict import ulps
from isoship.sources.contract import Answers
from isoship_edge.inference.agreement import UNDECIDED, is_measured, tie_margin
from isoship_edge.manifest import Output, Tolerance

if TYPE_CHECKING:
    from isoship.parity.verdict.cause import Cause

Array = np.ndarray[Any, Any]
#: differs: a runtime in which no shipped form runs answers otherwise, which is told and fails nothing. idle: what it
#: was given computes nothing, so that its answers would prove nothing.
Status = Literal["agree", "disagree", "crashed", "hung", "unavailable", "differs", "idle"]
#: A runtime of which one of these is said fails the check.
FAULTS = ("disagree", "crashed", "hung")

_KINDS_OF_DTYPE = {"double": "f", "float": "f", "int64": "i", "bool": "b", "string": "OU"}
_WORST = 8
#: Far outside of the fitted range, sums of large terms cancel in the source's order as in ours: so many times the
#: tolerance. A missing guard against overflow, or a function cut off, is off by far more.
_FAR = 1000.0
#: log10 of the errors that the histogram tells apart; no error at all stands in a bin of its own.
DECADES = range(-18, 3)


@dataclass(frozen=True)
class Worst:
    """One row on which a runtime was furthest off. value and expected: of the output in question, for that row.

    over: beyond the tolerance; not every error is, and a far row's may be large and is not.
    """

    row: int
    kind: str
    output: str
    expected: Any
    value: Any
    error: float
    flip: bool
    over: bool = False


@dataclass(frozen=True)
class KindCount:
    """What happened on one kind of row. decades: log10 of a row's largest error, "none" or "inf" -> rows; over_decades:
    the same of the rows beyond their tolerance alone."""

    rows: int
    flips: int
    ties: int
    over: int
    max_abs: float
    decades: dict[str, int]
    over_decades: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """flips: rows with another label. ties: with another label within the margin, or a number that the source itself
    does not settle (`Answers.value_margin`). over: with a number beyond its tolerance. problems: what no number
    expresses. ulps: rows by their largest difference in units of the last place of the runtime's precision
    (`ulps.py`), ties left out. Errors of far rows are divided by 1 + |value|. allowed: the most that a tolerance lets a
    row be off, apart from far ones."""

    rows: int
    flips: int
    ties: int
    over: int
    max_abs: float
    max_rel: float
    worst: tuple[Worst, ...]
    kinds: dict[str, KindCount]
    problems: tuple[str, ...]
    ulps: dict[str, int] = field(default_factory=dict)
    allowed: float = 0.0

    @property
    def agrees(self) -> bool:
        return not (self.flips or self.over or self.problems)


@dataclass(frozen=True)
class Verdict:
    """What became of one runtime.

    chosen_from, fewer: how many rows it takes, and how and why those that it was asked were chosen among them; 0 and
    nothing where it was asked all that it takes.
    """

    name: str
    target: str
    precision: str
    status: Status
    rows: int = 0
    flips: int = 0
    ties: int = 0
    max_abs: float = 0.0
    max_rel: float = 0.0
    milliseconds: float = 0.0
    message: str = ""
    refused: int = 0
    worst: tuple[Worst, ...] = ()
    kinds: dict[str, KindCount] = field(default_factory=dict)
    ulps: dict[str, int] = field(default_factory=dict)
    allowed: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)
    tolerances: dict[str, Tolerance] = field(default_factory=dict)
    cause: Cause | None = None
    chosen_from: int = 0
    fewer: str = ""


def compare(
    reference: Answers,
    answers: Mapping[str, Array],
    outputs: Sequence[Output],
    tolerances: Mapping[str, Tolerance],
    *,
    kinds: Sequence[str],
    precision: str,
    through_json: bool = False,
) -> Comparison:
    """One runtime's answers against the reference's.

    tolerances: of every output, for the runtime's precision. kinds: of every row.
    through_json: NaN and infinities come back as null, so only "not finite" can be told.
    """
    count = len(kinds)
    problems = [f"{o.name} is not answered" for o in outputs if o.name not in answers]
    problems += [f"{name} is answered and not in the manifest" for name in answers if name not in reference.outputs]
    tie_below = tie_margin(outputs, tolerances, precision)
    unsettled = reference.unsettled(UNDECIDED[precision])
    far = np.array([kind == "far" for kind in kinds], dtype=bool)
    leeway = np.where(far, _FAR, 1.0)
    flipped, tied, over = (np.zeros(count, dtype=bool) for _ in range(3))
    error, last_places = np.zeros(count), np.zeros(count)
    relative = allowed = 0.0
    worst: list[Worst] = []
    for output in outputs:
        if output.name not in answers or output.name not in reference.outputs:
            continue
        want, got = reference.outputs[output.name], np.asarray(answers[output.name])
        wrong = _misfit(output, want, got, precision)
        if wrong is not None:
            problems.append(wrong)
            continue
        measured = is_measured(output)
        if measured:
            d = difference(want, got, only_finite=through_json)
            t = tolerances[output.name]
            size = np.where(np.isfinite(want), np.abs(want), 0.0)
            column = (-1, *[1] * (want.ndim - 1))
            allowed = max(allowed, t.atol + t.rtol * float(size[~far].max(initial=0.0)))
            beyond = _rows(d > (t.atol + t.rtol * size) * leeway.reshape(column))
            excused = beyond & unsettled
            tied |= excused
            wrong_rows = beyond & ~excused
            over |= wrong_rows
            row_error = _rows(np.where(far.reshape(column), d / (1.0 + size), d), np.max)
            row_error = np.where(excused, 0.0, row_error)
            error = np.maximum(error, row_error)
            ulp = ulps.ulp_distance(want, got, precision)
            last_places = np.maximum(last_places, _rows(np.where(d == 0, 0.0, ulp), np.max))
            relative = max(relative, _relative(d[~excused], want[~excused], t.atol))
            bad, flips = row_error, np.zeros(count, dtype=bool)
            first = np.lexsort((-bad, ~wrong_rows))
        else:
            other = _rows(_unequal(want, got))
            tie = other & ((reference.margin <= tie_below * leeway) if output.kind == "label" else unsettled)
            flips = other & ~tie
            flipped |= flips
            tied |= tie
            bad, wrong_rows = np.where(flips, np.inf, 0.0), flips
            first = np.argsort(-bad, kind="stable")
        for i in first[:_WORST].tolist():
            if bad[i] > 0:
                shown = float(bad[i]) if measured else math.nan
                worst.append(
                    Worst(i, kinds[i], output.name, want[i].tolist() if want.ndim > 1 else _item(want[i]),
                          got[i].tolist() if got.ndim > 1 else _item(got[i]), shown, bool(flips[i]),
                          bool(wrong_rows[i]))
                )  # fmt: skip
    worst.sort(key=lambda w: (not w.flip, not w.over, -w.error))
    return Comparison(
        rows=count,
        flips=int(flipped.sum()),
        ties=int(tied.sum()),
        over=int(over.sum()),
        max_abs=float(error.max(initial=0.0)),
        max_rel=relative,
        worst=tuple(worst[:_WORST]),
        kinds={kind: _count(kind, kinds, flipped, tied, over, error) for kind in dict.fromkeys(kinds)},
        problems=tuple(problems),
        ulps=ulps.histogram(last_places[~tied]),
        allowed=allowed,
    )


def difference(want: Array, got: Array, *, only_finite: bool = False) -> Array:
    """|want - got|; 0 where both are NaN or the same infinity, infinite where only one is."""
    want, got = want.astype(np.float64), got.astype(np.float64)
    if only_finite:
        want, got = (np.where(np.isfinite(a), a, np.nan) for a in (want, got))
    with np.errstate(invalid="ignore", over="ignore"):
        d = np.abs(want - got)
    same = (want == got) | (np.isnan(want) & np.isnan(got))
    return np.where(same, 0.0, np.where(np.isnan(d), np.inf, d))


def _misfit(output: Output, want: Array, got: Array, precision: str) -> str | None:
    if got.shape != want.shape:
        return f"{output.name} has shape {list(got.shape)} where the model gives {list(want.shape)}"
    narrow = output.dtype == "double" and precision == "double" and got.dtype == np.float32
    if got.dtype.kind not in _KINDS_OF_DTYPE[output.dtype] or narrow:
        return f"{output.name} has dtype {got.dtype} where the manifest says {output.dtype}"
    return None


def _unequal(want: Array, got: Array) -> Array:
    if want.dtype.kind in "OU" or got.dtype.kind in "OU":
        pairs = zip(want.ravel().tolist(), got.ravel().tolist(), strict=True)
        return np.array([type(a) is not type(b) or a != b for a, b in pairs], dtype=bool).reshape(want.shape)
    return np.asarray((want != got) & ~((want != want) & (got != got)))


def _rows(values: Array, reduce: Any = np.any) -> Array:
    """One value a row."""
    if values.ndim == 1:
        return values
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    if flat.shape[1] == 0:
        return np.zeros(len(values), dtype=values.dtype)
    return np.asarray(reduce(flat, axis=1))


def _relative(d: Array, want: Array, floor: float) -> float:
    size = np.abs(want.astype(np.float64))
    usable = np.isfinite(d) & np.isfinite(size) & (size > max(floor, 1e-300))
    return float((d[usable] / size[usable]).max(initial=0.0))


def _count(kind: str, kinds: Sequence[str], flipped: Array, tied: Array, over: Array, error: Array) -> KindCount:
    mine = np.array([k == kind for k in kinds], dtype=bool)
    return KindCount(
        rows=int(mine.sum()),
        flips=int(flipped[mine].sum()),
        ties=int(tied[mine].sum()),
        over=int(over[mine].sum()),
        max_abs=float(error[mine].max(initial=0.0)),
        decades=dict(Counter(map(decade, error[mine].tolist()))),
        over_decades=dict(Counter(map(decade, error[mine & over].tolist()))),
    )


def decade(error: float) -> str:
    """The bin of an error: log10 of it within `DECADES`, none or inf."""
    if error == 0 or error == math.inf:
        return "none" if error == 0 else "inf"
    return str(max(DECADES[0], min(DECADES[-1], math.floor(math.log10(error)))))


def _item(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
