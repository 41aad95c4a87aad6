"""Tree ensembles as tables: every row in ONNX Runtime's leaf, on every comparison, on thresholds, beside them, NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from isoship.errors import UnsupportedModelError
from isoship.onnx.sessions import session_of
from isoship.row_program.program import row_program_of
from isoship.row_program.trees import tables_of
from isoship.tfjs.canonical import read_canonical
from isoship_edge.encoding.documents import parsed
from isoship_edge.rows.program import RowProgram

FEATURES = 4
LEQ, LT, GTE, GT, EQ, NEQ, MEMBER = range(7)
ORDERED = (LEQ, LT, GTE, GT)
THRESHOLDS = [-1.5, -0.0, 0.0, 0.1, 0.30000000000000004, 2.0, 5e-324, 7.25, 1e30, np.inf, -np.inf]


def ensemble(
    rng: np.random.Generator, trees: int, depth: int, modes: tuple[int, ...], width: Any, *, nan: bool
) -> onnx.ModelProto:
    """Random trees of uneven depth: outputs the number of each tree's leaf, [N, T]."""
    nodes: list[list[Any]] = []
    leaves: list[tuple[int, float]] = []
    members: list[float] = []

    def grow(tree: int, level: int) -> tuple[int, int]:
        """A child: its place, and whether it is a leaf."""
        if level == depth or (level > 0 and rng.random() < 0.2):
            leaves.append((tree, float(sum(1 for of, _ in leaves if of == tree))))
            return len(leaves) - 1, 1
        node = len(nodes)
        mode = int(rng.choice(modes))
        nodes.append([int(rng.integers(FEATURES)), rng.choice(THRESHOLDS), mode, nan and bool(rng.integers(2))])
        if mode == MEMBER:
            members.extend([*sorted(rng.choice(8, 3, replace=False).tolist()), np.nan])
        nodes[node] += [*grow(tree, level + 1), *grow(tree, level + 1)]
        return node, 0

    roots = [grow(tree, 0)[0] for tree in range(trees)]
    feature, split, mode, tracks, true_id, true_leaf, false_id, false_leaf = zip(*nodes, strict=True)

    def reals(name: str, values: Any) -> onnx.TensorProto:
        return numpy_helper.from_array(np.array(values, width), name)

    more = {"membership_values": reals("members", members)} if members else {}
    node = helper.make_node(
        "TreeEnsemble", ["features"], ["leaves"], domain="ai.onnx.ml", n_targets=trees, tree_roots=roots,
        aggregate_function=1, post_transform=0, nodes_featureids=feature,
        nodes_modes=numpy_helper.from_array(np.array(mode, np.uint8), "modes"), nodes_splits=reals("splits", split),
        nodes_truenodeids=true_id, nodes_trueleafs=true_leaf, nodes_falsenodeids=false_id,
        nodes_falseleafs=false_leaf, nodes_missing_value_tracks_true=list(map(int, tracks)),
        leaf_targetids=[tree for tree, _ in leaves], leaf_weights=reals("weights", [w for _, w in leaves]), **more,
    )  # fmt: skip
    to = helper.np_dtype_to_tensor_dtype(np.dtype(width))
    return model([helper.make_node("Cast", ["X"], ["features"], to=to), node], trees, to)


def model(nodes: list[onnx.NodeProto], targets: int, to: int = TensorProto.DOUBLE) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "trees",
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", FEATURES])],
        [helper.make_tensor_value_info("leaves", to, ["N", targets])],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def edge_rows(rng: np.random.Generator, width: Any, count: int = 300) -> np.ndarray[Any, Any]:
    """Rows of thresholds, their neighbours either side, integers, infinities, both zeros and NaN."""
    with np.errstate(over="ignore"):
        t = np.array(THRESHOLDS).astype(width)
        near = [t, np.nextafter(t, width(-np.inf)), np.nextafter(t, width(np.inf))]
    pool = np.concatenate([*near, np.arange(-2, 9), [np.nan, np.nan, 0.5]]).astype(np.float64)
    return rng.choice(pool, (count, FEATURES))


def program(graph: onnx.ModelProto) -> RowProgram:
    written = row_program_of(graph)
    assert not written.lacks
    return RowProgram(parsed(written.files["rows.json"]), written.files.get("rows.bin", b""))


@pytest.mark.parametrize("width", [np.float64, np.float32])
@pytest.mark.parametrize("nan", [False, True], ids=["", "tracks"])
@pytest.mark.parametrize(
    "modes", [*[(mode,) for mode in range(7)], ORDERED, (LEQ, MEMBER), (LEQ, EQ, NEQ), tuple(range(7))], ids=str
)
def test_every_row_lands_in_its_leaf(modes: tuple[int, ...], nan: bool, width: Any) -> None:
    rng = np.random.default_rng([7, *modes, nan])
    graph = ensemble(rng, 9, 6, modes, width, nan=nan)
    rows = edge_rows(rng, width)
    expected = session_of(graph).run(None, {"X": rows})[0]
    assert len(np.unique(expected)) > 2
    asked = program(graph)
    for row, leaves in zip(rows.tolist(), expected, strict=True):
        assert list(asked({"X": row})["leaves"].data) == leaves.tolist()


def test_a_threshold_of_nan_is_never_met() -> None:
    for mode in ORDERED:
        node = helper.make_node(
            "TreeEnsemble", ["X"], ["leaves"], domain="ai.onnx.ml", n_targets=1, tree_roots=[0], aggregate_function=1,
            post_transform=0, nodes_featureids=[0],
            nodes_modes=numpy_helper.from_array(np.array([mode], np.uint8), "modes"),
            nodes_splits=numpy_helper.from_array(np.array([np.nan]), "splits"), nodes_truenodeids=[0],
            nodes_trueleafs=[1], nodes_falsenodeids=[1], nodes_falseleafs=[1], leaf_targetids=[0, 0],
            leaf_weights=numpy_helper.from_array(np.array([1.0, 0.0]), "weights"),
        )  # fmt: skip
        asked = program(model([node], 1))
        for x in (-np.inf, 0.0, np.inf, np.nan):
            assert list(asked({"X": [x] * FEATURES})["leaves"].data) == [0.0]


def test_answers_stay_when_tables_become_lists() -> None:
    """After some rows tables are turned into lists; a forest beyond what may be keeps them."""
    rng = np.random.default_rng(3)
    graph = ensemble(rng, 5, 7, ORDERED, np.float64, nan=True)
    asked, rows = program(graph), edge_rows(rng, np.float64, 30)
    first = [list(asked({"X": row})["leaves"].data) for row in rows.tolist()]
    again = [list(asked({"X": row})["leaves"].data) for row in rows.tolist()]
    assert first == again
    assert first == session_of(graph).run(None, {"X": rows})[0].tolist()


def test_trees_that_share_targets_have_no_tables() -> None:
    rng = np.random.default_rng(4)
    graph = ensemble(rng, 2, 3, (LEQ,), np.float64, nan=False)
    attribute = next(a for n in graph.graph.node for a in n.attribute if a.name == "n_targets")
    attribute.i = 3
    canonical = read_canonical(graph)
    (trees,) = (node for node in canonical.nodes if node.op == "ml.TreeEnsemble")
    with pytest.raises(UnsupportedModelError, match="share targets"):
        tables_of(trees, canonical)
    assert "ml.TreeEnsemble" in row_program_of(graph).lacks
