"""Rows whose answer jumps when the last bits of what a tree, a threshold or a bin is given change.

Logarithms, powers and sums end in other last bits from one processor, and one release of numpy, to the next (numpy's
own vectorised logarithm is allowed 4 ulp), and in ours. Behind such a step a row that lies on a threshold to the last
bit has no answer of its own. Columns that no such step has touched are exact, and rows on their thresholds count.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.last_bits import rounding_step
from isoship.sources.sklearn.parts import held

Array = np.ndarray[Any, Any]

#: How far a rounded number is moved, in units of the last place of what it was computed from.
_ULPS = 8
#: Up to so many columns are moved one by one, and so many times all of them together.
_MOVES = 24
#: How often a step is asked how far the last bits of its input move its answer.
_WOBBLES = 3
#: How the names of kernels and samplers end, whose columns are sums or cosines of sums.
_OF_SUMS = ("Nystroem", "Sampler", "KernelPCA", "PCA", "ICA", "SVD")
_THRESHOLDS = frozenset({"Binarizer", "KBinsDiscretizer"})
_TREES = ("estimators_", "tree_", "_predictors", "_Booster", "booster_", "_object")
#: From here on a step up may leave what a tree takes, which is float32's range; and no threshold lies there.
_HUGE = 1e30
_EXACT = -1.0
#: The normal quantile's rounding, as an offset: its slope is steep at both ends.
_NORMAL = 1e3
#: Steps that give each column of theirs back in its place.
_IN_PLACE = ("MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler")


def jumping(estimator: Any, methods: list[str], frame: Any) -> Array | None:
    """bool [N]: rows that a jump behind rounded columns answers otherwise a few ulp away; None without such a jump.

    The jump is the first step with trees, or with thresholds of its own, behind a step that rounds.
    """
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    if not hasattr(estimator, "steps"):
        return None
    every = [step for _, step in estimator.steps if step is not None and not isinstance(step, str)]
    place = next((i for i, step in enumerate(every) if _jumps(step) and any(map(rounding_step, every[:i]))), None)
    if place is None:
        return None
    steps = every[:place]
    # a frame lacks the columns that the model drops, and its steps count them
    size = np.full(max(frame.shape[1], getattr(estimator, "n_features_in_", 0)), _EXACT)
    noise: Array | None = None
    for step in steps:
        after = step.transform(frame)
        noise = _noise(step, frame, after, noise)
        size = _sizes(step, size, after.shape[1])
        frame = after
    if hasattr(frame, "toarray"):
        return None
    last = every[-1] if place == len(every) - 1 else estimator[-(len(every) - place) :]
    here = [_plain(getattr(last, method)(frame)) for method in methods]
    found = np.zeros(frame.shape[0], bool)
    for move in _moves(size != _EXACT):
        moved = _moved(frame, move, size, noise)
        for method, answer in zip(methods, here, strict=True):
            found |= _differs(answer, _plain(getattr(last, method)(moved)))
    return found


def _jumps(step: Any) -> bool:
    return _has_trees(step) or held(step, _THRESHOLDS)


def _noise(step: Any, frame: Any, after: Any, noise: Array | None) -> Array | None:
    """How far the last bits of what a step is given move what it answers, [N, width]; None where nothing moves.

    Sums of a kernel or a projection lose more than a few ulp of their result where their terms cancel.
    """
    if noise is None and not rounding_step(step):
        return None
    if hasattr(frame, "toarray") or hasattr(after, "toarray"):
        return None
    dtypes = frame.dtypes if hasattr(frame, "dtypes") else [frame.dtype]
    if not all(getattr(dtype, "kind", "O") in "fiu" for dtype in np.atleast_1d(dtypes)):
        return noise if noise is not None and noise.shape == after.shape else None
    values = _plain(after).astype(np.float64)
    found = np.zeros(values.shape)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=(_WOBBLES, frame.shape[1]))
    for move in signs:
        try:
            moved = step.transform(_moved(frame, move, np.zeros(frame.shape[1]), noise))
        except ValueError:  # over the end of what the step takes
            continue
        apart = np.abs(_plain(moved) - values)
        found = np.maximum(found, np.where(np.isfinite(apart), apart, 0.0))
    if rounding_step(step) and type(step).__name__.endswith(_OF_SUMS):
        # a row whose terms cancel has their error, which is that of the column's other rows
        sizes = np.where(np.isfinite(values) & (np.abs(values) < _HUGE), np.abs(values), 0.0)
        found += _ULPS * np.finfo(np.float64).eps * sizes.max(axis=0, initial=0.0)
    return found


def _moves(rounded: Array) -> list[Array]:
    """-1, 0 or 1 for each column: the rounded ones up and down, each alone where they are few, and all together.

    A row can lie on thresholds of several columns, of which each hides what the others would do.
    """
    places = np.flatnonzero(rounded)
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], size=(_MOVES, len(rounded)))
    together = list(np.where(rounded, drawn, 0.0))
    if len(places) > _MOVES:
        return together
    alone = np.eye(len(rounded))[places]
    return [*alone, *-alone, *together]


def _has_trees(model: Any) -> bool:
    return any(hasattr(model, name) for name in _TREES)


def _sizes(step: Any, size: Array, width: int) -> Array:
    """What the columns of a step were computed from, beside themselves: their offset in their own units; or _EXACT.

    size: of the columns that it is given.
    """
    name = type(step).__name__
    if name == "ColumnTransformer":
        made = np.full(width, _EXACT)
        for key, transformer, _ in step.transformers_:
            place = step.output_indices_.get(key, slice(0, 0))
            given = size[list(step._transformer_to_input_indices.get(key, ()))]
            count = len(range(*place.indices(width)))
            if isinstance(transformer, str) or not count:
                made[place] = given[:count] if len(given) == count else given.max(initial=_EXACT)
            else:
                made[place] = _sizes(transformer, given, count)
        return made
    if hasattr(step, "steps"):
        for _, inner in step.steps:
            if inner is not None and not isinstance(inner, str):
                size = _sizes(inner, size, width if inner is step.steps[-1][1] else _width(inner, len(size)))
        return size
    if name == "QuantileTransformer":
        return np.full(width, _NORMAL)
    if rounding_step(step):
        return np.full(width, 0.0) + _offset(getattr(step, "_scaler", None), width)
    if hasattr(step, "get_support"):
        return np.asarray(size[step.get_support()])
    if name in _IN_PLACE and width == len(size):
        return np.asarray(np.where(size == _EXACT, _EXACT, size + _offset(step, width)))
    return np.full(width, size.max(initial=_EXACT))


def _offset(scaler: Any, width: int) -> Array:
    """What a scaler takes away, in units of what it leaves."""
    mean, scale = getattr(scaler, "mean_", None), getattr(scaler, "scale_", None)
    if mean is None or len(mean) != width:
        return np.zeros(width)
    return np.asarray(np.abs(mean) / (1.0 if scale is None else np.abs(scale)))


def _width(step: Any, given: int) -> int:
    try:
        return len(step.get_feature_names_out([f"x{i}" for i in range(given)]))
    except (AttributeError, ValueError):
        return given


def _moved(frame: Any, move: Array, size: Array, noise: Array | None = None) -> Any:
    values = frame.to_numpy() if hasattr(frame, "to_numpy") else np.asarray(frame)
    if values.dtype == object or not hasattr(frame, "iloc"):
        values = np.asarray(values, np.float64)
    step = _ULPS * np.finfo(np.float64).eps * (np.abs(values) + np.maximum(size, 0.0)) * move
    if noise is not None:
        step = step + noise * move
    step = np.where(np.abs(values) < _HUGE, step, 0.0)
    if not hasattr(frame, "iloc"):
        return values + step
    moved = frame.copy()
    for i in np.flatnonzero(move):
        moved.isetitem(i, values[:, i] + step[:, i])
    return moved


def _plain(answer: Any) -> Array:
    parts = answer if isinstance(answer, list) else [answer]
    dense = [part.toarray() if hasattr(part, "toarray") else np.asarray(part) for part in parts]
    return np.concatenate([part.reshape(len(part), -1) for part in dense], axis=1)


def _differs(one: Array, other: Array) -> Array:
    if one.dtype.kind != "f":
        return np.asarray((one != other).any(axis=1))
    return np.asarray((np.abs(one - other) > 1e-9 * (1 + np.abs(one))).any(axis=1))
