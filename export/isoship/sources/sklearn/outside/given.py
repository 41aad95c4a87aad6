"""What a step inside a fitted model is given, and what it answers: the model is asked, and the step overheard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.frames import plain
from isoship.sources.sklearn.truth.answers import as_array, ask
from isoship.sources.sklearn.truth.in_place import in_place
from isoship.sources.sklearn.walk.frame import NUMPY, Frame, width_of
from isoship_edge.manifest import MISSING_STRING

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Given:
    """frame: rows as they reach the step (DataFrame, array, sparse matrix). answers: method -> [N] or [N, K]."""

    frame: Any
    answers: dict[str, Array]

    def __len__(self) -> int:
        return int(self.frame.shape[0])

    def names(self, estimator: Any, width: int) -> list[str] | None:
        """The names of its columns; None where it is given an array."""
        found = self.frame.columns if hasattr(self.frame, "columns") else getattr(estimator, "feature_names_in_", ())
        return [str(name) for name in found] if len(found) == width else None

    def feeds(self, blocks: Frame) -> dict[str, Array] | None:
        """The rows as the tensors of these blocks; None where the step sees other columns than the graph has."""
        table = self.frame.toarray() if hasattr(self.frame, "toarray") else self.frame
        if getattr(table, "ndim", 0) != 2 or table.shape[1] != width_of(blocks):
            return None
        columns = (
            [table.iloc[:, i] for i in range(table.shape[1])] if hasattr(table, "iloc") else list(np.asarray(table).T)
        )
        feeds, start = {}, 0
        for block in blocks:
            stop = start + (block.width or 0)
            if stop > start:
                try:
                    typed = [tensor(each.tolist(), block.dtype) for each in columns[start:stop]]
                except (TypeError, ValueError):
                    return None
                feeds[block.name] = np.column_stack(typed)
            start = stop
        return feeds


def tensor(values: Iterable[Any], dtype: str) -> Array:
    """Values as a graph has them: NaN for a missing number, `MISSING_STRING` for a missing text."""
    held = [plain(value) for value in values]
    if dtype == "string":
        return np.array([MISSING_STRING if value is None else str(value) for value in held], object)
    return np.array([np.nan if value is None else value for value in held], NUMPY[dtype])


class _Overheard:
    """The first answer of each method to so many rows."""

    def __init__(self, rows: int) -> None:
        self.rows, self.frame = rows, None
        self.answers: dict[str, Any] = {}

    def answer(self, original: Callable[..., Any], frame: Any, *args: Any, **kwargs: Any) -> Any:
        """In the place of the step's own method."""
        kept = frame.copy() if hasattr(frame, "copy") else frame  # a step may write into what it is given
        found = original(frame, *args, **kwargs)
        name = getattr(original, "__name__", "")
        if getattr(kept, "shape", (0,))[0] == self.rows and name not in self.answers:
            self.frame = kept if self.frame is None else self.frame
            self.answers[name] = as_array(found)
        return found


def given_to(step: Any, model: Any, methods: Iterable[str], frame: Any) -> Given | None:
    """None where the model does not ask the step for these rows, or refuses them."""
    heard = _Overheard(frame.shape[0])
    if not hasattr(step, "__dict__"):
        return None
    with in_place([step], [heard]):
        try:
            for method in methods:
                ask(model, method, frame)
        except InputError:
            return None
    return None if heard.frame is None else Given(heard.frame, heard.answers)
