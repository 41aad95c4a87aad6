"""Many rows put to a model a piece at a time: 4,096 rows or four million values, so that memory has a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from isoship.sources.contract import Row, Variant
from isoship.sources.sklearn.contract.overflow import Finite

_ROWS, _VALUES = 4096, 2**22


def pieces(rows: list[Row]) -> Iterator[list[Row]]:
    """Runs of the rows, in order; nothing for none."""
    first = rows[0] if rows else {}
    columns = len(first.base if isinstance(first, Variant) else first)
    size = max(64, min(_ROWS, _VALUES // max(1, columns)))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def look_in_pieces(look: Callable[[list[Row]], Finite | None], rows: list[Row]) -> Finite | None:
    """What a look at rows tells, which compares each with the first: that one leads every piece."""
    found: list[Finite] = []
    for piece in pieces(rows[1:]) if len(rows) > 1 else [[]]:
        told = look([rows[0], *piece])
        if told is None:
            return None
        found.append(told if not found else Finite(told.double[1:], told.single[1:], told.size[1:]))
    double, single, size = (np.concatenate(kinds) for kinds in zip(*found, strict=True))
    return Finite(double, single, size)
