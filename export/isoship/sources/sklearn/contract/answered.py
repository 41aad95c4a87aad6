"""Whether a model answers rows: the question that the whole input contract is made of.

A refusal is one exception for a whole batch, so that telling rows apart takes many questions. Each question costs what
the steps before the last one take. Where those steps take all rows, they work once, and the last step is asked group by
group.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.contract import Row
from isoship.sources.sklearn.contract.pieces import pieces
from isoship.sources.sklearn.truth.answers import LABELS, ask, ask_each, before_last


class Answered:
    """A model, the methods it is asked by, and how rows become its frame."""

    def __init__(self, model: Any, methods: Sequence[str], frame: Callable[[list[Row]], Any]) -> None:
        self._model, self._methods, self._frame = model, methods, frame

    def __call__(self, rows: list[Row]) -> bool:
        """The model answers all of these rows."""
        try:
            for piece in pieces(rows):
                ask_each(self._model, self._methods, self._frame(piece))
        except InputError:
            return False
        return True

    def each(self, groups: Sequence[list[Row]]) -> list[bool]:
        """For each group of rows, whether the model answers all of it; to be asked about few rows, as one batch."""
        last, passed = self._passed_on([row for rows in groups for row in rows])
        if passed is None:
            return [self(rows) for rows in groups]
        stops = list(itertools.accumulate((len(rows) for rows in groups), initial=0))
        return [self._answers(last, passed[start:stop]) for start, stop in itertools.pairwise(stops)]

    def _passed_on(self, rows: list[Row]) -> tuple[Any, Any]:
        """The last step and what reaches it; None where a step before it refuses a row, or cannot be told apart."""
        if not rows or not LABELS.issuperset(self._methods):
            return None, None
        try:
            last, passed = before_last(self._model, self._frame(rows))
        except InputError:
            return None, None
        if hasattr(passed, "tocsr"):
            passed = passed.tocsr()
        fits = (type(passed) is np.ndarray or hasattr(passed, "tocsr")) and passed.shape[0] == len(rows)
        return (last, passed) if fits else (None, None)

    def _answers(self, last: Any, passed: Any) -> bool:
        try:
            for method in self._methods:
                ask(last, method, passed.copy())
        except InputError:
            return False
        return True
