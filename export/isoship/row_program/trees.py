"""A `TreeEnsemble` v5 node as flat tables (`isoship_edge.rows.trees`), a slot for each node and each leaf of a tree.

Every comparison becomes "the second child where x > threshold": `x < t` is `x <= t'` with the number next below, and
`>`, `>=` are the opposites of `<=`, `<` with the branches swapped. What is never true (a threshold of NaN, less than
-infinity) has the threshold NaN, which nothing exceeds. A set test takes the second child for its members.
The roots come first, then level by level the two children of each node side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.tfjs.canonical import Array, Graph, Node
from isoship.tfjs.trees import EQ, GT, GTE, LEQ, LT, MEMBER, NEQ, members_of


@dataclass(frozen=True, eq=False)
class Tables:
    """Of each slot, [S]: feature (that and `width`, the columns, at a set), threshold (a set's number, a leaf's weight)
    and child, the first of two, 0 in a leaf. nan: which of them NaN takes (first, second), or each, where missing says
    so, a bit a slot. members: of all sets; ends: of each set among them. walked: the nodes on the way to a leaf, in all
    trees, of the mean leaf."""

    feature: Array
    threshold: Array
    child: Array
    nan: str
    missing: Array | None
    members: Array | None
    ends: Array | None
    roots: int
    walked: float

    def columns(self) -> tuple[Array | None, ...]:
        return self.feature, self.threshold, self.child, self.missing, self.members, self.ends


def tables_of(node: Node, graph: Graph) -> Tables:
    """The ensemble's tables.

    Raises:
        UnsupportedModelError: it is not of the form that the canonical graph has (one target a tree, plain sum).
    """
    attrs = node.attrs
    roots = np.asarray(attrs["tree_roots"], np.int64)
    if attrs["aggregate_function"] != 1 or attrs["post_transform"] != 0:
        raise node.refuse("it aggregates or transforms its leaves inside the operator")
    if int(attrs["n_targets"]) != len(roots):
        raise node.refuse("its trees share targets")
    width = graph.values[node.inputs[0]].shape[-1]
    if not isinstance(width, int):
        raise node.refuse("it does not say how many columns it has")
    return _laid_out(node, roots, _normalised(node, width))


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Nodes as the ensemble numbers them; ids of children are nodes' or, where `*_leaf` says so, leaves'."""

    feature: Array
    threshold: Array
    missing: Array
    first: Array
    first_leaf: Array
    second: Array
    second_leaf: Array
    members: Array
    ends: Array


def _normalised(node: Node, width: int) -> _Nodes:
    attrs = node.attrs
    feature = np.array(attrs["nodes_featureids"], np.int64)
    mode = np.asarray(attrs["nodes_modes"]).astype(np.int64)
    split = np.array(attrs["nodes_splits"])
    true_id, false_id = (np.asarray(attrs[f"nodes_{side}nodeids"], np.int64) for side in ("true", "false"))
    true_leaf, false_leaf = (np.asarray(attrs[f"nodes_{side}leafs"], bool) for side in ("true", "false"))
    tracks = attrs.get("nodes_missing_value_tracks_true", ())
    nan_true = np.asarray(tracks, bool) if len(tracks) else np.zeros(len(feature), bool)
    nan_true = nan_true | (mode == NEQ)  # NaN fails every comparison but this one

    # `x < t` and `x >= t` are decided by the number next below t
    below = (mode == LT) | (mode == GTE)
    never = np.isnan(split) | (below & np.isneginf(split))
    with np.errstate(over="ignore"):  # below the least finite number is -inf
        threshold = np.where(below, np.nextafter(split, split.dtype.type(-np.inf)), split)
    threshold[never] = np.nan
    # true where x exceeds the threshold, or is a member; what nothing exceeds takes its first child
    true_second = (mode == GT) | (mode == GTE) | (mode == EQ) | (mode == MEMBER)
    true_second = np.where(never & ((mode == LEQ) | (mode == LT)), True, true_second)
    true_second = np.where(never & (mode == GTE) & ~np.isnan(split), False, true_second)

    sets = members_of(attrs, np.where(mode == NEQ, EQ, mode), split.astype(np.float64))
    if len(sets) >= 2**24:
        raise node.refuse("it has 2**24 sets, more than a float32 counts")
    numbers: dict[tuple[float, ...], int] = {}
    for i, members in sets.items():
        feature[i] += width
        threshold[i] = numbers.setdefault(members, len(numbers))
    return _Nodes(
        feature,
        threshold,
        np.where(true_second, nan_true, ~nan_true),
        np.where(true_second, false_id, true_id),
        np.where(true_second, false_leaf, true_leaf),
        np.where(true_second, true_id, false_id),
        np.where(true_second, true_leaf, false_leaf),
        np.array([value for members in numbers for value in members], np.float64),
        np.cumsum([len(members) for members in numbers], dtype=np.int64),
    )


def _laid_out(node: Node, roots: Array, nodes: _Nodes) -> Tables:
    weight = np.asarray(node.attrs["leaf_weights"])
    target = np.asarray(node.attrs["leaf_targetids"], np.int64)
    ids, leaf, tree = roots, np.zeros(len(roots), bool), np.arange(len(roots))
    levels: list[tuple[Array, ...]] = []
    total = len(roots)
    while True:
        at = np.where(leaf, 0, ids)
        same = ~leaf & nodes.first_leaf[at] & nodes.second_leaf[at] & (nodes.first[at] == nodes.second[at])
        ids, leaf = np.where(same, nodes.first[at], ids), leaf | same
        at = np.where(leaf, 0, ids)
        leaf_at = np.where(leaf, ids, 0)
        if (target[leaf_at][leaf] != tree[leaf]).any():
            raise node.refuse("a tree's leaves add to more than one target")
        inner = ~leaf
        child = np.zeros(len(ids), np.int64)
        child[inner] = total + 2 * np.arange(inner.sum())
        levels.append((
            np.where(leaf, 0, nodes.feature[at]),
            np.where(leaf, weight[leaf_at], nodes.threshold[at]),
            child,
            np.where(leaf, False, nodes.missing[at]),
            inner,
        ))  # fmt: skip
        if not inner.any():
            break
        parents = ids[inner]
        ids = np.stack([nodes.first[parents], nodes.second[parents]], axis=1).ravel()
        leaf = np.stack([nodes.first_leaf[parents], nodes.second_leaf[parents]], axis=1).ravel()
        tree = np.repeat(tree[inner], 2)
        total += len(ids)
        if len(levels) > len(nodes.feature) + 1:
            raise node.refuse("its nodes form a cycle")
    feature, threshold, child, missing, inner = (np.concatenate(part) for part in zip(*levels, strict=True))
    leaves = [np.count_nonzero(~level[-1]) for level in levels]
    asked = np.unique(missing[inner])
    nan = "each" if len(asked) == 2 else "second" if asked.any() else "first"
    return Tables(
        _narrowed(feature),
        threshold.astype(weight.dtype, copy=False),
        _narrowed(child),
        nan,
        np.packbits(missing, bitorder="little") if nan == "each" else None,
        nodes.members if len(nodes.ends) else None,
        _narrowed(nodes.ends) if len(nodes.ends) else None,
        len(roots),
        len(roots) * float(np.average(np.arange(len(leaves)), weights=leaves)),
    )


def _narrowed(whole: Array) -> Array:
    """In the narrowest type that a table may have and that holds all of them."""
    most = int(whole.max(initial=0))
    kinds: tuple[type[np.unsignedinteger[Any]], ...] = (np.uint8, np.uint16, np.uint32)
    return whole.astype(next(kind for kind in kinds if most <= np.iinfo(kind).max))
