"""Few rows that stand for many: chosen one by one, each the one that brings most of what those before it did not."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

import numpy as np

from isoship.rows.for_check import RowSet
from isoship.rows.profile import ColumnProfile

#: What a row brings: its kind, its label, its categories, its missing columns, its boundaries' sides.
Brought = set[tuple[Any, ...]]


def covering(
    pool: RowSet,
    labels: np.ndarray[Any, Any] | None,
    profiles: Mapping[str, ColumnProfile],
    *,
    most: int,
    least: int = 0,
) -> list[int]:
    """Places of rows that bring together what all rows of a pool bring, or as much of it as `most` rows can.

    labels: of every row, where the model answers with labels. least: so many rows stand in the answer, where there are
    so many, whether or not they bring anything. The places ascend; the same pool has the same answer.
    """
    brings = _brings(pool, labels, profiles)
    chosen: list[int] = []
    covered: Brought = set()
    # what a row brings only shrinks: a row that brings what it brought when it was looked at last is the best one
    waiting = [(-len(has), i) for i, has in enumerate(brings)]
    heapq.heapify(waiting)
    while waiting and len(chosen) < most:
        known, i = heapq.heappop(waiting)
        fresh = len(brings[i] - covered)
        if fresh < -known:
            heapq.heappush(waiting, (-fresh, i))
            continue
        if not fresh and len(chosen) >= min(least, most):
            break
        chosen.append(i)
        covered |= brings[i]
    return sorted(chosen)


def labels_of(outputs: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any] | None:
    """The first output that is a label a row."""
    return next((a for a in outputs.values() if a.ndim == 1 and a.dtype.kind != "f"), None)


def _brings(pool: RowSet, labels: np.ndarray[Any, Any] | None, profiles: Mapping[str, ColumnProfile]) -> list[Brought]:
    brings: list[Brought] = [{("kind", kind)} for kind in pool.kinds]
    if labels is not None:
        for has, kind, label in zip(brings, pool.kinds, labels.tolist(), strict=True):
            has |= {("label", label), ("kind and label", kind, label)}
    for name, p in profiles.items():
        values = [row[name] for row in pool.rows]
        there = [i for i, value in enumerate(values) if value is not None]
        for i in set(range(len(values))) - set(there):
            brings[i].add(("missing", name))
        if p.categories and p.dtype == "string":
            for i in there:
                brings[i].add(("category", name, values[i] if values[i] in p.categories else "another"))
        elif len(p.boundaries):
            # between which boundaries a value lies: together these are the branches that the row takes
            sides = np.searchsorted(p.boundaries, np.array([values[i] for i in there], np.float64))
            for i, side in zip(there, sides.tolist(), strict=True):
                brings[i].add(("interval", name, side))
    return brings
