"""The reference's answers on one batch, and the rows that it does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.contract import Answers, Row

Answer = Callable[[list[Row]], Answers]

#: So many refused rows are named one by one; beyond them, parts of at most so many rows are left out whole.
_ENOUGH, _PART = 40, 8


@dataclass(frozen=True, eq=False)
class Reference:
    """answers for the rows `kept` (indices), as one batch; `refused` are rows that the reference refuses."""

    answers: Answers
    kept: list[int]
    refused: list[int]


def ask(answer: Answer, rows: Sequence[Row]) -> Reference:
    """Answers for all rows that can be answered, as one batch.

    A batch with one refused row is refused whole, so the culprits are found by halving. Where they are many (a contract
    that allows what the model refuses), the question is not worth an answer for each: after some, what is refused
    together is left out together, neither kept nor named.

    Raises:
        InputError: every single row is refused.
    """
    try:
        return Reference(answer(list(rows)), list(range(len(rows))), [])
    except InputError as err:
        refused: set[int] = set()
        out: set[int] = set()
        _refused_by_halving(answer, list(rows), 0, refused, out)
        kept = [i for i in range(len(rows)) if i not in refused and i not in out]
        if not kept:
            raise InputError(f"the model refuses every row, the last with: {err}") from err
        return Reference(answer([rows[i] for i in kept]), kept, sorted(refused))


def nested(array: np.ndarray[Any, Any]) -> Any:
    """An output as nested lists of float, int, bool or str."""
    return array.tolist()


def _refused_by_halving(answer: Answer, rows: list[Row], offset: int, refused: set[int], out: set[int]) -> None:
    """Adds single refused rows to `refused`, until there are enough, and then whole refused parts to `out`."""
    try:
        answer(rows)
    except InputError:
        if len(rows) == 1:
            refused.add(offset)
        elif len(refused) >= _ENOUGH and len(rows) <= _PART:
            out.update(range(offset, offset + len(rows)))
        else:
            half = len(rows) // 2
            _refused_by_halving(answer, rows[:half], offset, refused, out)
            _refused_by_halving(answer, rows[half:], offset + half, refused, out)
