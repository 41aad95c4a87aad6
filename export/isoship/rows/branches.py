"""Every node of every tree in raw units: the way from the root to it, and the values on either side of its split.

The way is carried back to the raw columns: each split on it becomes a bound of a column (found by bisection, as in
`isoship.rows.probe`) or a set of its categories, and says whether a missing value passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from isoship.onnx.attributes import attributes_of
from isoship.rows.probe import Probe, Thresholds, numbered_names, places_by_name
from isoship.rows.profile import ColumnProfile
from isoship.rows.thresholds import TREES, Graph
from isoship.rows.values import within
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import onnx

_LEQ, _LT, _GTE, _GT, _MEMBER = 0, 1, 2, 3, 6
_COMPARE = {_LEQ: np.less_equal, _LT: np.less, _GTE: np.greater_equal, _GT: np.greater, 5: np.not_equal}
#: More nodes than this are a spread of them: no budget asks for more, and each costs a walk up its tree.
MOST_NODES = 20_000
#: A string that stands for all that the model does not know.
_UNSEEN = "unseen 0"

Bound = tuple[float, float]


class Step(NamedTuple):
    """What a branch asks of one column: bounds (after, up to) in raw values, or the values allowed, None among them.

    missing: a missing value takes the branch too, where `asked` are bounds.
    """

    column: str
    asked: Bound | frozenset[Any]
    missing: bool


@dataclass(eq=False)
class Node:
    """A split that one column decides: raw values worth standing on there, and the steps that lead to it.

    For numbers the last value on the near side and the first beyond, and None where a missing value has a way of its
    own; for categories those of the set and some beyond it.
    """

    column: str
    values: tuple[Any, ...]
    splits: _Splits
    at: int

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """From the root down; read when a row first asks for the node."""
        return self.splits.steps(self.at)


def tree_nodes(
    model: onnx.ModelProto,
    signature: Signature,
    profiles: Mapping[str, ColumnProfile],
    *,
    most: int = MOST_NODES,
    seed: int = 0,
) -> list[Node]:
    """The nodes of every tree ensemble of a canonical graph, tree after tree, as far as single columns decide them.

    most: where there are more, so many of them, spread over all trees at random, the same for the same seed.
    """
    graph = Graph(model)
    ensembles = [n for n in graph.nodes if n.op_type in TREES and graph.in_prefix(n.input[0])]
    if not ensembles:
        return []
    probe = Probe(model, signature, list(dict.fromkeys(n.input[0] for n in ensembles)))
    owners: dict[str, list[str | None]] = {}
    made: list[_Splits] = []
    for ensemble in ensembles:
        attributes = attributes_of(ensemble)
        if "tree_roots" in attributes:  # TreeEnsemble v5, the one that canonical graphs hold
            made.append(_Splits(attributes, ensemble.input[0], probe, signature, profiles, owners))
    return _spread(made, most, seed)


def _spread(ensembles: Sequence[_Splits], most: int, seed: int) -> list[Node]:
    """The nodes of these ensembles, or a random choice of them in their order."""
    decided = [splits.decided() for splits in ensembles]
    ends = np.cumsum([len(nodes) for nodes in decided])
    total = int(ends[-1]) if len(ends) else 0
    chosen = np.arange(total)
    if total > most:
        chosen = np.sort(np.random.default_rng(seed).choice(total, most, replace=False))
    found: list[Node] = []
    for splits, nodes, end in zip(ensembles, decided, ends.tolist(), strict=True):
        start = end - len(nodes)
        found += splits.nodes(nodes[chosen[(start <= chosen) & (chosen < end)] - start])
    return found


class _Splits:
    """The nodes of one TreeEnsemble as arrays, and the columns that decide them.

    What stands at a node in raw values is found for the nodes asked for and those on the way to them.
    """

    def __init__(
        self,
        a: dict[str, Any],
        tensor: str,
        probe: Probe,
        signature: Signature,
        profiles: Mapping[str, ColumnProfile],
        owners: dict[str, list[str | None]],
    ) -> None:
        self._profiles = profiles
        self.mode = np.asarray(a["nodes_modes"]).astype(np.int64)
        self.feature = np.asarray(a["nodes_featureids"], np.int64)
        self.split = np.asarray(a["nodes_splits"]).astype(np.float64)
        self.nan_true = np.asarray(a.get("nodes_missing_value_tracks_true", np.zeros(len(self.mode)))).astype(bool)
        self.members = _members(a, self.mode)
        self._parent, self._side = self._ways(*self._turned(a))
        self._tensor, self._probe = tensor, probe
        self._open = {c.name for c in signature.columns if c.dtype in ("double", "int64") and c.categories is None}
        if tensor not in owners:
            owners[tensor] = self._owners()
        #: For each feature the one column that it depends on.
        self._owner = owners[tensor]
        self.missing: dict[str, Any] = {}
        self.listed: dict[str, tuple[list[Any], Any]] = {}
        self._read_values()
        self.last = np.full(len(self.mode), np.nan)
        self._near_is_true = np.ones(len(self.mode), bool)
        self._known_steps: dict[tuple[int, bool], Step | None] = {}

    def _turned(self, a: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
        """Children and leaf flags, true before false; x > t becomes x <= t and x >= t becomes x < t, sides swapped."""
        turned = (self.mode == _GT) | (self.mode == _GTE)
        self.mode = np.where(self.mode == _GT, _LEQ, np.where(self.mode == _GTE, _LT, self.mode))
        self.nan_true = self.nan_true ^ turned
        ids, leafs = (
            [np.asarray(a[f"nodes_{side}{what}"]) for side in ("true", "false")] for what in ("nodeids", "leafs")
        )
        return (
            np.where(turned, ids[1], ids[0]),
            np.where(turned, ids[0], ids[1]),
            np.where(turned, leafs[1], leafs[0]),
            np.where(turned, leafs[0], leafs[1]),
        )

    def _ways(self, on_true: Any, on_false: Any, true_leaf: Any, false_leaf: Any) -> tuple[Any, Any]:
        """For each node the one above it (-1 for a root), and whether it lies on its true side."""
        parent, side = np.full(len(self.mode), -1), np.zeros(len(self.mode), bool)
        for child, is_leaf, which in ((on_true, true_leaf, True), (on_false, false_leaf, False)):
            inner = np.flatnonzero(is_leaf == 0)
            parent[child[inner]], side[child[inner]] = inner, which
        return parent, side

    def decided(self) -> Any:
        """The nodes that one column decides."""
        return np.flatnonzero(np.array([owner is not None for owner in self._owner], bool)[self.feature])

    def nodes(self, chosen: Any) -> Iterator[Node]:
        """These of them, as far as something stands on either side."""
        self._read_numbers(self._with_ways(chosen))
        for i in chosen.tolist():
            values = self._values(i)
            if values:
                yield Node(str(self._owner[self.feature[i]]), values, self, i)

    def steps(self, i: int) -> tuple[Step, ...]:
        """What the way from the root to a node asks, as far as single columns do."""
        way: list[Step] = []
        while (above := int(self._parent[i])) >= 0:
            key = above, bool(self._side[i])
            if key not in self._known_steps:
                self._known_steps[key] = self._step(*key)
            step = self._known_steps[key]
            if step:
                way.append(step)
            i = above
        return tuple(reversed(way))

    def _with_ways(self, chosen: Any) -> Any:
        """The nodes chosen and all above them, ascending."""
        wanted = np.zeros(len(self.mode), bool)
        while len(chosen):
            wanted[chosen] = True
            above = self._parent[chosen]
            chosen = np.unique(above[above >= 0])
            chosen = chosen[~wanted[chosen]]
        return np.flatnonzero(wanted)

    def _owners(self) -> list[str | None]:
        """For each feature the one column that it depends on."""
        text = {n: [str(v) for v in _known(p)] for n, p in self._profiles.items() if p.dtype == "string"}
        owners = self._probe.only_column(self._tensor, sorted(self._open), text)
        for name, profile in self._profiles.items():
            if profile.dtype != "bool" and (name in self._open or profile.dtype == "string"):
                continue
            values = _known(profile)
            if len(values) > 1:
                got = self._probe.values(self._tensor, {name: np.array(values, self._probe.base[name].dtype)})
                for k in np.flatnonzero((got != got[:1]).any(axis=0)).tolist():
                    owners[k] = name if owners[k] is None else None
        return owners

    def _read_values(self) -> None:
        """What the tensor holds for each known value of each column, and for a missing one."""
        sets = {self._owner[k] for k in np.unique(self.feature[self.mode == _MEMBER]).tolist()}
        owners = {self._owner[k] for k in np.unique(self.feature).tolist()}
        for name in sorted(owner for owner in owners if owner is not None):
            profile = self._profiles[name]
            blank: Any = None
            if profile.missing:
                blank = self._probe.values(self._tensor, {name: self._raw(name, [None])})[0].astype(np.float64)
                self.missing[name] = blank
            if name in self._open and name not in sets:
                continue
            values = _known(profile)
            got = self._probe.values(self._tensor, {name: self._raw(name, values)}).astype(np.float64)
            if blank is not None:
                values, got = [*values, None], np.concatenate([got, blank[None]])
            self.listed[name] = (values, got)

    def _raw(self, name: str, values: list[Any]) -> Any:
        if self._profiles[name].dtype == "string":
            from isoship_edge.manifest import MISSING_STRING

            return np.array([MISSING_STRING if v is None else v for v in values], dtype=object)
        if self._profiles[name].dtype == "double":
            return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        return np.array(values, self._probe.base[name].dtype)

    def _read_numbers(self, nodes: Any) -> None:
        """The last raw value on the near side of the splits of these nodes, where an open number column decides."""
        open_ = np.array([owner in self._open for owner in self._owner], bool)
        mine = nodes[(self.mode[nodes] <= _GT) & open_[self.feature[nodes]]]
        if not len(mine):
            return
        # x >= t parts the numbers where x < t does
        feature, split, strict = self.feature[mine], self.split[mine], self.mode[mine] == _LT
        order = np.lexsort((strict, split, feature))
        new = np.ones(len(mine), bool)
        f, t, s = feature[order], split[order], strict[order]
        new[1:] = (f[1:] != f[:-1]) | (t[1:] != t[:-1]) | (s[1:] != s[:-1])
        asked = np.empty(len(mine), np.int64)
        asked[order] = np.cumsum(new) - 1
        thresholds = Thresholds(self._tensor, f[new], t[new], s[new])
        names = [self._owner[k] for k in thresholds.feature.tolist()]
        which, at = self._probe.crossings(names, thresholds)
        once = np.bincount(which, minlength=len(names))[which] == 1
        which, at = which[once], at[once]
        if not len(which):
            return
        columns, code = numbered_names([names[k] for k in which.tolist()])
        got = self._probe.feature_values(self._tensor, places_by_name(columns, code), at, thresholds.feature[which])
        last, below = np.full(len(names), np.nan), np.ones(len(names), bool)
        last[which], below[which] = at, thresholds.below(got, which)
        self.last[mine], self._near_is_true[mine] = last[asked], below[asked]

    def _goes_true(self, i: int, x: Any) -> Any:
        """Where values of the node's feature go, bool like x."""
        if i in self.members:
            true = np.isin(x, self.members[i])
        else:
            true = _COMPARE.get(int(self.mode[i]), np.equal)(x, self.split[i])
        return np.where(np.isnan(x), self.nan_true[i], true)

    def _step(self, i: int, side: bool) -> Step | None:
        """What a branch asks of its column; None where several columns decide, or none."""
        name = self._owner[self.feature[i]]
        if name is None:
            return None
        if name in self.listed and (self.mode[i] == _MEMBER or name not in self._open):
            values, got = self.listed[name]
            goes = self._goes_true(i, got[:, self.feature[i]]) == side
            return Step(name, frozenset(v for v, here in zip(values, goes.tolist(), strict=True) if here), False)
        last = float(self.last[i])
        if math.isnan(last):
            return None
        passes = False
        if name in self.missing:
            blank = self.missing[name][self.feature[i]]
            passes = bool((self.nan_true[i] if math.isnan(blank) else self._goes_true(i, blank)) == side)
        near = (-math.inf, last) if side == bool(self._near_is_true[i]) else (last, math.inf)
        return Step(name, near, passes)

    def _values(self, i: int) -> tuple[Any, ...]:
        name = self._owner[self.feature[i]]
        if name is None:
            return ()
        if name in self.listed and (self.mode[i] == _MEMBER or name not in self._open):
            return tuple(self.listed[name][0])
        last, profile = float(self.last[i]), self._profiles[name]
        if math.isnan(last):
            return ()
        beside = [v for v in (_beside(last, side, profile) for side in (0, 1)) if v is not None]
        # an imputed value is a number like any other: only what reaches the tree as NaN has a way of its own
        own_way = name in self.missing and bool(np.isnan(self.missing[name][self.feature[i]]))
        return (*beside, None) if own_way else tuple(beside)


def _beside(last: float, side: int, profile: ColumnProfile) -> Any:
    """The last value on the near side (0) or the first beyond (1); None where the contract does not take it."""
    if profile.dtype == "int64":
        value: Any = int(last) + side
    else:
        value = math.nextafter(last, math.inf) if side else last
    return value if math.isfinite(value) and within(float(value), profile) == value else None


def _known(profile: ColumnProfile) -> list[Any]:
    """The values that the model tells apart in a column, and one that it does not know where it takes such."""
    if profile.dtype == "bool":
        return [False, True]
    values = [float(c) if profile.dtype == "double" else c for c in profile.categories]
    if profile.closed:
        return values
    if profile.dtype == "string":
        return [*values, _UNSEEN]
    return [*values, within(max(map(float, values), default=0.0) + 1, profile)]


def _members(a: dict[str, Any], mode: Any) -> dict[int, Any]:
    """The set of each MEMBER node: one after the other in node order, NaN between (ai.onnx.ml 5)."""
    if "membership_values" not in a:
        return {}
    values = np.asarray(a["membership_values"]).astype(np.float64)
    ends = np.flatnonzero(np.isnan(values)).tolist()
    starts = [0, *(end + 1 for end in ends)]
    nodes = np.flatnonzero(mode == _MEMBER).tolist()
    return {i: values[start:end] for i, start, end in zip(nodes, starts, ends, strict=False)}
