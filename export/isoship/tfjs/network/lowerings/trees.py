"""Tree ensembles as other converters write them: every row walks down every tree, a level at a time.

A walk is a place in flat tables; a leaf leads to itself. Thresholds and rows are float32 on both sides, so that no row
takes another way than in ONNX Runtime.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.lowerings.ml import ML, classified, real, row
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering
from isoship.tfjs.network.writing import kind

_EMITS = ["GatherV2", "Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "SelectV2", "IsNan", "AddV2", "Mul",
"Sum",
          "Shape", "Slice", "Range", "Mean", "Min", "Max", "LogicalOr", "LogicalAnd", "Sigmoid", "Softmax", "ArgMax",
          "Sub", "Neg", "ConcatV2", "RealDiv"]  # fmt: skip
_MODES = {"BRANCH_LEQ": "LessEqual", "BRANCH_LT": "Less", "BRANCH_GTE": "GreaterEqual", "BRANCH_GT": "Greater",
          "BRANCH_EQ": "Equal"}  # fmt: skip
_MODES_5 = {0: "LessEqual", 1: "Less", 2: "GreaterEqual", 3: "Greater", 4: "Equal"}
_MOST_DEPTH = 64


@dataclass(frozen=True)
class _Tables:
    """By place: the column and threshold of a node, where it leads, what a leaf adds to each result."""

    feature: np.ndarray
    threshold: np.ndarray
    yes: np.ndarray
    no: np.ndarray
    missing: np.ndarray
    roots: np.ndarray
    weights: np.ndarray
    mode: str
    depth: int


@lowering("TreeEnsembleRegressor", domain=ML, emits=_EMITS, exactness=ROUNDED)
def regressor(e: Emission, node: Node) -> Tensor:
    outputs = int(node.attrs.get("n_targets", 1))
    link = str(node.attrs["post_transform"])
    if link != "NONE":
        raise CannotLower(f"its results go through {link}")
    tables = _tables(node, "target", outputs)
    total = _walked(e, node, tables, str(node.attrs["aggregate_function"]))
    base = node.attrs.get("base_values")
    return e.op("AddV2", total, e.const(row(base))) if base else total


@lowering("TreeEnsemble", domain=ML, since=5, emits=_EMITS, exactness=ROUNDED)
def ensemble(e: Emission, node: Node) -> Tensor:
    """Version 5: leaves have tables of their own, which come behind the nodes here."""
    a = node.attrs
    if int(a.get("post_transform", 0)) != 0:
        raise CannotLower("its results go through a link")
    if e.dtype(node.inputs[0]) != "float":
        raise CannotLower("its thresholds are doubles, beside which float32 takes other ways")
    modes = {int(mode) for mode in np.ravel(a["nodes_modes"])}
    if len(modes) > 1 or not modes <= _MODES_5.keys():
        raise CannotLower("its nodes compare in several ways, or with sets")
    count, leaves, outputs = len(a["nodes_featureids"]), len(a["leaf_targetids"]), int(a["n_targets"])
    own = np.arange(count + leaves)

    def ways(side: str) -> np.ndarray:
        to, is_leaf = np.asarray(a[f"nodes_{side}nodeids"]), np.asarray(a[f"nodes_{side}leafs"], bool)
        return np.concatenate([np.where(is_leaf, to + count, to), own[count:]])

    yes, no, pad = ways("true"), ways("false"), np.zeros(leaves)
    tracks = np.asarray(a.get("nodes_missing_value_tracks_true") or np.zeros(count), bool)
    weights = np.zeros((count + leaves, outputs), np.float32)
    weights[own[count:], np.asarray(a["leaf_targetids"])] = np.ravel(a["leaf_weights"])
    roots = np.asarray(a["tree_roots"])
    tables = _Tables(
        np.concatenate([a["nodes_featureids"], pad]).astype(np.int64),
        np.concatenate([np.ravel(a["nodes_splits"]), pad]).astype(np.float32),
        yes,
        no,
        np.concatenate([np.where(tracks, yes[:count], no[:count]), own[count:]]),
        roots,
        weights,
        _MODES_5[modes.pop()],
        _depth(yes, no, roots, own >= count),
    )
    return _walked(e, node, tables, ("AVERAGE", "SUM", "MIN", "MAX")[int(a.get("aggregate_function", 1))])


@lowering("TreeEnsembleClassifier", domain=ML, emits=_EMITS, exactness=ROUNDED)
def classifier(e: Emission, node: Node) -> tuple[Tensor, Tensor]:
    classes = node.attrs.get("classlabels_int64s")
    if not classes:
        raise CannotLower("its classes are strings")
    given = sorted(set(node.attrs["class_ids"]))
    count = 1 if len(classes) == 2 and len(given) == 1 else len(classes)
    tables = _tables(node, "class", count)
    total = _walked(e, node, tables, "SUM")
    base = node.attrs.get("base_values")
    if base:
        total = e.op("AddV2", total, e.const(row(base)))
    link = str(node.attrs["post_transform"])
    if count == 1 and link == "NONE":  # probabilities of the second class, as forests have them
        over = e.reshape(e.op("Greater", total, e.like(total, 0.5), dtype="bool"), [None])
        if min(node.attrs["class_weights"]) < 0:
            raise CannotLower("its one score of two classes may be negative")
        e.bounds[node.outputs[0]] = float(min(classes)), float(max(classes))
        label = e.select(over, e.const(np.int32(classes[1])), e.const(np.int32(classes[0])))
        return label, e.concat([e.op("Sub", e.like(total, 1), total), total], 1)
    return classified(e, node, total, count, list(classes), link)


def _tables(node: Node, what: str, outputs: int) -> _Tables:
    """The flat tables of a node's attributes."""
    a = node.attrs
    modes = [str(mode) for mode in a["nodes_modes"]]
    inner = {mode for mode in modes if mode != "LEAF"}
    if len(inner) > 1 or not inner <= _MODES.keys():
        raise CannotLower(f"its nodes compare by {', '.join(sorted(inner))}")
    trees, ids = np.asarray(a["nodes_treeids"]), np.asarray(a["nodes_nodeids"])
    place = {(int(t), int(i)): k for k, (t, i) in enumerate(zip(trees, ids, strict=True))}
    own = np.arange(len(modes))
    leaf = np.array([mode == "LEAF" for mode in modes])
    yes, no = own.copy(), own.copy()
    for k in np.flatnonzero(~leaf):
        yes[k] = place[int(trees[k]), int(a["nodes_truenodeids"][k])]
        no[k] = place[int(trees[k]), int(a["nodes_falsenodeids"][k])]
    tracks = a.get("nodes_missing_value_tracks_true") or [0] * len(modes)
    weights = np.zeros((len(modes), outputs), np.float64)
    for t, i, c, w in zip(*(a[f"{what}_{x}"] for x in ("treeids", "nodeids", "ids", "weights")), strict=True):
        weights[place[int(t), int(i)], int(c) if outputs > 1 else 0] += w
    led = set(yes[~leaf]) | set(no[~leaf])
    roots = np.array([k for k in own if k not in led])
    return _Tables(
        np.asarray(a["nodes_featureids"]),
        np.asarray(a["nodes_values"], np.float32),
        yes,
        no,
        np.where(np.asarray(tracks, bool), yes, no),
        roots,
        weights.astype(np.float32),
        _MODES[next(iter(inner))] if inner else "Less",
        _depth(yes, no, roots, leaf),
    )


def _depth(yes: np.ndarray, no: np.ndarray, roots: np.ndarray, leaf: np.ndarray) -> int:
    level, depth = set(roots.tolist()), 0
    while any(not leaf[k] for k in level):
        level = {int(way[k]) for k in level if not leaf[k] for way in (yes, no)}
        depth += 1
        if depth > _MOST_DEPTH:
            raise CannotLower(f"its trees are deeper than {_MOST_DEPTH}, or lead in a circle")
    return depth


def _walked(e: Emission, node: Node, tables: _Tables, aggregate: str) -> Tensor:
    """What the leaves of all trees add up to: [N, outputs]."""
    op = {"SUM": "Sum", "AVERAGE": "Mean", "MIN": "Min", "MAX": "Max"}[aggregate]
    if len(tables.feature) > 2**24:
        raise CannotLower("it has more than 2**24 nodes")
    x = real(e, node.inputs[0])
    width = e.size(node.inputs[0], 1)
    flat = e.reshape(x, [None])
    start = e.op("Mul", rows_of(e, x), e.const(np.int32(width)))
    at = e.op("AddV2", e.op("Mul", rows_of(e, x), e.const(np.int32(0))), e.const(row(tables.roots).astype(np.int32)))

    def looked_up(table: np.ndarray) -> Tensor:
        return e.gather(e.const(table.astype(np.float32 if table.dtype.kind == "f" else np.int32)), at)

    nan_differs = not (tables.missing == tables.no).all()
    for _ in range(tables.depth):
        value = e.gather(flat, e.op("AddV2", looked_up(tables.feature), start))
        goes = e.op(tables.mode, value, looked_up(tables.threshold), dtype="bool")
        yes, no = looked_up(tables.yes), looked_up(tables.no)
        down = e.select(goes, yes, no)
        if nan_differs:
            down = e.select(e.op("IsNan", value, dtype="bool"), looked_up(tables.missing), down)
        at = down
    return e.reduce(op, e.gather(e.const(tables.weights), at), [1])


def rows_of(e: Emission, x: Tensor) -> Tensor:
    """0, 1, ... for the rows of a matrix: int32 [N, 1]."""
    sizes = e.op("Shape", x, dtype="int32", out_type=kind("int32"))
    count = e.reshape(e.slice(sizes, [0], [1]), [])
    numbers = e.op("Range", e.control(0), count, e.control(1), dtype="int32", Tidx=kind("int32"))
    return e.reshape(numbers, [None, 1])
