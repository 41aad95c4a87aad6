"""Columns of which a model tells no more apart than its boundaries, or its categories: everything else is alike to it.

What a form may say of a column without being wrong. The whole graph is asked, so that it holds for every kind of model.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.rows.columns import Array
from isoship.rows.probe import FloatArray, Probe
from isoship.rows.profile import ColumnProfile
from isoship.rows.values import ordinary_rows, within
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import onnx

#: Rows around which a column is moved: what it says may depend on the others.
_ROWS = 8
#: A table wider than that has a form that nobody fills by hand.
_MOST_COLUMNS = 200
#: How far outside, in spans: next to the boundary, where a slope shows, and beyond what a kernel reaches.
_FAR = (0.0, 0.01, 0.3, 3.0, 100.0)
_UNSEEN = ("isoship-unseen", "alpha", "the quick brown fox")


def with_what_is_alike(
    model: onnx.ModelProto, signature: Signature, profiles: Mapping[str, ColumnProfile]
) -> dict[str, ColumnProfile]:
    """The profiles with `bounded` and `enumerated` as the graph's own outputs show them."""
    sides = {name: _outside(profile) for name, profile in profiles.items()}
    others = {name: _unseen(profile) for name, profile in profiles.items()}
    groups = [(name, group) for name in profiles for group in (*sides[name], others[name]) if len(group) > 1]
    if not groups or len(profiles) > _MOST_COLUMNS:
        return dict(profiles)
    alike = _alike(model, signature, profiles, groups)
    return {
        name: replace(
            profile,
            bounded=bool(sides[name]) and all(alike.get((name, side), True) for side in sides[name]),
            enumerated=alike.get((name, others[name]), False),
        )
        for name, profile in profiles.items()
    }


def _outside(profile: ColumnProfile) -> list[tuple[Any, ...]]:
    """Values up to the first boundary, and values beyond the last; the contract may leave one, or none."""
    ends = profile.boundaries[np.abs(profile.boundaries) < 1e100]
    if profile.dtype not in ("double", "int64") or profile.closed or len(ends) == 0:
        return []
    first, last = float(ends[0]), float(ends[-1])
    span = last - first or max(1.0, abs(first))
    after = last + 1 if profile.dtype == "int64" else float(np.nextafter(last, np.inf))
    return [
        tuple(dict.fromkeys(v for v in (within(first - far * span, profile) for far in _FAR) if v <= first)),
        tuple(dict.fromkeys(v for v in (within(after + far * span, profile) for far in _FAR) if v > last)),
    ]


def _unseen(profile: ColumnProfile) -> tuple[Any, ...]:
    """Values that are no categories, of a column that takes them: two categories in one text are a third text."""
    if profile.closed or len(profile.categories) == 0 or profile.dtype == "bool":
        return ()
    if profile.dtype == "string":
        first, last = str(profile.categories[0]), str(profile.categories[-1])
        tried: Sequence[Any] = (*_UNSEEN, f"{first} {last}")
    else:
        known: FloatArray = np.array([float(c) for c in profile.categories if not isinstance(c, str)])
        between = (np.sort(known)[1:] + np.sort(known)[:-1]) / 2
        outside = (known.min() - 1, known.min() - 1000, known.max() + 1, known.max() + 1000)
        tried = [within(float(v), profile) for v in (*outside, *between[:50].tolist())]
    return tuple(dict.fromkeys(v for v in tried if v not in profile.categories))


def _alike(
    model: onnx.ModelProto,
    signature: Signature,
    profiles: Mapping[str, ColumnProfile],
    groups: Sequence[tuple[str, tuple[Any, ...]]],
) -> dict[tuple[str, tuple[Any, ...]], bool]:
    """Whether the model answers all values of a group as it answers the first, whatever the other columns are."""
    outputs = [output.name for output in model.graph.output]
    probe = Probe(model, signature, outputs)
    around = list(itertools.islice(ordinary_rows(profiles, np.random.default_rng(0)), _ROWS))
    rows = [{**row, name: value} for name, group in groups for row in around for value in group]
    columns = {name: np.array([row[name] for row in rows], dtype=probe.base[name].dtype) for name in profiles}
    found: list[list[Array]] = [got for _, got in probe.pieces(outputs, columns)]
    answers = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    alike: dict[tuple[str, tuple[Any, ...]], bool] = {}
    start = 0
    for name, group in groups:
        stop = start + _ROWS * len(group)
        alike[name, group] = all(_constant(got[start:stop].reshape(_ROWS, len(group), -1)) for got in answers)
        start = stop
    return alike


def _constant(answers: Array) -> bool:
    """[rows, values, K]: every value of a row is answered as its first one is."""
    first = answers[:, :1]
    return not bool(np.any((answers != first) & ~((answers != answers) & (first != first))))
