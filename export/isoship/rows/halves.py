"""Which one column each feature depends on, found with few rows: columns change by halves and not one by one.

Column number 5 of 8 is binary 101: it changes with the half of 1, then with that of 0, then with that of 1. A feature
that moves with one half and not with its complement, for every bit, spells the number of its column. A feature that
moves with both depends on several columns.

A feature that moves where two of three columns change spells a number as well, perhaps of a column that it does not
read. So each column has a second number, drawn by lot, and both must be spelled. 600 columns take 40 rows for each
value that is tried, instead of 600.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

IntArray = np.ndarray[Any, np.dtype[np.int64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]


class HalvingPlan:
    """A plan of rows over columns of which each has some values to try, and what moved in which row.

    counts: how many values each column has. Row 0 is the base row, in which nothing is changed; the k-th values of all
    columns share rows. rows: how many there are.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self._count = np.array(counts, dtype=np.int64)
        width = max(1, (len(counts) - 1).bit_length())
        #: the two numbers of each column, one behind the other
        lot = np.random.default_rng(0).permutation(len(counts))
        self._codes = {int(k | int(other) << width): k for k, other in enumerate(lot)}
        self._numbers = [*self._codes]
        self._bits = 2 * width
        #: those with values left come first
        self._rank = np.argsort(np.argsort(-self._count, kind="stable"), kind="stable")
        longest = max(counts, default=0)
        alive = np.array([int(np.sum(self._count > turn)) for turn in range(longest)], dtype=np.int64)
        #: where few columns are left, each changes alone
        self._alone = alive <= 2 * self._bits
        starts = np.cumsum([1, *np.where(self._alone, alive, 2 * self._bits).tolist()])
        self._start, self.rows = starts[:-1], int(starts[-1])
        #: the halves in which a row's features move: [rows, bits, side]
        self._says = np.zeros((self.rows, self._bits, 2), dtype=bool)
        self._moved: BoolArray = np.zeros((0, self._bits, 2), dtype=bool)
        for k in range(len(counts)):
            rows, turns = self.changed(k)
            sides = self._sides(k)
            alone = self._alone[turns]
            self._says[rows[alone, None], np.arange(self._bits), sides] = True
        for turn in np.flatnonzero(~self._alone).tolist():
            halves = self._start[turn] + np.arange(2 * self._bits)
            self._says[halves, np.arange(2 * self._bits) // 2, np.arange(2 * self._bits) % 2] = True

    def changed(self, column: int) -> tuple[IntArray, IntArray]:
        """The rows in which a column is changed, and which of its values each of them holds."""
        turns = np.arange(self._count[column])
        alone = self._alone[turns]
        halves = turns[~alone]
        in_halves = self._start[halves, None] + 2 * np.arange(self._bits) + self._sides(column)
        rows = np.concatenate([self._start[turns[alone]] + self._rank[column], in_halves.ravel()])
        return rows, np.concatenate([turns[alone], np.repeat(halves, self._bits)])

    def _sides(self, column: int) -> IntArray:
        return (self._numbers[column] >> np.arange(self._bits)) & 1

    def note(self, start: int, moves: BoolArray) -> None:
        """moves: bool [R, K], which features differ from the base row's in the rows from `start` on."""
        if not len(self._moved):
            self._moved = np.zeros((moves.shape[1], self._bits, 2), dtype=bool)
        says = self._says[start : start + len(moves)]
        for bit in range(self._bits):
            for side in (0, 1):
                self._moved[:, bit, side] |= np.any(moves[says[:, bit, side]], axis=0)

    def found(self) -> list[int | None]:
        """For each feature the number of its one column, or None."""
        one = self._moved[:, :, 1]
        sure = np.all(self._moved[:, :, 0] != one, axis=1)
        number = one @ (1 << np.arange(self._bits))
        return [self._codes.get(k) if ok else None for k, ok in zip(number.tolist(), sure.tolist(), strict=True)]
