"""What each step inside a fitted model answers while the model answers: the source's own results, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.truth.answers import as_array, ask
from isoship.sources.sklearn.truth.in_place import in_place
from isoship.sources.sklearn.walk.registry import record_of

Array = np.ndarray[Any, Any]


def step_answers(model: Any, methods: Sequence[str], frame: Any, steps: Sequence[Any]) -> list[dict[str, Array]]:
    """For each of the steps, method -> what it answered while the model was asked for these methods.

    A method that was not asked is left out, and so is one that answered in two ways: the step stands in two places.
    Of several targets, `predict_proba_0` is the first one's.

    Raises:
        InputError: the model refuses the rows.
    """
    listeners = {id(step): _Listener(step) for step in steps}
    heard = list(listeners.values())
    with in_place([each.step for each in heard], heard):
        for method in methods:
            ask(model, method, frame)
    return [listeners[id(step)].settled() for step in steps]


class _Listener:
    def __init__(self, step: Any) -> None:
        self.step = step
        self.answers: dict[str, Array] = {}
        self.unsettled: set[str] = set()

    def answer(self, original: Callable[..., Any], frame: Any, *args: Any, **kwargs: Any) -> Any:
        """In the place of the step's own method."""
        after = original(frame, *args, **kwargs)
        if not args and not kwargs:  # with more it is another question, such as LightGBM's for raw scores
            method = getattr(original, "__name__", "")
            for i, each in enumerate(after if isinstance(after, list) else [after]):
                self._note(f"{method}_{i}" if isinstance(after, list) else method, method, each, frame)
        return after

    def _note(self, name: str, method: str, answer: Any, frame: Any) -> None:
        answer = as_array(answer)
        tidy = record_of(self.step).tidy
        if tidy is not None:
            answer = tidy(method, answer, frame.shape[0] if hasattr(frame, "shape") else len(frame))
        known = self.answers.setdefault(name, answer)
        if known.shape != answer.shape or not np.array_equal(known.astype(str), answer.astype(str)):
            self.unsettled.add(name)

    def settled(self) -> dict[str, Array]:
        return {name: answer for name, answer in self.answers.items() if name not in self.unsettled}
