"""Where the rows of a check come from: made to break the model, each with the kind of trouble it stands for.

| kind | what |
|---|---|
| sample | rows of the user, and rows between two of them of different label; no report holds their values |
| ordinary | inside the fitted range |
| threshold | on each boundary and one ulp either side, in double and in float32 steps |
| path | down to each node of each tree, and there on both sides of its split |
| category, unseen | each fitted category; values that no encoder has met |
| missing | each column that accepts it, and all of them at once |
| extreme | zeros of both signs, denormals, the largest numbers the contract takes |
| far | ten and a thousand spans outside, where a model is smooth; for runtimes in doubles |
| boundary | two rows of different label, cut ever finer until nothing lies between them |
| integer | whole numbers and cents, which lie on midpoints more often than chance has it |
| text | strange strings |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.rows.branches import MOST_NODES
from isoship.rows.paths import Node, path_rows
from isoship.rows.probe import FloatArray
from isoship.rows.profile import ColumnProfile
from isoship.rows.values import (
    Rng,
    around_all,
    askable_boundaries,
    extremes,
    far,
    ordinary_rows,
    strange_strings,
    within,
)
from isoship.sources.contract import Row

KINDS = (
    "sample",
    "ordinary",
    "threshold",
    "path",
    "category",
    "unseen",
    "missing",
    "extreme",
    "far",
    "boundary",
    "integer",
    "text",
)

#: Parts of the budget; what a model has no use for goes to ordinary rows, the part of paths to thresholds.
_SHARES = {
    "sample": 0.15,
    "path": 0.30,
    "threshold": 0.15,
    "category": 0.08,
    "unseen": 0.05,
    "missing": 0.08,
    "extreme": 0.08,
    "far": 0.03,
    "boundary": 0.06,
    "integer": 0.06,
    "text": 0.04,
}
DEFAULT_BUDGET = 1500
_MOST_BISECTED = 200
_PARTS, _ROUNDS = 16, 16
#: Rows of kind path stand on seven nodes each where the splits of a deep forest differ, on dozens where they are bins.
_NODES_A_ROW, _FEWEST_NODES = 30, 3_000

#: Rows -> labels, from whatever can say.
Predict = Callable[[list[Row]], Sequence[Any]]
Profiles = dict[str, ColumnProfile]


@dataclass(frozen=True)
class RowSet:
    """Rows with a kind each."""

    rows: list[Row]
    kinds: list[str]

    def __len__(self) -> int:
        return len(self.rows)

    def counts(self) -> dict[str, int]:
        return {kind: self.kinds.count(kind) for kind in KINDS if kind in self.kinds}


def rows_for_check(
    profiles: Profiles,
    *,
    seed: int = 0,
    budget: int | str | None = None,
    sample: Sequence[Row] = (),
    predict: Predict | None = None,
    nodes: Sequence[Node] = (),
    outside: bool = False,
) -> RowSet:
    """Rows of every kind that applies, the same for the same seed.

    budget: how many (default 1500), or "max": every boundary, category and strange string, and the whole sample.
    predict: rows -> labels; without it there are no rows on decision boundaries.
    nodes: `isoship.rows.paths.tree_nodes`; without them there are no rows of kind path.
    outside: rows of kind far, too.
    """
    rng = np.random.default_rng(seed)
    everything = budget == "max"
    total = DEFAULT_BUDGET if budget is None else 4_000 if everything else int(budget)
    rows: list[Row] = []
    kinds: list[str] = []
    for kind, share in _shares(bool(nodes)).items():
        if kind == "far" and not outside:
            continue
        most = None if everything and kind != "boundary" else max(1, round(share * total))
        made = list(islice(_rows_of(kind, profiles, rng, sample, predict, nodes, most), most))
        rows += made
        kinds += [kind] * len(made)
    if not everything and len(rows) > total:
        keep = np.sort(rng.permutation(len(rows))[:total])
        rows, kinds = [rows[i] for i in keep], [kinds[i] for i in keep]
    filling = max(total // 10, total - len(rows)) if everything else total - len(rows)
    rows += islice(ordinary_rows(profiles, rng), filling)
    kinds += ["ordinary"] * filling
    order = rng.permutation(len(rows))
    return RowSet([rows[i] for i in order], [kinds[i] for i in order])


def nodes_for(budget: int | str | None) -> int:
    """How many nodes of trees rows of this budget are chosen from: some times as many as they can stand on."""
    if budget == "max":
        return MOST_NODES
    total = DEFAULT_BUDGET if budget is None else int(budget)
    return min(MOST_NODES, max(_FEWEST_NODES, _NODES_A_ROW * round(_SHARES["path"] * total)))


def _shares(trees: bool) -> dict[str, float]:
    if trees:
        return _SHARES
    return {**_SHARES, "path": 0.0, "threshold": _SHARES["threshold"] + _SHARES["path"]}


def _rows_of(
    kind: str,
    profiles: Profiles,
    rng: Rng,
    sample: Sequence[Row],
    predict: Predict | None,
    nodes: Sequence[Node],
    most: int | None,
) -> Iterator[Row]:
    if kind == "path":
        yield from path_rows(nodes, profiles, rng, most)
    elif kind == "sample":
        between = _between_samples(profiles, rng, sample, predict, min(most or _MOST_BISECTED, _MOST_BISECTED) // 4)
        yield from between
        room = None if most is None else max(1, most - len(between))
        chosen = range(len(sample)) if room is None or len(sample) <= room else _spread(sample, rng)[:room]
        yield from (dict(sample[i]) for i in chosen)
    elif kind == "text":
        yield from _text_rows(profiles, rng, most)
    elif kind == "boundary":
        if predict is not None:
            count = min(most or _MOST_BISECTED, _MOST_BISECTED)
            yield from boundary_rows(profiles, rng, predict, count)
    elif kind == "threshold":
        yield from threshold_rows(profiles, rng, most)
    elif kind == "far":
        yield from _far_rows(profiles, rng, most)
    elif kind == "missing":
        yield from missing_rows(profiles, rng, most)
    elif kind == "integer":
        yield from _integer_rows(profiles, rng, most or 1000)
    else:
        yield from _one_column_at_a_time(_VALUES[kind](profiles), profiles, rng, most)


def threshold_rows(profiles: Profiles, rng: Rng, most: int | None = None) -> Iterator[Row]:
    """Alternately every column on a boundary of its own, and one column on a boundary among ordinary values.

    The doubles either side of each boundary come before the steps of float32; rows of the first sort walk through
    them from one end and rows of the second from the other, so that a short budget meets as many as it can.
    most: so many rows are wanted, and of a column with more boundaries a random choice of so many is enough.
    """
    fresh = ordinary_rows(profiles, rng)
    places: dict[str, list[Any]] = {}
    known: dict[str, FloatArray] = {}
    for name, profile in profiles.items():
        known[name] = askable_boundaries(profile)
        if most is not None and len(known[name]) > most:
            known[name] = known[name][np.sort(rng.permutation(len(known[name]))[:most])]
        near = around_all(known[name], profile)
        tiers = [[v for values in near for v in values[:2]], [v for values in near for v in values[2:]]]
        places[name] = [tier[i] for tier in tiers for i in rng.permutation(len(tier)).tolist()]
    places = {name: values for name, values in places.items() if values}
    firsts = {name: 2 * len(known[name]) for name in places}
    singles = [(name, v) for name, values in places.items() for v in values[: firsts[name]][::-1]]
    later = [(name, v) for name, values in places.items() for v in values[firsts[name] :]]
    order = [*rng.permutation(len(singles)).tolist(), *(len(singles) + rng.permutation(len(later))).tolist()]
    for turn, i in enumerate(order):
        row = next(fresh)
        row.update({name: values[turn % len(values)] for name, values in places.items()})
        yield row
        name, value = singles[i] if i < len(singles) else later[i - len(singles)]
        yield {**next(fresh), name: value}


def missing_rows(profiles: Profiles, rng: Rng, most: int | None = None) -> Iterator[Row]:
    """All missing at once, then each column alone and random sets of them, as often as the budget has room."""
    can = [n for n, p in profiles.items() if p.missing]
    if not can:
        return
    fresh = ordinary_rows(profiles, rng)
    yield {**next(fresh), **dict.fromkeys(can)}
    for turn in range(most or 20 * len(can)):
        chosen = [can[turn % len(can)]]
        if turn >= len(can) and turn % 2:
            chosen = [n for n in can if rng.random() < 0.5]
        yield {**next(fresh), **dict.fromkeys(chosen)}


def boundary_rows(
    profiles: Profiles, rng: Rng, predict: Predict, count: int, sample: Sequence[Row] = ()
) -> Iterator[Row]:
    """Pairs of rows with different labels, cut finer until the labels meet; both last rows of a pair.

    Strings and booleans are those of the first row of the pair throughout. sample: start from these rows instead of
    ordinary ones: they lie where the model was fitted, also where it does not tell.
    """
    numeric = [n for n, p in profiles.items() if p.dtype in ("double", "int64") and not p.closed]
    if not numeric or count < 2:
        return
    fresh = ordinary_rows(profiles, rng)
    if sample:
        usable = [row for row in sample if all(_finite(row[n]) for n in numeric)]
        ends = rng.integers(max(1, len(usable)), size=(4 * count if usable else 0, 2)).tolist()
        near = [dict(usable[i]) for i, _ in ends]
        far = [{**usable[i], **{n: usable[j][n] for n in numeric}} for i, j in ends]
    else:
        near = list(islice(fresh, 4 * count))
        far = [{**row, **{n: other[n] for n in numeric}} for row, other in zip(near, fresh, strict=False)]
    if not near:
        return
    labels = [str(label) for label in predict(near + far)]
    differing = [i for i in range(len(near)) if labels[i] != labels[len(near) + i]][: (count + 1) // 2]
    if not differing:
        return
    a, b, label = [near[i] for i in differing], [far[i] for i in differing], [labels[i] for i in differing]
    for _ in range(_ROUNDS):
        # fifteen points between the two at once: fewer questions, and a source model's time goes by questions
        between = [_points_between(x, y, numeric, profiles) for x, y in zip(a, b, strict=True)]
        if all(m in (x, y) for points, x, y in zip(between, a, b, strict=True) for m in points):
            break
        answers = iter(predict([m for points in between for m in points]))
        for i, points in enumerate(between):
            same = [str(next(answers)) == label[i] for _ in points]
            line = [a[i], *points, b[i]]
            first_other = 1 + (same.index(False) if False in same else len(points))
            a[i], b[i] = line[first_other - 1], line[first_other]
    for x, y in zip(a, b, strict=True):
        yield x
        yield y


def _points_between(x: Row, y: Row, numeric: Sequence[str], profiles: Profiles) -> list[Row]:
    """Rows on the line from x to y, without the two."""
    first, last = (np.array([row[n] for n in numeric], np.float64) for row in (x, y))
    parts = np.arange(1, _PARTS)[:, None] / _PARTS
    lowest, highest = (np.array([getattr(profiles[n], end) for n in numeric]) for end in ("lowest", "highest"))
    whole = np.array([profiles[n].dtype == "int64" for n in numeric])
    with np.errstate(over="ignore", invalid="ignore"):
        points = first + (last - first) * parts
    points = np.where(whole, np.clip(np.round(points), -(2.0**53), 2.0**53), points)
    points = np.clip(points, lowest, highest)
    typed = [int if profiles[n].dtype == "int64" else float for n in numeric]
    return [
        {**x, **{n: kind(v) for n, kind, v in zip(numeric, typed, values, strict=True)}} for values in points.tolist()
    ]


def _integer_rows(profiles: Profiles, rng: Rng, most: int) -> Iterator[Row]:
    doubles = [n for n, p in profiles.items() if p.dtype == "double" and not p.closed]
    if not doubles:
        return
    fresh = ordinary_rows(profiles, rng)
    for turn in range(most):
        row = next(fresh)
        row.update({n: within(float(np.round(row[n], 2 * (turn % 2))), profiles[n]) for n in doubles})
        yield row


def _between_samples(
    profiles: Profiles, rng: Rng, sample: Sequence[Row], predict: Predict | None, count: int
) -> list[Row]:
    if predict is None or not sample:
        return []
    try:
        return list(boundary_rows(profiles, rng, predict, count, sample))
    except InputError:  # the model refuses a row of the sample, which the check says of that row itself
        return []


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _spread(sample: Sequence[Row], rng: Rng) -> list[int]:
    """The places of all rows in a random order, first those that hold a string or a boolean that none before has."""
    order: list[int] = rng.permutation(len(sample)).tolist()
    seen: set[tuple[str, Any]] = set()
    first: list[int] = []
    rest: list[int] = []
    for i in order:
        held = {(name, value) for name, value in sample[i].items() if isinstance(value, (str, bool))}
        (rest if held <= seen else first).append(i)
        seen |= held
    return first + rest


def _far_rows(profiles: Profiles, rng: Rng, most: int | None) -> Iterator[Row]:
    """All columns far outside, to random sides, then one at a time, in turn."""
    values = {n: known for n, p in profiles.items() if (known := far(p))}
    for row in _one_column_at_a_time(values, profiles, rng, most):
        yield {**row, **{n: known[int(rng.integers(len(known)))] for n, known in values.items()}}
        yield row


def _text_rows(profiles: Profiles, rng: Rng, most: int | None) -> Iterator[Row]:
    """A strange string in every column of text at once, each string in its turn; then one at a time."""
    values = _text_values(profiles)
    turns = max(map(len, values.values()), default=0)
    fresh = ordinary_rows(profiles, rng)
    for turn in range(turns):
        yield {**next(fresh), **{n: known[turn % len(known)] for n, known in values.items()}}
    if most is None or most > turns:
        yield from _one_column_at_a_time(values, profiles, rng, None if most is None else most - turns)


def _one_column_at_a_time(
    values: dict[str, list[Any]], profiles: Profiles, rng: Rng, most: int | None
) -> Iterator[Row]:
    """Each of these values once in its column, the other columns ordinary; then again, as long as there is room."""
    pairs = [(name, value) for name, known in values.items() for value in known]
    if not pairs:
        return
    turns = len(pairs) if most is None else max(most, 1)
    order = np.concatenate([rng.permutation(len(pairs)) for _ in range(-(-turns // len(pairs)))])
    fresh = ordinary_rows(profiles, rng)
    for i in order[:turns].tolist():
        row = next(fresh)
        row[pairs[i][0]] = pairs[i][1]
        yield row


def _category_values(profiles: Profiles) -> dict[str, list[Any]]:
    return {n: [float(c) if p.dtype == "double" else c for c in p.categories] for n, p in profiles.items()}


def _unseen_values(profiles: Profiles) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for n, p in profiles.items():
        if p.closed or not p.categories:
            continue
        if p.dtype == "string":
            values[n] = [f"unseen {k}" for k in range(5)]
        elif p.dtype in ("double", "int64"):
            values[n] = [within(max(map(float, p.categories)) + k, p) for k in (1, 2, 1000)]
    return values


def _extreme_values(profiles: Profiles) -> dict[str, list[Any]]:
    return {n: extremes(p) for n, p in profiles.items()}


def _text_values(profiles: Profiles) -> dict[str, list[Any]]:
    return {n: list(strange_strings(p)) for n, p in profiles.items() if p.dtype == "string" and not p.closed}


_VALUES: dict[str, Callable[[Profiles], dict[str, list[Any]]]] = {
    "category": _category_values,
    "unseen": _unseen_values,
    "extreme": _extreme_values,
}
