"""What each step of a fitted model is given: recorded while the model answers, and varied for the trace.

Whether a step sees a table or an array, of which names and types, is the model's own to say.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Given:
    """What a step is given. table: a DataFrame or an array.

    sometimes_whole: the columns, by place, that hold integers in one batch and numbers in another: pandas makes
    integers of `map({"a": 1})` where it finds every key, and numbers where one is missing.
    alike: it was given tables of the same columns every time.
    """

    table: Any
    sometimes_whole: frozenset[int] = frozenset()
    alike: bool = True

    def as_numbers(self, places: frozenset[int]) -> Given:
        """The same with integers in these columns as numbers, which they may be in another batch."""
        table, more = self.table, places - self.sometimes_whole
        if not more:
            return self
        if hasattr(table, "iloc"):
            table = table.copy()
            for place in more:
                if table.dtypes.iloc[place].kind == "i":
                    table.isetitem(place, table.iloc[:, place].astype(np.float64))
        elif table.dtype.kind == "i":
            table = table.astype(np.float64)
        return replace(self, table=table, sometimes_whole=self.sometimes_whole | places)


#: Step by its id -> (the step, what it was given). Steps may be equal to others, or have no hash.
_GIVEN: dict[int, tuple[Callable[[], Any], Given]] = {}
#: Numbers of rows that no dimension of a model has by chance; each variation has one of its own.
ROWS = (211, 2_003, 227, 229, 233)

_WILD = (np.nan, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, np.inf, -np.inf, 1e300, -1e300, 1e-300, 5e-324, 0.1,
         24.0, 100.0, 1e15 + 0.5, -1e9, 7.0)  # fmt: skip
_TAME = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 24.0, 100.0, -7.0, 6.0, 12.0, 3.14159, 1e6)
_POSITIVE = (0.5, 1.0, 2.0, 3.0, 0.25, 10.0, 100.0, 17.0, 64.5, 0.1, 33.3, 1e4)
_WHOLE = (0, 1, -1, 2, -2, 3, 7, -7, 18, 65, 24, 100, -100, 2**31, -(2**31), 2**53, -(2**53))
_WHOLE_TAME = (0, 1, -1, 2, 3, 5, 7, 18, 24, 65, 100)


def remember(steps: Sequence[Any], ask: Callable[[], Any]) -> None:
    """Asks the model, and remembers what each of these steps is given."""
    with _recorded(steps) as heard:
        ask()
    for step in steps:
        if id(step) in heard:
            keep(step, _merged(heard[id(step)]))


def keep(step: Any, given: Given) -> None:
    """Remembers what a step is given, for as long as it lives."""
    if given_to(step) is None:
        weakref.finalize(step, _GIVEN.pop, id(step), None)
    _GIVEN[id(step)] = (weakref.ref(step), given)


def given_to(step: Any) -> Given | None:
    """What the step was given; None where nobody asked."""
    known = _GIVEN.get(id(step))
    return known[1] if known is not None and known[0]() is step else None


def _merged(tables: Sequence[Any]) -> Given:
    """The table of the most rows, with what the others say of its types."""
    table = max(tables, key=lambda each: each.shape[0])
    if any(_columns(each) != _columns(table) for each in tables):
        return Given(table, alike=False)
    kinds = [set(found) for found in zip(*map(_kinds, tables), strict=True)]
    return Given(table).as_numbers(frozenset(i for i, found in enumerate(kinds) if {"i", "f"} <= found))


def _columns(table: Any) -> Any:
    return list(table.columns) if hasattr(table, "columns") else (type(table).__name__, table.shape[1:])


def _kinds(table: Any) -> list[str]:
    """Of each column, the letter of its type where numpy holds it."""
    dtypes = table.dtypes if hasattr(table, "columns") else [table.dtype] * (*table.shape, 1)[1]
    return [getattr(dtype, "kind", "") for dtype in dtypes]


@contextmanager
def _recorded(steps: Sequence[Any]) -> Iterator[dict[int, list[Any]]]:
    heard: dict[int, list[Any]] = {}
    changed: list[tuple[Any, Any]] = []
    try:
        for step in steps:
            changed.append((step, step.__dict__.get("transform")))
            step.__dict__["transform"] = _recording(step, step.transform, heard)
        yield heard
    finally:
        for step, before in reversed(changed):
            if before is None:
                step.__dict__.pop("transform", None)
            else:
                step.__dict__["transform"] = before


def _recording(step: Any, original: Callable[..., Any], heard: dict[int, list[Any]]) -> Callable[..., Any]:
    """Keeps a table of each kind, by columns and types, with the most rows: they are asked one by one, too."""

    def transform(frame: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(frame, "dtype") or hasattr(frame, "dtypes"):
            looks = (_columns(frame), _kinds(frame))
            known = heard.setdefault(id(step), [])
            same = next((i for i, each in enumerate(known) if (_columns(each), _kinds(each)) == looks), None)
            if same is None:
                known.append(frame.copy())
            elif known[same].shape[0] < frame.shape[0]:
                known[same] = frame.copy()
        return original(frame, *args, **kwargs)

    return transform


def variations(table: Any) -> Iterator[Any]:
    """Tables like this one: its own rows, twice, and rows of edges, from the wildest that the step may be asked.

    table: a DataFrame or an array of two dimensions.
    """
    yield _long(table, ROWS[0])
    yield _long(table, ROWS[1])
    for rows, numbers, whole in zip(
        ROWS[2:], (_WILD, _TAME, _POSITIVE), (_WHOLE, _WHOLE_TAME, _WHOLE_TAME), strict=True
    ):
        yield _changed(_long(table, rows), numbers, whole)


def _long(table: Any, rows: int) -> Any:
    places = np.arange(rows) % len(table)
    if hasattr(table, "iloc"):
        return table.iloc[places].reset_index(drop=True)
    taken = table[places]
    return np.asfortranarray(taken) if table.flags.f_contiguous and not table.flags.c_contiguous else taken


def _changed(table: Any, numbers: Sequence[float], whole: Sequence[int]) -> Any:
    if not hasattr(table, "iloc"):
        changed = table.copy(order="K")
        for i in range(table.shape[1]):
            changed[:, i] = _column(table[:, i], i, numbers, whole)
        return changed
    changed = table.copy()
    for i in range(table.shape[1]):
        if isinstance(table.dtypes.iloc[i], np.dtype) or str(table.dtypes.iloc[i]) == "str":
            changed.isetitem(i, _series(table.iloc[:, i], i, numbers, whole))
    return changed


def _series(column: Any, place: int, numbers: Sequence[float], whole: Sequence[int]) -> Any:
    import pandas as pd

    return pd.Series(_column(column.to_numpy(), place, numbers, whole), dtype=column.dtype, index=column.index)


def _column(values: Array, place: int, numbers: Sequence[float], whole: Sequence[int]) -> Array:
    """Edges of the type of these values, each column from another one on."""
    at = np.arange(len(values)) * (2 * place + 1) + 3 * place
    kind = values.dtype.kind
    if kind == "f":
        return np.resize(np.array(numbers, values.dtype), 997)[at % len(numbers)]
    if kind in "iu":
        known = np.iinfo(values.dtype)
        return np.array([min(max(each, known.min), known.max) for each in whole], values.dtype)[at % len(whole)]
    if kind == "b":
        return np.asarray(at % 2 == 0)
    texts = [each for each in dict.fromkeys(values.tolist()) if isinstance(each, str)]
    if kind != "O" or not texts or not all(isinstance(each, str) or each is None or each != each for each in values):
        return values
    gone = [each for each in values.tolist() if not isinstance(each, str)][:1]
    pool = [*texts, "isoship", "", *gone]
    return np.array(pool, object)[at % len(pool)]
