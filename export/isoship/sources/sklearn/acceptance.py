"""The input contract by experiment: what the source model answers, and what it refuses.

One row that the model answers is changed in one column at a time: a missing value, an infinity, huge numbers, an
unseen category. Whether the model then raises is the truth, whatever estimators it is made of.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from isoship.sources.contract import Row
from isoship.sources.sklearn.fitted import Known
from isoship_edge.manifest import Column, Signature

#: The largest double that does not become infinite as a float32, which scikit-learn's trees refuse.
_FLOAT32 = math.nextafter(3.4028235677973366e38, 0.0)
_FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
_HUGE = float(np.finfo(np.float64).max)

Answers = Callable[[list[Row]], bool]


def contract_of(
    signature: Signature, base: Row, known: dict[str, list[Known]], scales: dict[str, float], answers: Answers
) -> tuple[Signature, list[str]]:
    """The signature with `missing`, `infinity`, `limit` and `categories` set, and notes.

    base: a row that the model answers. known: what encoders know of a column. scales: what scalers divide it by.
    answers: whether the model answers all these rows.
    """
    notes: list[str] = []
    doubles = [c.name for c in signature.columns if c.dtype == "double"]
    strings = [c.name for c in signature.columns if c.dtype == "string"]
    missing = _accepting([*doubles, *strings], base, answers, lambda _name: [None])
    coded = [c.name for c in signature.columns if c.dtype != "bool" and (c.dtype == "string" or known.get(c.name))]
    open_ended = _accepting(coded, base, answers, lambda name: [unseen(known.get(name, ()), base[name])])
    free = [name for name in doubles if name not in coded or name in open_ended]
    infinity = _accepting(free, base, answers, lambda _name: [math.inf, -math.inf])
    limits = _limits(free, base, scales, answers, notes)
    columns = []
    for column in signature.columns:
        categories = None
        if column.name in coded and column.name not in open_ended:
            categories = _accepted_categories(column, known.get(column.name, ()), base, answers, notes)
        columns.append(
            column._replace(
                missing=column.name in missing,
                infinity=column.name in infinity,
                limit=limits.get(column.name),
                categories=categories,
            )
        )
    return signature._replace(columns=tuple(columns)), notes


def lightened(estimator: Any) -> Any:
    """An estimator that refuses what this one refuses and answers faster: forests keep one tree."""
    if hasattr(estimator, "steps"):
        light = copy.copy(estimator)
        name, last = estimator.steps[-1]
        light.steps = [*estimator.steps[:-1], (name, lightened(last))]
        return light
    if type(estimator).__name__ in _FORESTS:
        light = copy.copy(estimator)
        light.estimators_ = estimator.estimators_[:1]
        return light
    return estimator


def unseen(known: Sequence[Known], like: Any) -> Any:
    """A value of the same type that no encoder of the column knows."""
    seen = {value for each in known for value in each.categories if value is not None}
    if isinstance(like, str):
        candidate = "unseen category"
        while candidate in seen:
            candidate += "?"
        return candidate
    largest = max((float(v) for v in seen if not isinstance(v, str)), default=0.0)
    return type(like)(math.floor(largest) + 1)


def _accepting(names: Sequence[str], base: Row, answers: Answers, values: Callable[[str], list[Any]]) -> set[str]:
    """The columns in which the model answers for all of these values: one question if it does for every column."""
    rows = {name: [{**base, name: value} for value in values(name)] for name in names}
    if not rows or answers([row for each in rows.values() for row in each]):
        return set(names)
    return {name for name, each in rows.items() if answers(each)}


def _limits(
    names: Sequence[str], base: Row, scales: dict[str, float], answers: Answers, notes: list[str]
) -> dict[str, float]:
    """The largest accepted magnitude of each column that has one."""

    def accepts(name: str, size: float) -> bool:
        return answers([{**base, name: size}, {**base, name: -size}])

    limited = [name for name in names if name not in _accepting(names, base, answers, lambda _name: [_HUGE, -_HUGE])]
    # the most likely limit: float32's largest number times what scalers divide by
    likely = {name: _FLOAT32 * scales[name] * (1 - 1e-6) if name in scales else _FLOAT32 for name in limited}
    below = _accepting(limited, base, answers, lambda name: [likely[name], -likely[name]])
    limits: dict[str, float] = {}
    for name in limited:
        over = likely[name] * (1 + 2e-6) if name in scales else math.nextafter(_FLOAT32, math.inf)
        if name in below and not accepts(name, over):
            limits[name] = likely[name]
        elif accepts(name, 1.0):
            limits[name] = _bisected(partial(accepts, name))
        else:
            notes.append(f'column "{name}": the model refuses ordinary numbers such as -1.0; the shipped forms cannot')
    return limits


def _bisected(accepts: Callable[[float], bool]) -> float:
    """A limit in steps of 1/8 of its power of two, on the accepted side.

    The search starts at float32's largest power of two and gallops: what is scaled before the cast is near it.
    """
    step, low, high = 1, 0, 1023
    power = 127
    upwards = accepts(2.0**power)
    while 0 < power < 1023:
        if accepts(2.0**power) != upwards:
            break
        low, high = (power, high) if upwards else (low, power)
        power, step = power + (step if upwards else -step), step * 2
    power = min(max(power, 0), 1023)
    low, high = (low, power) if upwards else (power, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if accepts(2.0**middle) else (low, middle)
    eighths = next(n for n in range(15, 7, -1) if n == 8 or accepts(math.ldexp(n, low - 3)))
    return math.ldexp(eighths, low - 3)


def _accepted_categories(
    column: Column, known: Sequence[Known], base: Row, answers: Answers, notes: list[str]
) -> tuple[Any, ...] | None:
    strict = [[v for v in each.categories if v is not None] for each in known if each.refuses_others]
    candidates = [v for v in strict[0] if all(v in other for other in strict[1:])] if strict else []
    if column.dtype == "double":
        candidates = [float(v) for v in candidates if not isinstance(v, str)]
    rows = [{**base, column.name: value} for value in candidates]
    if rows and not answers(rows):
        candidates = [v for v, row in zip(candidates, rows, strict=True) if answers([row])]
    if not candidates:
        notes.append(f'column "{column.name}": the model refuses unseen values, and which it knows could not be found')
        return None
    return tuple(candidates)
