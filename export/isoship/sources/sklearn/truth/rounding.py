"""Rows on which a model's own rounding is larger than 1e-9 of its answer: another processor gives another answer.

Each bound is computed from the row, beside its converter (`Record.lost`): how large the terms are that scikit-learn
adds and takes from each other, in units of the last bit, and what is left of them. Models for which that is so on
ordinary rows are refused by their converters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.parts import holds, parts_with_rows
from isoship.sources.sklearn.walk.registry import Record, record_of

Array = np.ndarray[Any, Any]

EPS = float(np.finfo(np.float64).eps)
TOLERANCE = 1e-9


def has_bound(record: Record) -> bool:
    """The estimators with a bound."""
    return record.lost is not None


def lost(model: Any, frame: Any, outputs: frozenset[str]) -> Array | None:
    """bool [N]: rows whose numbers are rounding error in some part of the model; None where none has a bound.

    outputs: those asked of the model.
    """
    if not holds(model, has_bound):
        return None
    found: Array | None = None
    for part, x in parts_with_rows(model, frame):
        bound = record_of(part).lost
        if bound is not None:
            x = x.toarray() if hasattr(x, "toarray") else x
            own = bound(part, np.asarray(x, np.float64), outputs if part is model else None)
            if own is not None:
                found = own if found is None else found | own
    return found


def distance_noise(squared: Array, size: Array, features: int) -> Array:
    """What the rounding of |x|^2 - 2 x.c + |c|^2 does to the distance; size: |x|^2 + |c|^2."""
    noise = square_noise(size, features)
    return np.asarray(np.minimum(noise / np.sqrt(squared), np.sqrt(noise)))


def square_noise(size: Any, features: int) -> Any:
    """The rounding error of |x|^2 - 2 x.c + |c|^2."""
    return (4.0 + features**0.5) * EPS * size


def shares_lost(scores: Array, noise: Array) -> Array:
    """bool [N]: rows whose softmax the noise of the scores moves by more than the tolerance."""
    top = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    gap = scores[rows, top][:, None] - scores
    both = noise + noise[rows, top][:, None]
    moved = both * np.exp(-np.maximum(gap - both, 0.0))
    moved[rows, top] = 0.0
    return np.asarray(~(moved <= TOLERANCE).all(axis=1))


def squared_distances(x: Array, points: Array) -> tuple[Array, Array]:
    """Squared distances by differences, and |x|^2 + |point|^2, both [N, K]."""
    squared = np.stack([((x - point) ** 2).sum(axis=1) for point in points], axis=1)
    return squared, (x**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)[None]
