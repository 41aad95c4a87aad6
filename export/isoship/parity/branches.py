"""Every node of every tree in raw units: the way from the root to it, and the values that stand on either side of it.

The way is carried back to the raw columns: each split on it becomes a bound of a column (found by bisection, as in
`isoship.parity.probe`) or a set of its categories, and says whether a missing value passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from isoship.parity.draw import within
from isoship.parity.levels import TREES, Graph, attributes_of
from isoship.parity.probe import Levels, Probe
from isoship.parity.profile import ColumnProfile
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import onnx

_LEQ, _LT, _GTE, _GT, _MEMBER = 0, 1, 2, 3, 6
_COMPARE = {_LEQ: np.less_equal, _LT: np.less, _GTE: np.greater_equal, _GT: np.greater, 5: np.not_equal}
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


@dataclass(frozen=True, eq=False)
class Node:
    """A split that one column decides: the steps that lead to it, and raw values worth standing on there.

    For numbers the last value on the near side and the first beyond, and None where a missing value has a way of its
    own; for categories those of the set and some beyond it.
    """

    steps: tuple[Step, ...]
    column: str
    values: tuple[Any, ...]


def tree_nodes(model: onnx.ModelProto, signature: Signature, profiles: Mapping[str, ColumnProfile]) -> list[Node]:
    """The nodes of every tree ensemble of a canonical graph, tree after tree, as far as single columns decide them."""
    graph = Graph(model)
    ensembles = [n for n in graph.nodes if n.op_type in TREES and graph.in_prefix(n.input[0])]
    if not ensembles:
        return []
    probe = Probe(model, signature, list(dict.fromkeys(n.input[0] for n in ensembles)))
    found: list[Node] = []
    for ensemble in ensembles:
        attributes = attributes_of(ensemble)
        if "tree_roots" in attributes:  # TreeEnsemble v5, the one that canonical graphs hold
            found += _Splits(attributes, ensemble.input[0], probe, signature, profiles).nodes()
    return found


class _Splits:
    """The nodes of one TreeEnsemble, and the columns that decide them."""

    def __init__(
        self,
        a: dict[str, Any],
        tensor: str,
        probe: Probe,
        signature: Signature,
        profiles: Mapping[str, ColumnProfile],
    ) -> None:
        self._a = a
        self._profiles = profiles
        self.mode = np.asarray(a["nodes_modes"]).astype(np.int64)
        self.feature = np.asarray(a["nodes_featureids"], np.int64)
        self.split = np.asarray(a["nodes_splits"]).astype(np.float64)
        self.nan_true = np.asarray(a.get("nodes_missing_value_tracks_true") or [0] * len(self.mode)).astype(bool)
        self.members = _members(a, self.mode)
        self._children = self._turned()
        self._tensor, self._probe = tensor, probe
        self._open = {c.name for c in signature.columns if c.dtype in ("double", "int64") and c.categories is None}
        self.owner = self._owners()
        self.missing: dict[str, Any] = {}
        self.listed: dict[str, tuple[list[Any], Any]] = {}
        self._read_values()
        self.last: list[float | None] = [None] * len(self.mode)
        self._near_is_true = np.ones(len(self.mode), bool)
        self._read_numbers()

    def _turned(self) -> tuple[Any, Any, Any, Any]:
        """Children and leaf flags, true before false; x > t becomes x <= t and x >= t becomes x < t, sides swapped."""
        turned = (self.mode == _GT) | (self.mode == _GTE)
        self.mode = np.where(self.mode == _GT, _LEQ, np.where(self.mode == _GTE, _LT, self.mode))
        self.nan_true = self.nan_true ^ turned
        ids, leafs = (
            [np.asarray(self._a[f"nodes_{side}{what}"]) for side in ("true", "false")] for what in ("nodeids", "leafs")
        )
        return (
            np.where(turned, ids[1], ids[0]),
            np.where(turned, ids[0], ids[1]),
            np.where(turned, leafs[1], leafs[0]),
            np.where(turned, leafs[0], leafs[1]),
        )

    def nodes(self) -> Iterator[Node]:
        """Depth first, tree after tree."""
        on_true, on_false, true_leaf, false_leaf = self._children
        for root in self._a["tree_roots"]:
            waiting: list[tuple[int, tuple[Step, ...]]] = [(root, ())]
            while waiting:
                i, steps = waiting.pop()
                values = self._values(i)
                if values:
                    yield Node(steps, str(self.owner[i]), values)
                for child, is_leaf, side in ((on_true[i], true_leaf[i], True), (on_false[i], false_leaf[i], False)):
                    if not is_leaf:
                        step = self._step(i, side)
                        waiting.append((int(child), (*steps, step) if step else steps))

    def _owners(self) -> list[str | None]:
        """For each node the one column that its feature depends on."""
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
        return [owners[k] for k in self.feature.tolist()]

    def _read_values(self) -> None:
        """What the tensor holds for each known value of each column, and for a missing one."""
        sets = {self.owner[i] for i in np.flatnonzero(self.mode == _MEMBER).tolist()}
        for name in {owner for owner in self.owner if owner is not None}:
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

    def _read_numbers(self) -> None:
        """The last raw value on the near side of every split of an open number column."""
        mine = [i for i in np.flatnonzero(self.mode <= _GT).tolist() if self.owner[i] in self._open]
        if not mine:
            return
        # x >= t parts the numbers where x < t does
        strict = (self.mode == _LT) | (self.mode == _GTE)
        keys = {(int(self.feature[i]), float(self.split[i]), bool(strict[i])): i for i in reversed(mine)}
        asked = list(keys)
        levels = Levels(
            self._tensor,
            np.array([f for f, _, _ in asked], np.int64),
            np.array([t for _, t, _ in asked], np.float64),
            np.array([s for _, _, s in asked], np.bool_),
        )
        names = [self.owner[keys[k]] for k in asked]
        which, at = self._probe.crossings(names, levels)
        once = np.bincount(which, minlength=len(asked)) == 1
        last = {asked[k]: value for k, value in zip(which.tolist(), at.tolist(), strict=True) if once[k]}
        below: dict[Any, bool] = {}
        for name in dict.fromkeys(names):
            known = [k for k, key in enumerate(asked) if names[k] == name and key in last]
            if not known:
                continue
            raw = self._probe.raw(str(name), np.array([last[asked[k]] for k in known], np.float64))
            got = self._probe.values(self._tensor, {str(name): raw})[np.arange(len(known)), levels.feature[known]]
            below |= zip([asked[k] for k in known], levels.below(got.astype(np.float64), known).tolist(), strict=True)
        for i in mine:
            key = (int(self.feature[i]), float(self.split[i]), bool(strict[i]))
            if key in last:
                self.last[i], self._near_is_true[i] = last[key], below[key] == (self.mode[i] in (_LEQ, _LT))

    def _goes_true(self, i: int, x: Any) -> Any:
        """Where values of the node's feature go, bool like x."""
        if i in self.members:
            true = np.isin(x, self.members[i])
        else:
            true = _COMPARE.get(int(self.mode[i]), np.equal)(x, self.split[i])
        return np.where(np.isnan(x), self.nan_true[i], true)

    def _step(self, i: int, side: bool) -> Step | None:
        """What a branch asks of its column; None where several columns decide, or none."""
        name = self.owner[i]
        if name is None:
            return None
        if name in self.listed and (self.mode[i] == _MEMBER or name not in self._open):
            values, got = self.listed[name]
            goes = self._goes_true(i, got[:, self.feature[i]]) == side
            return Step(name, frozenset(v for v, here in zip(values, goes.tolist(), strict=True) if here), False)
        last = self.last[i]
        if last is None:
            return None
        passes = name in self.missing and bool(self._goes_true(i, self.missing[name][self.feature[i]]) == side)
        near = (-math.inf, last) if side == bool(self._near_is_true[i]) else (last, math.inf)
        return Step(name, near, passes)

    def _values(self, i: int) -> tuple[Any, ...]:
        name = self.owner[i]
        if name is None:
            return ()
        if name in self.listed and (self.mode[i] == _MEMBER or name not in self._open):
            return tuple(self.listed[name][0])
        last, profile = self.last[i], self._profiles[name]
        if last is None:
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
