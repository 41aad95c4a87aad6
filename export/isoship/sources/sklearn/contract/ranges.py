"""The range of numbers that the model answers in each column, to the exact number, by as few questions as it takes.

The range is the one around a value that the model answers, all other columns being those of one row. An end is proven
by two answers: its last number is answered, with some between it and the start, and the number after it is refused.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from isoship.sources.contract import Row, Variant
from isoship.sources.sklearn.contract.group_testing import Asked, Guess, accepted, accepted_by_guess
from isoship.sources.sklearn.contract.number_line import FLOAT32, LARGEST, Line
from isoship.sources.sklearn.contract.overflow import Finite
from isoship_edge.manifest import Column

#: Rows of one look at what overflows; more of them in a look make fewer looks.
_ROWS_A_LOOK = 1000
#: How far, in doubles, an overflow may be from where proportion puts it: a few roundings.
_NEAR = 20

Overflow = Callable[[list[Row]], Finite | None]


def guess_by_overflow(overflow: Overflow, rows: list[Row]) -> list[bool] | None:
    """What a look at overflows says of each row: whether the model answers it."""
    found = overflow(rows)
    return None if found is None else found.double.tolist()


class End(NamedTuple):
    """sign: -1 for the lower end of a column's range, 1 for the upper one."""

    column: str
    sign: int


#: The last place that the model answers; None where it answers all of them.
Last = int | None


def ranges_of(
    columns: Sequence[Column], base: Row, answers: Asked, overflows: Sequence[Overflow], notes: list[str]
) -> dict[str, dict[str, float]]:
    """Column -> `minimum`, `maximum` or their exclusive forms, as `Column` has them; what is odd goes to the notes.

    base: a row that the model answers. overflows: guesses, the cheapest first: `overflow.finite_rows` and
    `checks.passed_by_checks` for rows.
    """
    search = _Search(columns, base, answers, notes)
    search.guess = partial(guess_by_overflow, overflows[-1]) if overflows else search.guess
    ends = [End(name, sign) for name in search.start for sign in (-1, 1)]
    ranges: dict[str, dict[str, float]] = {name: {} for name in search.start}
    if not ends or answers([row for end in ends for row in search.rows(end, None)]):
        return ranges
    found: dict[End, Last] = {}
    for overflow in overflows:
        found |= search.confirmed(search.guesses([end for end in ends if end not in found], overflow))
    found |= search.bisected([end for end in ends if end not in found])
    for end, last in found.items():
        if last is not None:
            ranges[end.column] |= _worded(search.lines[end.column], end.sign, last)
    return ranges


class _Search:
    """lines, start: for each column whose numbers are answered, and the place of one that is."""

    def __init__(self, columns: Sequence[Column], base: Row, answers: Asked, notes: list[str]) -> None:
        self.base, self.answers, self.notes = base, answers, notes
        self.guess: Guess = lambda _rows: None
        self.lines = {column.name: Line(column.dtype == "int64") for column in columns}
        self.start = {name: place for name in self.lines if (place := self._start(name)) is not None}

    def _start(self, name: str) -> int | None:
        value = self.base[name]
        if value is not None and math.isfinite(value):
            return self.lines[name].place(value)
        tried = [0.0, 1.0, -1.0]
        answered = accepted([[Variant(self.base, {name: number})] for number in tried], self.answers)
        if not any(answered):
            self.notes.append(
                f'column "{name}": the model refuses ordinary numbers such as -1.0; the shipped forms cannot'
            )
            return None
        return self.lines[name].place(tried[answered.index(True)])

    def row(self, end: End, place: int) -> Row:
        return Variant(self.base, {end.column: self.lines[end.column].at(place)})

    def outward(self, end: End) -> list[int]:
        start = self.start[end.column]
        return self.lines[end.column].outward(start, end.sign) or [start]

    def rows(self, end: End, last: Last) -> list[Row]:
        """What is answered if `last` is: some numbers on the way to it, and itself."""
        way = self.outward(end)
        if last is not None:
            way = [*(place for place in way if (last - place) * end.sign > 0), last]
        return [self.row(end, place) for place in way]

    def confirmed(self, guesses: Mapping[End, Last]) -> dict[End, Last]:
        """Those of the guesses that the model bears out."""
        inside = accepted([self.rows(end, last) for end, last in guesses.items()], self.answers)
        found = {end: last for (end, last), answered in zip(guesses.items(), inside, strict=True) if answered}
        beyond = {end: [self.row(end, last + end.sign)] for end, last in found.items() if last is not None}
        answered_too = accepted_by_guess(list(beyond.values()), self.answers, self.guess, likely=False)
        for end, answered in zip(beyond, answered_too, strict=True):
            if answered:
                del found[end]
        return found

    def guesses(self, ends: Sequence[End], overflow: Overflow) -> dict[End, Last]:
        """Where each column's numbers overflow inside the model, all columns in lockstep; empty if that is not seen."""
        places = {end: self.outward(end) for end in ends}
        looked = self._look(places, overflow) if ends else None
        if looked is None:
            return {}
        only_single = [
            self.row(end, place)
            for end in ends
            for place, double, single in zip(places[end], looked[end].double, looked[end].single, strict=True)
            if double and not single
        ]
        fine = Finite._fields.index("single" if only_single and not self.answers(only_single) else "double")
        # an end that is finite again beyond an overflow is left to `bisected`
        waiting = [end for end in ends if sorted(looked[end][fine], reverse=True) == looked[end][fine]]
        last = {end: self.start[end.column] for end in waiting}
        first: dict[End, int | None] = dict.fromkeys(waiting)  # the first place that is not fine
        near = {end: self._proportional(end, places[end], looked[end], fine) for end in waiting}
        guesses: dict[End, Last] = {}
        while waiting and looked is not None:
            gaps: dict[End, int] = {}
            for end in waiting:
                good = [*looked[end][fine], False].index(False)
                last[end], first[end] = [last[end], *places[end]][good], [*places[end], first[end]][good]
                beyond = first[end]
                gaps[end] = 0 if beyond is None else beyond - last[end]
            guesses |= {end: None if first[end] is None else last[end] for end, gap in gaps.items() if abs(gap) <= 1}
            waiting = [end for end in waiting if end not in guesses]
            parts = max(4, _ROWS_A_LOOK // max(1, len(waiting)))
            places = {}
            for end in waiting:
                around = [place + end.sign * k for place in near.pop(end, []) for k in range(-_NEAR, _NEAR + 1)]
                inside = [place for place in around if 0 < (place - last[end]) * end.sign < abs(gaps[end])]
                evenly = (last[end] + gaps[end] * k // parts for k in range(1, parts))
                places[end] = inside or list(dict.fromkeys(evenly))
            looked = self._look(places, overflow) if waiting else None
        return guesses

    def _proportional(self, end: End, places: list[int], found: Finite, fine: int) -> list[int]:
        """The place where what is passed on would overflow if it grew in proportion, as it does behind scalers."""
        good = [*found[fine], False].index(False)
        line, most = self.lines[end.column], (LARGEST, FLOAT32)[fine]
        if not good or not found.size[good - 1]:
            return []
        grown = line.at(places[good - 1]) * (most / found.size[good - 1])
        return [line.place(grown)] if math.isfinite(grown) else []

    def _look(self, places: Mapping[End, list[int]], overflow: Overflow) -> dict[End, Finite] | None:
        """Which of these places overflow inside the model."""
        finite = overflow(
            [Variant(self.base, {}), *(self.row(end, place) for end, each in places.items() for place in each)]
        )
        if finite is None:
            return None
        stops = list(itertools.accumulate((len(each) for each in places.values()), initial=1))
        return {
            end: Finite(*(kind[start:stop].tolist() for kind in finite))
            for end, (start, stop) in zip(places, itertools.pairwise(stops), strict=True)
        }

    def bisected(self, ends: Sequence[End]) -> dict[End, Last]:
        """The ends one after the other; what is found for one is tried for the others first."""
        found: dict[End, Last] = {}
        waiting = list(ends)
        while waiting:
            leader = waiting.pop(0)
            last = found[leader] = self._last(leader)
            for sign in (leader.sign, -leader.sign):
                guess = last if last is None or sign == leader.sign else -last
                alike = [end for end in waiting if end.sign == sign and self._may_end(end, leader, guess)]
                borne_out = self.confirmed(dict.fromkeys(alike[:1], guess))
                if borne_out:  # one is asked for all of its sign
                    borne_out |= self.confirmed(dict.fromkeys(alike[1:], guess))
                found |= borne_out
                waiting = [end for end in waiting if end not in borne_out]
        return found

    def _may_end(self, end: End, leader: End, last: Last) -> bool:
        same = self.lines[end.column] == self.lines[leader.column]
        return same and (last is None or (last - self.start[end.column]) * end.sign >= 0)

    def _last(self, end: End) -> Last:
        """By bisection, with the numbers tried first at which functions and casts end: zero, and float32's largest."""
        line, places = self.lines[end.column], self.outward(end)
        answered = accepted([[self.row(end, place)] for place in places], self.answers)
        if all(answered):
            return None
        first = answered.index(False)
        if any(answered[first:]):
            self.notes.append(
                f'column "{end.column}": the model refuses {line.at(places[first])} and answers numbers beyond it; the'
                f" contract is the range around {line.at(self.start[end.column])}"
            )
        last, beyond = places[first - 1] if first else self.start[end.column], places[first]
        tried = [end.sign * line.place(FLOAT32), 0, -end.sign] if not line.whole else [0, end.sign]
        for place in [near for guess in tried for near in (guess, guess + end.sign)]:
            if 0 < (place - last) * end.sign < (beyond - last) * end.sign:
                if self.answers([self.row(end, place)]):
                    last = place
                else:
                    beyond = place
        while abs(beyond - last) > 1:
            middle = (last + beyond) // 2
            if self.answers([self.row(end, middle)]):
                last = middle
            else:
                beyond = middle
        return last


def _worded(line: Line, sign: int, last: int) -> dict[str, float]:
    """An end at its last number, or open at the first refused one where that is shorter: above 0, not from 5e-324."""
    end, beyond = line.at(last), line.at(last + sign)
    name = "minimum" if sign < 0 else "maximum"
    if not line.whole and 2 * len(repr(beyond)) <= len(repr(end)):
        return {f"exclusive_{name}": beyond}
    return {name: end}
