"""Which of many things a model refuses, by as few questions as it takes.

A refusal is one exception for a whole batch. Group testing (Dorfman 1943) asks for many at once and halves a group that
is refused; it is sound because one refused row refuses its batch, and because rows are answered each on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isoship.sources.contract import Row

#: Whether the model answers all of these rows.
Asked = Callable[[list[Row]], bool]


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
