"""Answers of the reference on one batch, and which rows it would not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.contract import Answers, Row

Answer = Callable[[list[Row]], Answers]


@dataclass(frozen=True, eq=False)
class Reference:
    """answers for the rows `kept` (indices), as one batch; `refused` are the rows that the reference refuses."""

    answers: Answers
    kept: list[int]
    refused: list[int]


def ask(answer: Answer, rows: Sequence[Row]) -> Reference:
    """Answers for all rows that can be answered, as one batch.

    A batch with one refused row is refused whole, so the culprits are found by halving.

    Raises:
        InputError: every single row is refused.
    """
    try:
        return Reference(answer(list(rows)), list(range(len(rows))), [])
    except InputError as err:
        refused = _culprits(answer, list(rows), 0)
        kept = [i for i in range(len(rows)) if i not in refused]
        if not kept:
            raise InputError(f"the model refuses every row, the last with: {err}") from err
        return Reference(answer([rows[i] for i in kept]), kept, sorted(refused))


def nested(array: np.ndarray[Any, Any]) -> Any:
    """An output as nested lists of float, int, bool or str."""
    return array.tolist()


def _culprits(answer: Answer, rows: list[Row], offset: int) -> set[int]:
    try:
        answer(rows)
    except InputError:
        if len(rows) == 1:
            return {offset}
        half = len(rows) // 2
        return _culprits(answer, rows[:half], offset) | _culprits(answer, rows[half:], offset + half)
    return set()
