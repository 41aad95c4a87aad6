"""The input contract by experiment: what the source model answers, and what it refuses.

One row that the model answers is changed in one column at a time: a missing value, an infinity, huge numbers, an
unseen category. Whether the model then raises is the truth, whatever estimators it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from isoship.sources.contract import Row, Variant
from isoship.sources.sklearn.contract.group_testing import Asked, Guess, accepted, accepted_by_guess
from isoship.sources.sklearn.contract.joint_ranges import cut_to_joint_ranges
from isoship.sources.sklearn.contract.ranges import Overflow, guess_by_overflow, ranges_of
from isoship.sources.sklearn.walk.fitted import Known
from isoship_edge.manifest import Column, Signature


def contract_of(
    signature: Signature,
    base: Row,
    known: dict[str, list[Known]],
    answers: Asked,
    overflows: Sequence[Overflow],
    behind: Collection[str] = (),
) -> tuple[Signature, list[str]]:
    """The signature with `missing`, `infinity`, `categories` and the ends of ranges set, and notes.

    base: a row that the model answers. known: what encoders know of a column that they see as it came.
    behind: columns that reach an encoder with other values; their own have a range, as other numbers do.
    answers: whether the model answers all these rows. overflows: see `ranges_of`.
    """
    notes: list[str] = []
    dtypes = {c.name: c.dtype for c in signature.columns}
    doubles = [c.name for c in signature.columns if c.dtype == "double"]
    strings = [c.name for c in signature.columns if c.dtype == "string"]
    guess: Guess = partial(guess_by_overflow, overflows[-1]) if overflows else lambda _rows: None
    missing = _accepting(doubles, base, answers, lambda _name: [None], guess)
    missing |= _accepting(strings, base, answers, lambda _name: [None])
    closed = {
        name: any(each.refuses_others for each in every) or (bool(every) and name not in behind)
        for name, every in known.items()
    }
    coded = [c.name for c in signature.columns if c.dtype == "string" or (c.dtype != "bool" and closed.get(c.name))]
    open_ended = _accepting(coded, base, answers, lambda name: [unseen(known.get(name, ()), dtypes[name])])
    numbers = [c for c in signature.columns if c.dtype in ("double", "int64")]
    free = [c for c in numbers if c.name not in coded or c.name in open_ended]
    free_doubles = [c.name for c in free if c.dtype == "double"]
    infinity = _accepting(free_doubles, base, answers, lambda _name: [math.inf, -math.inf], guess)
    ranges = ranges_of(free, base, answers, overflows, notes)
    ranges = cut_to_joint_ranges([c for c in free if c.dtype == "double"], base, answers, ranges, notes)
    columns = []
    for column in signature.columns:
        categories = None
        if column.name in coded and column.name not in open_ended:
            categories = _accepted_categories(column, known.get(column.name, ()), base, answers, notes)
        changed: dict[str, Any] = {
            "missing": column.name in missing,
            "infinity": column.name in infinity,
            "categories": categories,
            **ranges.get(column.name, {}),
        }
        columns.append(column._replace(**changed))
    return signature._replace(columns=tuple(columns)), notes


def unseen(known: Sequence[Known], dtype: str) -> Any:
    """A value of a column's type that no encoder of the column knows."""
    seen = {value for each in known for value in each.categories if value is not None}
    if dtype == "string":
        candidate = "unseen category"
        while candidate in seen:
            candidate += "?"
        return candidate
    largest = max((float(v) for v in seen if not isinstance(v, str)), default=0.0)
    return (float if dtype == "double" else int)(math.floor(largest) + 1)


def _accepting(
    names: Sequence[str],
    base: Row,
    answers: Asked,
    values: Callable[[str], list[Any]],
    guess: Guess = lambda _rows: None,
) -> set[str]:
    """The columns in which the model answers for all of these values: one question if it does for every column."""
    rows: list[list[Row]] = [[Variant(base, {name: value}) for value in values(name)] for name in names]
    return {name for name, ok in zip(names, accepted_by_guess(rows, answers, guess), strict=True) if ok}


def _accepted_categories(
    column: Column, known: Sequence[Known], base: Row, answers: Asked, notes: list[str]
) -> tuple[Any, ...] | None:
    # an encoder that turns what it does not know into NaN refuses nothing itself: a step behind it does
    strict = [each for each in known if each.refuses_others] or known
    named = [value for each in strict for value in (*each.categories, *each.replaced) if value is not None]
    candidates = [value for value in dict.fromkeys(named) if isinstance(value, str) == (column.dtype == "string")]
    if column.dtype == "double":
        candidates = [float(value) for value in candidates]
    if column.dtype == "int64":  # an estimator outside may have made one array of integers and numbers
        candidates = [int(value) for value in candidates if float(value).is_integer()]
    answered = accepted([[Variant(base, {column.name: value})] for value in candidates], answers)
    candidates = [value for value, ok in zip(candidates, answered, strict=True) if ok]
    if not candidates:
        notes.append(f'column "{column.name}": the model refuses unseen values, and which it knows could not be found')
        return None
    return tuple(candidates)
