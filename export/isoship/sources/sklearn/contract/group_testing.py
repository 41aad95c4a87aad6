"""Which of many things a model refuses, by as few questions as it takes.

A refusal is one exception for a whole batch. Group testing (Dorfman 1943) asks for many at once and halves a group that
is refused. It is sound because one refused row refuses its batch, and because a row is answered the same in any
batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from isoship.sources.contract import Row

#: For each of these rows, whether the model may answer it; None where that cannot be told.
Guess = Callable[[list[Row]], Sequence[bool] | None]


class Asked(Protocol):
    """Whether the model answers all of these rows; `each`: the same of several groups of them, each by itself."""

    def __call__(self, rows: list[Row], /) -> bool: ...

    def each(self, groups: Sequence[list[Row]], /) -> list[bool]: ...


def accepted(groups: Sequence[list[Row]], answers: Asked, *, likely: bool = True) -> list[bool]:
    """For each group of rows, whether the model answers all of it.

    likely: begin with all of them at once. One question if the model answers every group; about one a group where it
    refuses most, since columns are mostly alike; about 2 log2(N) a refused one where it refuses few of N.
    """
    found: list[bool] = []
    size, suspect = (
        len(groups) if likely else 1,
        0,
    )  # the groups from len(found) to suspect are known to hold a refused one
    while len(found) < len(groups):
        here = len(found)
        if suspect - here == 1:
            found.append(False)
            continue
        stop = min(here + size, suspect - 1 if suspect > here else len(groups), len(groups))
        if answers([row for rows in groups[here:stop] for row in rows]):
            found += [True] * (stop - here)
            size *= 2
        else:
            suspect, size = stop, max(1, (stop - here) // 2) if here else 1
    return found


#: How many refusals that a guess told are put to the model, from the first to the last.
_PROVEN = 8


def accepted_by_guess(groups: Sequence[list[Row]], answers: Asked, guess: Guess, *, likely: bool = True) -> list[bool]:
    """The same where a guess tells rows apart in one question: what it calls answered is asked together, and of what it
    calls refused so many that a wrong guess shows; then, and where there is no guess, all are asked as ever.

    A question costs the time of every column, and a table of 600 has 400 refusals.
    """
    if len(groups) <= 2 * _PROVEN:
        return accepted(groups, answers, likely=likely)
    if answers([row for rows in groups for row in rows]):
        return [True] * len(groups)
    told = guess([row for rows in groups for row in rows])
    if told is None:
        return accepted(groups, answers, likely=likely)
    rest = iter(told)
    found = [all(list(islice(rest, len(rows)))) for rows in groups]
    fine = [row for rows, ok in zip(groups, found, strict=True) if ok for row in rows]
    refused = [rows for rows, ok in zip(groups, found, strict=True) if not ok]
    some = [refused[i * (len(refused) - 1) // (_PROVEN - 1)] for i in range(_PROVEN)] if refused else []
    if (fine and not answers(fine)) or any(answers.each(some)):
        return accepted(groups, answers, likely=likely)
    return found
