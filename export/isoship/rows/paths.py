"""Rows that reach a split and stand on it: for every node of every tree, either side, and a missing value.

A row that holds a threshold seldom reaches a node deep in a tree. Here the way from the root is carried back to the raw
columns (`isoship.rows.branches`), and the row is made to follow it. Nodes whose ways agree share a row, and so do all
nodes that one value of a column stands on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isoship.rows.branches import Bound, Node, tree_nodes
from isoship.rows.profile import ColumnProfile
from isoship.rows.values import Rng, ordinary_rows, ordinary_value, within
from isoship.sources.contract import Row

__all__ = ["Node", "path_rows", "tree_nodes"]

#: Rows that are open for one more node; more of them pack tighter and take longer.
_MOST_UNFINISHED = 48
#: More nodes than this are thinned evenly: each costs a walk through the open rows.
_MOST_NODES = 20_000
#: Values of one node in one round: a set of hundreds of categories would leave no room for the others.
_MOST_VALUES = 8
_ROUNDS = 6

#: A column, the bound that is asked of it and whether a missing value passes, and the values allowed.
_Asked = tuple[str, tuple[Bound, bool] | None, frozenset[Any] | None]


@dataclass
class _UnfinishedRow:
    """A row in the making. bounds: (after, up to) and whether a missing value is still allowed, by column."""

    bounds: dict[str, tuple[Bound, bool]] = field(default_factory=dict)
    allowed: dict[str, frozenset[Any]] = field(default_factory=dict)
    pinned: dict[str, Any] = field(default_factory=dict)


def path_rows(
    nodes: Sequence[Node], profiles: Mapping[str, ColumnProfile], rng: Rng, most: int | None = None
) -> Iterator[Row]:
    """Rows on every side of every node, or of as many as `most` rows hold, each filled up with ordinary values.

    Every node has its turn before any has another: a row that is led astray at a node may still reach a leaf of the
    same value, so that one row a side is not enough.
    """
    unfinished: list[_UnfinishedRow] = []
    ordinary = ordinary_rows(profiles, rng)
    made = 0
    for node, value in _turns(nodes, rng):
        name, way = node.column, _way(node)
        shared = [row for row in unfinished if row.pinned.get(name, _NOTHING) == value]
        shared += [row for row in unfinished if name not in row.pinned]
        if any(_join(row, name, value, way) for row in shared):
            continue
        fresh = _UnfinishedRow()
        if not _join(fresh, name, value, way):
            continue  # no row reaches this node: a split above excludes it
        unfinished.append(fresh)
        if len(unfinished) > _MOST_UNFINISHED:
            yield _filled(unfinished.pop(0), profiles, rng, next(ordinary))
            made += 1
            if most is not None and made >= most:
                return
    for row in unfinished[: None if most is None else most - made]:
        yield _filled(row, profiles, rng, next(ordinary))


_NOTHING: Any = object()


def _turns(nodes: Sequence[Node], rng: Rng) -> Iterator[tuple[Node, Any]]:
    """Nodes with a value each; those of one value of one column come together, as they fit into one row most often."""
    for _ in range(_ROUNDS if nodes else 0):
        groups: dict[tuple[str, Any], list[Node]] = {}
        for i in rng.permutation(len(nodes))[:_MOST_NODES].tolist():
            values = nodes[i].values
            if len(values) > _MOST_VALUES:
                values = tuple(values[k] for k in rng.permutation(len(values))[:_MOST_VALUES].tolist())
            for value in values:
                groups.setdefault((nodes[i].column, value), []).append(nodes[i])
        keys = list(groups)
        for k in rng.permutation(len(keys)).tolist():
            yield from ((node, keys[k][1]) for node in groups[keys[k]])


def _way(node: Node) -> list[_Asked]:
    """What all steps to a node ask of each column, its bound and the values allowed."""
    bounds: dict[str, tuple[Bound, bool]] = {}
    allowed: dict[str, frozenset[Any]] = {}
    for column, asked, missing in node.steps:
        if isinstance(asked, frozenset):
            allowed[column] = asked & allowed[column] if column in allowed else asked
        else:
            bounds[column] = _narrowed(bounds.get(column), (asked, missing))
    return [(name, bounds.get(name), allowed.get(name)) for name in {**bounds, **allowed}]


def _join(row: _UnfinishedRow, name: str, value: Any, way: list[_Asked]) -> bool:
    """Takes a node into a row in the making, where its way does not contradict what is there."""
    if not _fits(value, row.bounds.get(name), row.allowed.get(name)):
        return False
    # a value that is pinned fits what was asked of its column before
    for column, bound, among in way:
        known = value if column == name else row.pinned.get(column, _NOTHING)
        if known is not _NOTHING:
            if not _fits(known, bound, among):
                return False
        elif bound is not None:
            (low, high), missing = _narrowed(row.bounds.get(column), bound)
            if not low < high and not missing:
                return False
        if among is not None and among.isdisjoint(row.allowed.get(column, among)):
            return False
    for column, bound, among in way:
        if bound is not None:
            row.bounds[column] = _narrowed(row.bounds.get(column), bound)
        if among is not None:
            row.allowed[column] = among & row.allowed.get(column, among)
    row.pinned[name] = value
    return True


def _narrowed(known: tuple[Bound, bool] | None, asked: tuple[Bound, bool]) -> tuple[Bound, bool]:
    if known is None:
        return asked
    (low, high), missing = known
    (after, up_to), also_missing = asked
    return (after if after > low else low, up_to if up_to < high else high), missing and also_missing


def _fits(value: Any, bound: tuple[Bound, bool] | None, allowed: frozenset[Any] | None) -> bool:
    if allowed is not None and value not in allowed:
        return False
    if bound is None:
        return True
    (low, high), missing = bound
    return missing if value is None else low < value <= high


def _filled(row: _UnfinishedRow, profiles: Mapping[str, ColumnProfile], rng: Rng, ordinary: Row) -> Row:
    """ordinary: what the columns hold that no split on the way asks for."""
    filled: Row = {}
    for name, profile in profiles.items():
        bound = row.bounds.get(name)
        if name in row.pinned:
            filled[name] = row.pinned[name]
        elif name in row.allowed:
            choices = sorted((v for v in row.allowed[name] if _fits(v, bound, None)), key=repr)
            choices = choices or sorted(row.allowed[name], key=repr)
            filled[name] = choices[int(rng.integers(len(choices)))]
        elif bound is not None and not bound[0][0] < bound[0][1]:
            filled[name] = None  # only a missing value passes all the splits above
        else:
            filled[name] = ordinary[name] if bound is None else _between(bound[0], profile, rng)
    return filled


def _between(bound: Bound, profile: ColumnProfile, rng: Rng) -> Any:
    """An ordinary value inside a bound; one near its ends where ordinary values miss it."""
    for _ in range(5):
        value = ordinary_value(profile, rng)
        if bound[0] < value <= bound[1]:
            return value
    low, high = bound
    span = profile.high - profile.low
    low, high = (max(low, high - span), high) if math.isfinite(high) else (low, low + span)
    middle = within(low + (high - low) * float(rng.uniform(0.1, 0.9)), profile)
    if bound[0] < middle <= bound[1]:
        return middle
    end = math.floor(high) if profile.dtype == "int64" else high
    return within(end, profile) if math.isfinite(high) else middle
