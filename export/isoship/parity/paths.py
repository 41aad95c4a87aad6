"""Rows that walk down to a split and stand on it: the last value before it and the first after, for every node.

A row that merely holds a threshold seldom reaches the node deep in a tree that asks for it. Here the way from the
root is carried back to the raw columns: each split on the way becomes a bound of a column (found by bisection, as in
`isoship.parity.probe`) or a set of its categories. Several nodes share a row where their ways agree, one a column.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.parity.draw import Rng, ordinary_value, within
from isoship.parity.levels import TREES, Graph, attributes_of
from isoship.parity.probe import IntArray, Levels, Probe
from isoship.parity.profile import ColumnProfile
from isoship.sources.contract import Row
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import onnx

_LEQ, _LT = 0, 1
#: Rows that are open for one more node; more of them pack tighter and take longer.
_OPEN_ROWS = 48
#: More nodes than this are thinned evenly: each costs a walk through the open rows.
_MOST_NODES = 20_000
_ROUNDS = 6

#: What a branch asks of one column: bounds (after, up to) in raw values, or the values allowed.
Bound = tuple[float, float]
Step = tuple[str, Bound | frozenset[Any]]


@dataclass(frozen=True, eq=False)
class Node:
    """A split that one number column decides: the steps that lead to it, and the last raw value on its near side."""

    steps: tuple[Step, ...]
    column: str
    last: float


@dataclass
class _Open:
    """A row in the making."""

    bounds: dict[str, Bound] = field(default_factory=dict)
    allowed: dict[str, frozenset[Any]] = field(default_factory=dict)
    pinned: dict[str, Any] = field(default_factory=dict)


def tree_nodes(model: onnx.ModelProto, signature: Signature, profiles: Mapping[str, ColumnProfile]) -> list[Node]:
    """The nodes of every tree ensemble of a canonical graph, tree after tree, as far as number columns decide them."""
    graph = Graph(model)
    ensembles = [n for n in graph.nodes if n.op_type in TREES and graph.in_prefix(n.input[0])]
    if not ensembles:
        return []
    probe = Probe(model, signature, list(dict.fromkeys(n.input[0] for n in ensembles)))
    found: list[Node] = []
    for ensemble in ensembles:
        found += _nodes_of(attributes_of(ensemble), ensemble.input[0], probe, signature, profiles)
    return found


def path_rows(
    nodes: Sequence[Node], profiles: Mapping[str, ColumnProfile], rng: Rng, most: int | None = None
) -> Iterator[Row]:
    """Rows on both sides of every node, or of as many as `most` rows hold, each filled up with ordinary values.

    Every node has its turn before any has another: a row that is led astray at a node may still reach a leaf of the
    same value, so that one row a side is not enough.
    """
    targets = [(i, side) for i in range(len(nodes)) for side in (0, 1)]
    turns = [rng.permutation(len(targets))[: 2 * _MOST_NODES] for _ in range(_ROUNDS)]
    order = np.concatenate(turns) if targets else np.empty(0, np.int64)
    open_rows: list[_Open] = []
    made = 0
    for k in order.tolist():
        node, side = nodes[targets[k][0]], targets[k][1]
        value = _beside(node.last, side, profiles[node.column])
        if value is None or any(_join(row, node, value) for row in open_rows):
            continue
        fresh = _Open()
        if not _join(fresh, node, value):
            continue  # no row reaches this node: a split above excludes it
        open_rows.append(fresh)
        if len(open_rows) > _OPEN_ROWS:
            yield _filled(open_rows.pop(0), profiles, rng)
            made += 1
            if most is not None and made >= most:
                return
    for row in open_rows[: None if most is None else most - made]:
        yield _filled(row, profiles, rng)


def _beside(last: float, side: int, profile: ColumnProfile) -> Any:
    """The last value on the near side (0) or the first beyond (1); None where the contract does not take it."""
    if profile.dtype == "int64":
        value: Any = int(last) + side
    else:
        value = math.nextafter(last, math.inf) if side else last
    return value if math.isfinite(value) and within(float(value), profile) == value else None


def _join(row: _Open, node: Node, value: Any) -> bool:
    """Takes a node into a row in the making, where its way does not contradict what is there."""
    if node.column in row.pinned or not _inside(value, row.bounds.get(node.column)):
        return False
    bounds: dict[str, Bound] = {}
    allowed: dict[str, frozenset[Any]] = {}
    for column, asked in node.steps:
        if isinstance(asked, frozenset):
            both = allowed.get(column, row.allowed.get(column))
            allowed[column] = asked if both is None else asked & both
            if not allowed[column]:
                return False
            continue
        low, high = bounds.get(column) or row.bounds.get(column) or (-math.inf, math.inf)
        bounds[column] = low, high = max(low, asked[0]), min(high, asked[1])
        if not low < high:
            return False
        known = value if column == node.column else row.pinned.get(column)
        if known is not None and not low < known <= high:
            return False
    row.bounds.update(bounds)
    row.allowed.update(allowed)
    row.pinned[node.column] = value
    return True


def _inside(value: Any, bound: Bound | None) -> bool:
    return bound is None or bound[0] < value <= bound[1]


def _filled(row: _Open, profiles: Mapping[str, ColumnProfile], rng: Rng) -> Row:
    filled: Row = {}
    for name, profile in profiles.items():
        if name in row.pinned:
            filled[name] = row.pinned[name]
        elif name in row.allowed:
            choices = sorted(row.allowed[name], key=repr)
            filled[name] = choices[int(rng.integers(len(choices)))]
        else:
            filled[name] = _between(row.bounds.get(name), profile, rng)
    return filled


def _between(bound: Bound | None, profile: ColumnProfile, rng: Rng) -> Any:
    """An ordinary value inside a bound; one near its ends where ordinary values miss it."""
    value = ordinary_value(profile, rng)
    if bound is None:
        return value
    for _ in range(4):
        if _inside(value, bound):
            return value
        value = ordinary_value(profile, rng)
    low, high = bound
    span = profile.high - profile.low
    low, high = (max(low, high - span), high) if math.isfinite(high) else (low, low + span)
    middle = within(low + (high - low) * float(rng.uniform(0.1, 0.9)), profile)
    if _inside(middle, bound):
        return middle
    end = math.floor(high) if profile.dtype == "int64" else high
    return within(end, profile) if math.isfinite(high) else middle


def _nodes_of(
    a: dict[str, Any], tensor: str, probe: Probe, signature: Signature, profiles: Mapping[str, ColumnProfile]
) -> Iterator[Node]:
    """Walks the trees of one TreeEnsemble (v5), depth first."""
    if "tree_roots" not in a:
        return
    modes = np.asarray(a["nodes_modes"]).astype(np.int64)
    features = np.asarray(a["nodes_featureids"], np.int64)
    splits = np.asarray(a["nodes_splits"]).astype(np.float64)
    plain = (modes == _LEQ) | (modes == _LT)
    asked = np.unique(
        np.stack([features[plain].astype(np.float64), splits[plain], (modes[plain] == _LT).astype(np.float64)], axis=1),
        axis=0,
    )
    levels = Levels(tensor, asked[:, 0].astype(np.int64), asked[:, 1], asked[:, 2].astype(bool))
    answers = _Answers(levels, probe, signature, profiles)
    number = {key: i for i, key in enumerate(map(tuple, asked.tolist()))}
    on_true, on_false = np.asarray(a["nodes_truenodeids"]), np.asarray(a["nodes_falsenodeids"])
    true_leaf, false_leaf = np.asarray(a["nodes_trueleafs"]), np.asarray(a["nodes_falseleafs"])
    for root in a["tree_roots"]:
        waiting: list[tuple[int, tuple[Step, ...]]] = [(root, ())]
        while waiting:
            i, steps = waiting.pop()
            level = number.get((float(features[i]), float(splits[i]), float(modes[i] == _LT))) if plain[i] else None
            if level is not None and answers.owner[level] in answers.numeric and answers.last[level] is not None:
                yield Node(steps, str(answers.owner[level]), float(answers.last[level] or 0.0))
            for child, is_leaf, below in ((on_true[i], true_leaf[i], True), (on_false[i], false_leaf[i], False)):
                if not is_leaf:
                    step = answers.step(level, below) if level is not None else None
                    waiting.append((int(child), (*steps, step) if step else steps))


class _Answers:
    """For each level of a tensor: which column decides it, and which raw values lie below."""

    def __init__(
        self, levels: Levels, probe: Probe, signature: Signature, profiles: Mapping[str, ColumnProfile]
    ) -> None:
        self.numeric = {c.name for c in signature.columns if c.dtype in ("double", "int64") and c.categories is None}
        listed = {n: _values(p) for n, p in profiles.items() if n not in self.numeric}
        text = {n: [str(v) for v in vs] for n, vs in listed.items() if profiles[n].dtype == "string"}
        owners = probe.only_column(levels.tensor, sorted(self.numeric), text)
        booleans = [n for n, p in profiles.items() if p.dtype == "bool"]
        for name in booleans:
            got = probe.values(levels.tensor, {name: np.array([False, True])})
            for k in np.flatnonzero(got[0] != got[1]).tolist():
                owners[k] = name if owners[k] is None else None
        self.owner = [owners[k] for k in levels.feature.tolist()]
        self.last: list[float | None] = [None] * len(self.owner)
        self._low_is_below: IntArray = np.zeros(len(self.owner), np.int64)
        self._below: dict[int, tuple[frozenset[Any], frozenset[Any]]] = {}
        self._read_numbers(levels, probe)
        for name, values in listed.items():
            mine = [i for i, owner in enumerate(self.owner) if owner == name]
            if not mine or not values:
                continue
            kind: Any = object if profiles[name].dtype == "string" else None
            got = probe.values(levels.tensor, {name: np.array(values, dtype=kind)})
            below = levels.below(got[:, levels.feature[mine]].astype(np.float64), mine)
            for column, i in enumerate(mine):
                yes = frozenset(v for v, b in zip(values, below[:, column].tolist(), strict=True) if b)
                self._below[i] = (yes, frozenset(values) - yes)

    def _read_numbers(self, levels: Levels, probe: Probe) -> None:
        names = [owner if owner in self.numeric else None for owner in self.owner]
        which, at = probe.crossings(names, levels)
        once = np.bincount(which, minlength=len(names)) == 1
        for i, value in zip(which.tolist(), at.tolist(), strict=True):
            if once[i]:
                self.last[i] = value
        known = [i for i, value in enumerate(self.last) if value is not None]
        for name in dict.fromkeys(names[i] for i in known):
            mine = [i for i in known if names[i] == name]
            raw = np.array([self.last[i] for i in mine], np.float64)
            got = probe.values(levels.tensor, {str(name): probe.raw(str(name), raw)})
            values = got[np.arange(len(mine)), levels.feature[mine]].astype(np.float64)
            self._low_is_below[mine] = np.where(levels.strict[mine], values < levels.threshold[mine],
                                                values <= levels.threshold[mine])  # fmt: skip

    def step(self, level: int, below: bool) -> Step | None:
        """What a branch asks of its column; None where several columns decide, or none."""
        owner = self.owner[level]
        if owner is None:
            return None
        if level in self._below:
            return owner, self._below[level][0 if below else 1]
        last = self.last[level]
        if last is None:
            return None
        return owner, (-math.inf, last) if below == bool(self._low_is_below[level]) else (last, math.inf)


def _values(profile: ColumnProfile) -> list[Any]:
    if profile.dtype == "bool":
        return [False, True]
    if profile.dtype == "string":
        return [*profile.categories, *([] if profile.closed else ["unseen 0"])]
    return list(profile.categories)
