"""A row that the model answers, from which the input contract is asked one column at a time.

A row of the sample as it came is the best one. Its missing values are filled where the model answers the filled row as
well, because a column whose value is missing says nothing of what the column takes. A sample may hold no row that the
model answers. Then each column gets a fitted or typical value of its own.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from isoship.sources.contract import Row
from isoship.sources.sklearn.contract.group_testing import Asked
from isoship.sources.sklearn.walk.fitted import Known
from isoship_edge.manifest import Column

#: So many rows of the sample are tried as they came.
_TRIED = 20


def base_row(
    columns: Sequence[Column], rows: Sequence[Row], known: Mapping[str, list[Known]], answers: Asked
) -> Row | None:
    """A row that the model answers, with as few missing values as it can have; None where none was found.

    rows: those of the sample, or none. known: what fitted steps know of a column.
    """
    if not rows:
        made = (fitted_row(columns, known, number) for number in (0.0, 1.0, 0.5))
        return next((row for row in made if answers([row])), None)
    typical = {c.name: _typical(c, [row[c.name] for row in rows], known.get(c.name, ())) for c in columns}
    fullest = sorted(rows, key=lambda row: sum(value is None for value in row.values()))
    for row in fullest[:_TRIED]:
        if answers([row]):
            return _filled(row, typical, answers)
    return typical if answers([typical]) else None


def fitted_row(columns: Sequence[Column], known: Mapping[str, list[Known]], number: float = 0.5) -> Row:
    """A row out of fitted categories, and `number` where a column has none."""
    return {c.name: _made_up(c.dtype, number, known.get(c.name, ())) for c in columns}


def _filled(row: Row, typical: Row, answers: Asked) -> Row:
    gaps = [name for name, value in row.items() if value is None]
    whole = {**row, **{name: typical[name] for name in gaps}}
    if not gaps or answers([whole]):
        return whole
    for name in gaps:
        filled = {**row, name: typical[name]}
        if answers([filled]):
            row = filled
    return row


def _typical(column: Column, values: Sequence[Any], known: Sequence[Known]) -> Any:
    """The middle number or the most frequent other value of the sample; one that is fitted where others are refused."""
    held = [value for value in values if value is not None]
    accepted = _fitted(known)
    closed = [value for value in held if value in accepted] if accepted else held
    if not closed:
        return _made_up(column.dtype, 0.0, known)
    if column.dtype in ("double", "int64"):
        return statistics.median_low(closed)
    return Counter(closed).most_common(1)[0][0]


def _fitted(known: Sequence[Known]) -> list[Any]:
    """What all encoders of a column know."""
    every = [[value for value in each.categories if value is not None] for each in known]
    return [value for value in every[0] if all(value in other for other in every[1:])] if every else []


def _made_up(dtype: str, number: float, known: Sequence[Known]) -> Any:
    values = _fitted(known) or [value for each in known for value in each.categories if value is not None]
    if values:
        return values[0] if dtype != "double" else float(values[0])
    return {"double": number, "int64": int(number), "bool": bool(number), "string": "a"}[dtype]
