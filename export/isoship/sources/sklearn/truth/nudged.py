"""Rows whose answer changes when the last bits of rounded numbers inside a model do.

The fitted model itself is asked again, with what its rounding steps answer moved by a few ulp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources.sklearn.truth.answers import REFUSALS, as_array, ask
from isoship.sources.sklearn.truth.in_place import in_place
from isoship.sources.sklearn.truth.jumps import each_once, jumps_behind_rounding, refused
from isoship.sources.sklearn.walk.registry import record_of

Array = np.ndarray[Any, Any]

#: How far a rounded number is moved, in units of the last place of what it was computed from.
_ULPS = 8 * float(np.finfo(np.float64).eps)
#: Up to so many columns are moved one by one, and more of them so many times all together; few ones, less often.
_MOVES, _TOGETHER = 24, 8
#: How often a step is asked how far the last bits of its input move its answer.
_WOBBLES = 3
#: From here on a step up may leave what a tree takes, which is float32's range; and no threshold lies there.
_HUGE = 1e30


def jumping_rows(model: Any, methods: Sequence[str], frame: Any) -> Array | None:
    """bool [N]: rows that a jump behind rounded numbers answers otherwise a few ulp away; None without such a jump.

    Raises:
        InputError: the model refuses the rows.
    """
    jumps = jumps_behind_rounding(model)
    if not jumps:
        return None
    return changed_rows(model, methods, frame, each_once(step for jump in jumps for step in jump.rounding))


def refusal(model: Any, methods: Sequence[str], frame: Any) -> UnsupportedModelError:
    """Why one row that lies on a jump cannot be carried: the first step that answers it otherwise a few ulp away."""
    jumps = jumps_behind_rounding(model)
    heard = [_Heard() for _ in jumps]
    with in_place([jump.step for jump in jumps], heard):
        changed_rows(model, methods, frame, each_once(step for jump in jumps for step in jump.rounding))
    guilty = (jump for jump, each in zip(jumps, heard, strict=True) if each.changed)
    return refused(next(guilty, jumps[0]))


def changed_rows(model: Any, methods: Sequence[str], frame: Any, rounding: Sequence[Any]) -> Array:
    """bool [N]: rows that one of the methods answers otherwise when these steps inside the model are off by a few ulp.

    Raises:
        InputError: the model refuses the rows.
    """
    found = np.zeros(frame.shape[0], bool)
    for method in methods:
        seen = [_Nudge(step) for step in rounding]
        with in_place(rounding, seen):
            here = _plain(ask(model, method, frame))
            for move in _moves(sum(each.width for each in seen)):
                start = 0
                for each in seen:
                    each.restart(move[start : start + each.width])
                    start += each.width
                try:
                    found |= _differs(here, _plain(ask(model, method, frame)))
                except InputError:  # over the end of what a step takes
                    continue
    return found


class _Nudge:
    """What a step answers, moved; the first time as it is, and how far its last bits can be off is remembered.

    move: -1, 0 or 1 for each column that it answers.
    """

    def __init__(self, step: Any) -> None:
        self.step, self.width = step, 0
        self.move: Array | None = None
        self.noise: list[Array | None] = []
        self.calls = 0
        self.busy = False

    def restart(self, move: Array) -> None:
        """The next answers are moved by this."""
        self.move, self.calls = move, 0

    def answer(self, original: Callable[..., Any], frame: Any, *args: Any, **kwargs: Any) -> Any:
        """In the place of the step's own method."""
        if self.busy:  # predict asks for its own scores
            return original(frame, *args, **kwargs)
        self.busy = True
        try:
            after = original(frame, *args, **kwargs)
            if getattr(after, "ndim", 0) not in (1, 2) or not _kinds(after) <= {"f"}:
                return after  # labels
            if self.move is None:
                self.width = max(self.width, 1 if after.ndim == 1 else after.shape[1])
                self.noise.append(_noise(self.step, original, frame, after))
                return after
            noise = self.noise[self.calls] if self.calls < len(self.noise) else None
            self.calls += 1
            width = 1 if after.ndim == 1 else after.shape[1]
            return _moved(after, self.move[:width], _offset(self.step, width), noise)
        finally:
            self.busy = False


class _Heard:
    """Whether a step has answered one row in more than one way."""

    def __init__(self) -> None:
        self.first: dict[tuple[Any, ...], Array] = {}
        self.changed = False

    def answer(self, original: Callable[..., Any], frame: Any, *args: Any, **kwargs: Any) -> Any:
        """In the place of the step's own method."""
        after = original(frame, *args, **kwargs)
        plain = _plain([as_array(each) for each in after] if isinstance(after, list) else as_array(after))
        first = self.first.setdefault((getattr(original, "__name__", ""), plain.shape), plain)
        self.changed |= bool(_differs(first, plain).any())
        return after


def _moves(width: int) -> list[Array]:
    """-1, 0 or 1 for each rounded column: up and down, each alone where they are few, and all together.

    A row can lie on thresholds of several columns, of which each hides what the others would do.
    """
    together = list(np.random.default_rng(0).choice([-1.0, 1.0], size=(_MOVES, width)))
    if width > _MOVES:
        return together
    return [*np.eye(width), *-np.eye(width), *together[: _TOGETHER if width > 1 else 0]]


def _noise(step: Any, original: Callable[..., Any], frame: Any, after: Any) -> Array | None:
    """How far the last bits of what a step is given move what it answers, as wide as that; None where it is unknown.

    Sums of a kernel or a projection lose more than a few ulp of their result where their terms cancel. A function of
    one number does not: the sine of pi is as exact as that of 1, and a threshold at 0 tells noon from midnight.
    """
    if hasattr(after, "toarray") or isinstance(getattr(step, "func", None), np.ufunc):
        return None
    values = np.asarray(after, np.float64)
    found = np.zeros(values.shape)
    if getattr(frame, "ndim", 0) == 2 and _kinds(frame) <= {"f", "i", "u"}:
        for move in np.random.default_rng(1).choice([-1.0, 1.0], size=(_WOBBLES, frame.shape[1])):
            try:
                moved = original(_moved(frame, move, 0.0))
            except REFUSALS:  # over the end of what the step takes
                continue
            apart = np.abs(np.asarray(moved, np.float64) - values)
            found = np.maximum(found, np.where(np.isfinite(apart), apart, 0.0))
    if record_of(step).sums:
        # a row whose terms cancel has their error, which is that of the column's other rows
        sizes = np.where(np.isfinite(values) & (np.abs(values) < _HUGE), np.abs(values), 0.0)
        found += _ULPS * sizes.max(axis=0, initial=0.0)
    return found


def _offset(step: Any, width: int) -> Any:
    """What a step's numbers were computed from, beside themselves, in their own units."""
    own = record_of(step).offset
    if own:
        return own
    scaler = getattr(step, "_scaler", None)
    mean, scale = getattr(scaler, "mean_", None), getattr(scaler, "scale_", None)
    if mean is None or len(mean) != width:
        return 0.0
    return np.abs(mean) / (1.0 if scale is None else np.abs(scale))


def _moved(frame: Any, move: Array, offset: Any, noise: Array | None = None) -> Any:
    """Numbers a few ulp away. move: -1, 0 or 1 for each column. offset: added to their size."""
    if hasattr(frame, "tocsr"):
        moved = frame.tocsr().copy()
        moved.data = moved.data * (1.0 + _ULPS * move[moved.indices])
        return moved
    values = np.asarray(frame, np.float64)
    move = move if values.ndim == 2 else np.broadcast_to(move, values.shape)
    step = _ULPS * (np.abs(values) + offset) * move
    if noise is not None and noise.shape == values.shape:
        step = step + noise * move
    step = np.where(np.abs(values) < _HUGE, step, 0.0)
    if not hasattr(frame, "iloc") or values.ndim == 1:
        made = values + step
        return made.astype(frame.dtype) if frame.dtype == np.float32 else made  # what follows computes in float32
    moved = frame.copy()
    for i in np.flatnonzero(move):
        moved.isetitem(i, values[:, i] + step[:, i])
    return moved


def _kinds(frame: Any) -> set[str]:
    dtypes = frame.dtypes if hasattr(frame, "dtypes") else [frame.dtype]
    return {getattr(dtype, "kind", "O") for dtype in np.atleast_1d(dtypes)}


def _plain(answer: Any) -> Array:
    parts = answer if isinstance(answer, list) else [answer]
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


def _differs(one: Array, other: Array) -> Array:
    if one.dtype.kind != "f":
        return np.asarray((one != other).any(axis=1))
    return np.asarray((np.abs(one - other) > 1e-9 * (1 + np.abs(one))).any(axis=1))
