"""Reads a canonical graph: which categories each column has, and at which raw values the model changes its mind.

It needs `model.onnx` and the signature alone, so that `check` can use it without the source model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.rows.categories import candidates, category_lookups
from isoship.rows.form import form_for, to_three_digits
from isoship.rows.outside import with_what_is_alike
from isoship.rows.periods import angle_boundaries, angle_tensors, in_first_periods
from isoship.rows.probe import FloatArray, Probe, Thresholds
from isoship.rows.profile import ColumnProfile
from isoship.rows.thresholds import (
    Graph,
    centred_tensors,
    comparison_results,
    comparison_thresholds,
    scaled_tensors,
    split_thresholds,
    thresholds_at,
)
from isoship_edge.manifest import Column, Scalar, Signature

if TYPE_CHECKING:
    import onnx

__all__ = ["ColumnProfile", "column_profiles", "form_for"]

#: More splits than this of all tensors are thinned evenly: a check asks at most some thousand of them, and bisecting
#: them all would cost minutes.
_MOST_THRESHOLDS = 20_000
_NONE: FloatArray = np.empty(0)
#: One feature that crosses says how a column is scaled; a kernel's differences from thousands of points all say so.
_MOST_FEATURES = 32


def column_profiles(model: onnx.ModelProto, signature: Signature) -> dict[str, ColumnProfile]:
    """What the fitted model knows about each column.

    model: a canonical graph. Each threshold of a feature that depends on one numeric column alone is carried back to
    the raw column by bisection over the doubles, with the graph's own prefix in onnxruntime as the oracle.
    An export asks twice, for golden rows and for its check; the last graph's profiles are kept.
    """
    import hashlib

    key = (hashlib.sha256(model.SerializeToString(deterministic=True)).digest(), signature)
    found = _last.get(key)
    if found is None:
        found = with_what_is_alike(model, signature, _profiles(model, signature))
        _last.clear()
        _last[key] = found
    return dict(found)


#: Model and signature -> profiles, of the last model alone.
_last: dict[tuple[bytes, Signature], dict[str, ColumnProfile]] = {}


def _profiles(model: onnx.ModelProto, signature: Signature) -> dict[str, ColumnProfile]:
    graph = Graph(model)
    possible = candidates(graph, signature)
    splits = _thinned(split_thresholds(graph))
    scaled, centred, compared = scaled_tensors(graph), centred_tensors(graph), comparison_results(graph)
    lookups = list(category_lookups(graph))
    angles = angle_tensors(graph)
    features = [s.tensor for s in splits] + scaled + centred + compared + angles
    wanted = features + [answer for _, answer, _ in lookups]
    if not wanted:
        return {c.name: _profile(c, (), [], {}, _NONE, saturates=False) for c in signature.columns}
    probe = Probe(model, signature, list(dict.fromkeys(wanted)))

    numeric = [c.name for c in signature.columns if c.dtype in ("double", "int64")]
    text = {c.name: ["isoship", *map(str, possible[c.name])] for c in signature.columns if c.dtype == "string"}
    tensors = list(dict.fromkeys(features))
    owners = {tensor: probe.only_column(tensor, numeric, text) for tensor in tensors}
    widths = {tensor: len(owner) for tensor, owner in owners.items()}

    at_angles = angle_boundaries(probe, angles, owners, numeric)
    boundaries: dict[str, list[float]] = {name: [] for name in numeric}
    for thresholds in [*splits, *comparison_thresholds(graph, widths)]:
        for name, _threshold, value in _crossings(probe, thresholds, owners, numeric, at_angles):
            boundaries[name].append(value)
    spread: dict[str, dict[str, float]] = {name: {} for name in numeric}
    for tensor in [*scaled, *centred]:
        _read_scale(probe, tensor, owners, spread, unit=tensor in scaled)
    _read_imputed(probe, signature.columns, scaled, owners, spread)
    saturates = bool(splits) and {s.tensor for s in splits} >= set(scaled)
    categories = _categories(probe, signature, possible, lookups, graph)
    return {
        c.name: _profile(
            c,
            categories[c.name],
            boundaries.get(c.name, []),
            spread.get(c.name, {}),
            at_angles.get(c.name, _NONE),
            saturates=saturates,
        )
        for c in signature.columns
    }


def _crossings(
    probe: Probe,
    thresholds: Thresholds,
    owners: dict[str, list[str | None]],
    numeric: list[str],
    at_angles: Mapping[str, FloatArray] | None = None,
) -> list[tuple[str, int, float]]:
    """(column, number of the threshold, last raw value on the near side) for each crossing by a numeric column."""
    owner = owners[thresholds.tensor]
    owner_of = [name if (name := owner[k]) in numeric else None for k in thresholds.feature.tolist()]
    which, at = probe.crossings(owner_of, thresholds, at_angles)
    if at_angles:
        kept = in_first_periods(owner_of, at_angles, which, at)
        which, at = which[kept], at[kept]
    return [(str(owner_of[k]), k, value) for k, value in zip(which.tolist(), at.tolist(), strict=True)]


def _read_scale(
    probe: Probe,
    tensor: str,
    owners: dict[str, list[str | None]],
    spread: dict[str, dict[str, float]],
    *,
    unit: bool,
) -> None:
    """Where scaled features are -1, 0 and 1 in raw units (`unit`), or where differences are 0."""
    mine = _places(owners[tensor])
    features = sorted(k for name in spread for k in mine.get(name, [])[:_MOST_FEATURES])
    thresholds = thresholds_at(tensor, features, (-1.0, 0.0, 1.0) if unit else (0.0,))
    for name, k, value in _crossings(probe, thresholds, owners, list(spread)):
        spread[name].setdefault(f"{thresholds.value[k]:+.0f}" if unit else "centre", value)


def _read_imputed(
    probe: Probe,
    columns: Sequence[Column],
    scaled: list[str],
    owners: dict[str, list[str | None]],
    spread: dict[str, dict[str, float]],
) -> None:
    """The raw value that stands in for a missing one in each column, as far as the features show it."""
    names = [c.name for c in columns if c.missing and c.dtype == "double"]
    for tensor in scaled if names else []:
        # a feature depends on its own column alone, so that all columns may be missing in one row
        (at_missing,) = probe.values(tensor, {name: np.array([np.nan]) for name in names}).astype(np.float64)
        can = set(names)
        known = [
            (k, float(at_missing[k]))
            for k, owner in enumerate(owners[tensor])
            if owner in can and np.isfinite(at_missing[k])
        ]
        thresholds = Thresholds(
            tensor,
            np.array([k for k, _ in known], dtype=np.int64),
            np.array([v for _, v in known], dtype=np.float64),
            np.ones(len(known), dtype=bool),
        )
        for name, _k, value in _crossings(probe, thresholds, owners, names):
            spread[name].setdefault("imputed", value)


def _categories(
    probe: Probe,
    signature: Signature,
    possible: dict[str, list[Scalar]],
    lookups: list[tuple[str, str, list[Scalar]]],
    graph: Graph,
) -> dict[str, tuple[Scalar, ...]]:
    """Those candidates that change what some encoder answers; all of them where a column is alone with its encoder."""
    asked: dict[str, Any] = {}
    for column in signature.columns:
        if column.categories is None and possible[column.name]:
            other: Any = "isoship-unseen" if column.dtype == "string" else -(2**52) + 1
            kind: Any = object if column.dtype == "string" else probe.base[column.name].dtype
            asked[column.name] = np.array([other, *possible[column.name]], dtype=kind)
    distinguished = {name: np.zeros(len(values), dtype=bool) for name, values in asked.items()}
    inputs = {c.name: {"X", c.tensor} for c in signature.columns}
    near = {
        answer: {name: each for name, each in asked.items() if graph.upstream[tensor] & inputs[name]}
        for tensor, answer, _constants in lookups
    }
    owners = {answer: probe.owners(answer, tried) for answer, tried in near.items()}
    for answer in _note_distinguished(probe, asked, owners, distinguished):
        first = np.empty((1, 0))
        for name, start, got in probe.one_column_at_a_time(answer, near[answer]):
            if start == 0:
                first = got[:1].copy()
            distinguished[name][start : start + len(got)] |= np.any(got != first, axis=1)
    known = {c.name: c.categories or () for c in signature.columns}
    return known | {
        name: tuple(value for value, moves in zip(possible[name], found[1:].tolist(), strict=True) if moves)
        for name, found in distinguished.items()
    }


def _places(owners: Sequence[str | None]) -> dict[str | None, list[int]]:
    """The features of each owner."""
    places: dict[str | None, list[int]] = {}
    for k, owner in enumerate(owners):
        places.setdefault(owner, []).append(k)
    return places


def _note_distinguished(
    probe: Probe, asked: Mapping[str, Any], owners: Mapping[str, list[str | None]], distinguished: Mapping[str, Any]
) -> set[str]:
    """Notes which values move the features of their column, all columns in the same rows; the answers of which some
    feature depends on several columns are left, and returned."""
    columns = {name: each for name, each in asked.items() if any(name in owner for owner in owners.values())}
    longest = max(map(len, columns.values()), default=0)
    rows = {name: np.resize(each, longest) for name, each in columns.items()}
    mine = {
        answer: {name: [k for k, o in enumerate(owner) if o == name] for name in {*owner}}
        for answer, owner in owners.items()
    }
    left: set[str] = set()
    first: list[Any] = []
    for start, found in probe.pieces([*owners], rows) if rows else ():
        first = first or [got[:1].copy() for got in found]
        for (answer, features), at, got in zip(mine.items(), first, found, strict=True):
            moves = got != at
            for name, places in features.items():
                if name is None:
                    left |= {answer} if np.any(moves[:, places]) else set()
                    continue
                count = max(0, len(asked[name]) - start)
                distinguished[name][start : start + count] |= np.any(moves[:count, places], axis=1)
    return left


def _profile(
    column: Column,
    categories: tuple[Scalar, ...],
    boundaries: list[float],
    spread: dict[str, float],
    at_angles: FloatArray,
    *,
    saturates: bool,
) -> ColumnProfile:
    found = np.unique(np.array(boundaries, dtype=np.float64))
    *known, fitted = _range(np.union1d(found, at_angles), spread, categories)
    low, high, typical = _accepted(column, *known)
    return ColumnProfile(
        name=column.name,
        dtype=column.dtype,
        missing=column.missing,
        infinity=column.infinity,
        categories=categories,
        closed=column.categories is not None,
        boundaries=found,
        angle_boundaries=at_angles,
        low=low,
        high=high,
        typical=typical,
        fitted=fitted,
        lowest=column.lowest,
        highest=column.highest,
        saturates=saturates,
    )


def _accepted(column: Column, low: float, high: float, typical: float) -> tuple[float, float, float]:
    """The part of a range that the contract accepts, or a range at its end where there is none."""
    width = high - low
    if low >= column.highest:
        low = column.highest - width
    elif high <= column.lowest:
        high = column.lowest + width
    low, high = max(low, column.lowest), min(high, column.highest)
    inside = column.lowest < typical < column.highest
    return low, high, typical if inside else to_three_digits((low + high) / 2, high - low)


def _range(
    boundaries: FloatArray, spread: dict[str, float], categories: tuple[Scalar, ...]
) -> tuple[float, float, float, bool]:
    """Low, high and typical: from boundaries, from a scaler, from numeric categories, else a guess."""
    usable = boundaries[np.abs(boundaries) < 1e100]
    numbers = [float(c) for c in categories if not isinstance(c, str)]
    if len(usable):
        low, high, typical = float(usable[0]), float(usable[-1]), float(usable[len(usable) // 2])
        beyond = 0.05 * (high - low) or max(1.0, 0.1 * abs(low))
        low, high = low - beyond, high + beyond
    elif {"-1", "+1"} <= spread.keys() and abs(spread["+1"] - spread["-1"]) > 0:
        half = abs(spread["+1"] - spread["-1"]) / 2
        typical = spread.get("+0", (spread["+1"] + spread["-1"]) / 2)
        low, high = typical - 3 * half, typical + 3 * half
    elif numbers:
        low, high, typical = min(numbers), max(numbers), numbers[0]
    elif "centre" in spread:
        typical = spread["centre"]
        low, high = typical - max(1.0, abs(typical)), typical + max(1.0, abs(typical))
    else:
        return -3.0, 3.0, 0.0, False
    if "imputed" in spread and low <= spread["imputed"] <= high:
        typical = spread["imputed"]
    return low, high, to_three_digits(typical, high - low), True


def _thinned(splits: Sequence[Thresholds]) -> list[Thresholds]:
    """At most so many in all, each feature's first and last among them: they are its range."""
    total = sum(len(thresholds.feature) for thresholds in splits)
    if total <= _MOST_THRESHOLDS:
        return list(splits)
    thinned = []
    for thresholds in splits:
        count = len(thresholds.feature)
        spread = np.linspace(0, count - 1, _MOST_THRESHOLDS * count // total).astype(np.int64)
        changes = np.flatnonzero(np.diff(thresholds.feature))
        keep = np.unique(np.concatenate([spread, changes, changes + 1]))
        feature, value, strict = thresholds.feature[keep], thresholds.value[keep], thresholds.strict[keep]
        thinned.append(Thresholds(thresholds.tensor, feature, value, strict))
    return thinned
