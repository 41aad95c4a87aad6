"""Steps inside a fitted model that answer through something else for a while, which sees what they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

_METHODS = ("transform", "predict_proba", "decision_function", "predict", "score_samples")


class InPlace(Protocol):
    """Answers for a step."""

    def answer(self, original: Callable[..., Any], frame: Any, *args: Any, **kwargs: Any) -> Any:
        """In the place of the step's own method, which is `original`."""
        ...


@contextmanager
def in_place(steps: Sequence[Any], seen: Sequence[InPlace]) -> Iterator[None]:
    """The steps answer through these for a while."""
    changed: list[tuple[Any, str, Any]] = []
    try:
        for step, each in zip(steps, seen, strict=True):
            for method in _METHODS:
                original = getattr(step, method, None)
                if callable(original):
                    changed.append((step, method, step.__dict__.get(method)))
                    step.__dict__[method] = _through(each, original)
        yield
    finally:
        for step, method, before in reversed(changed):  # a step may stand in two places, and jump as well as round
            if before is None:
                del step.__dict__[method]
            else:
                step.__dict__[method] = before


def _through(each: InPlace, original: Callable[..., Any]) -> Callable[..., Any]:
    def answer(*args: Any, **kwargs: Any) -> Any:
        # by name a step asks itself, as LightGBM's predict asks for its scores
        return each.answer(original, *args, **kwargs) if args else original(**kwargs)

    return answer
