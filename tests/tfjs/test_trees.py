"""Tree ensembles in the graph: every row in onnxruntime's leaf, also on thresholds, one ulp beside them, and NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from program_runner import reference

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import Tree, write_leaf_numbers, write_leaf_values, write_sum, write_total
from isoship.tfjs import to_tfjs
from isoship.tfjs.lowerings.trees import split_by_grid
from isoship.tfjs.trees import ABOVE_EVERY_RANK

FEATURES = 4
LEQ, LT, MEMBER = 0, 1, 6


def random_tree(rng: np.random.Generator, depth: int, modes: tuple[int, ...] = (LEQ,), nan: bool = False) -> Tree:
    """A tree of uneven depth whose thresholds come from a small set, so that trees share and repeat them."""
    rows: list[list[Any]] = []
    leaves = 0

    def grow(level: int) -> int:
        nonlocal leaves
        if level == depth or (level > 0 and rng.random() < 0.2):
            leaves += 1
            return -leaves
        node = len(rows)
        threshold = float(rng.choice([-1.5, -0.0, 0.1, 0.30000000000000004, 2.0, 5e-324, 7.25, 1e300]))
        rows.append(
            [int(rng.integers(FEATURES)), threshold, 0, 0, nan and bool(rng.integers(2)), int(rng.choice(modes))]
        )
        rows[node][2] = grow(level + 1)
        rows[node][3] = grow(level + 1)
        return node

    grow(0)
    feature, threshold, on_true, on_false, nan_true, mode = (np.array(c) for c in zip(*rows, strict=True))
    members = {
        i: tuple(sorted(rng.choice(8, 3, replace=False).tolist())) for i in np.flatnonzero(mode == MEMBER).tolist()
    }
    return Tree(feature, threshold, on_true, on_false, nan_true, leaves, mode.astype(np.uint8), members)


def edge_rows(rng: np.random.Generator, trees: list[Tree], dtype: Any = np.float64) -> np.ndarray[Any, Any]:
    """Rows made of thresholds, their neighbours either side, integers, infinities, both zeros and NaN."""
    with np.errstate(over="ignore"):
        t = np.unique(np.concatenate([tree.threshold for tree in trees])).astype(dtype)
        near = [t, np.nextafter(t, dtype(-np.inf)), np.nextafter(t, dtype(np.inf))]
    pool = np.concatenate([*near, np.arange(-2, 9), [np.inf, -np.inf, np.nan, np.nan, 0.0, -0.0, 0.5]])
    return rng.choice(pool, (700, FEATURES)).astype(np.float64)


def routing(trees: list[Tree], width: Any = "double") -> onnx.ModelProto:
    g = GraphBuilder()
    numbers = write_leaf_numbers(g, "X", trees, width, given="double")
    g.op("Identity", numbers, out="leaves")
    return g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", FEATURES])],
        [helper.make_tensor_value_info("leaves", TensorProto.INT64, ["N", len(trees)])],
    )


@pytest.mark.parametrize("width", ["double", "float"])
@pytest.mark.parametrize("modes", [(LEQ,), (LT,), (LEQ, LT), (LEQ, MEMBER), (LEQ, LT, MEMBER)], ids=str)
def test_every_row_lands_in_its_leaf(modes: tuple[int, ...], width: str, web_form: Any, backend: str) -> None:
    rng = np.random.default_rng(5)
    trees = [random_tree(rng, 6, modes, nan=True) for _ in range(12)]
    x = edge_rows(rng, trees, np.float32 if width == "float" else np.float64)
    model = routing(trees, width)
    expected = reference(model, {"X": x})["leaves"]
    assert len(np.unique(expected)) > 8
    np.testing.assert_array_equal(web_form(model)(backend, {"X": x})["leaves"], expected)


@pytest.mark.parametrize("mode", range(7), ids=["<=", "<", ">=", ">", "==", "!=", "member"])
@pytest.mark.parametrize("tracks", [0, 1])
def test_every_comparison_of_the_operator_routes_as_onnxruntime(
    mode: int, tracks: int, web_form: Any, backend: str
) -> None:
    members = (
        {"membership_values": helper.make_tensor("", TensorProto.DOUBLE, [3], [1.0, 3.0, np.nan])} if mode == 6 else {}
    )
    node = helper.make_node(
        "TreeEnsemble", ["X"], ["raw"], domain="ai.onnx.ml", n_targets=1, tree_roots=[0], aggregate_function=1,
        post_transform=0, nodes_featureids=[0], nodes_modes=helper.make_tensor("", TensorProto.UINT8, [1], [mode]),
        nodes_splits=helper.make_tensor("", TensorProto.DOUBLE, [1], [3.0]), nodes_truenodeids=[0],
        nodes_trueleafs=[1], nodes_falsenodeids=[1], nodes_falseleafs=[1], nodes_missing_value_tracks_true=[tracks],
        leaf_targetids=[0, 0], leaf_weights=helper.make_tensor("", TensorProto.DOUBLE, [2], [1.0, 0.0]), **members,
    )  # fmt: skip
    cast = helper.make_node("Cast", ["raw"], ["leaves"], to=TensorProto.INT64)
    graph = helper.make_graph(
        [node, cast],
        "comparison",
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", 1])],
        [helper.make_tensor_value_info("leaves", TensorProto.INT64, ["N", 1])],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    x = np.array([[1.0], [2.0], [np.nextafter(3.0, 0)], [3.0], [np.nextafter(3.0, 9)], [4.0], [np.nan]])
    expected = reference(model, {"X": x})["leaves"]
    assert set(expected.ravel()) == {0, 1}
    np.testing.assert_array_equal(web_form(model)(backend, {"X": x})["leaves"], expected)


def test_a_tree_that_is_one_leaf_stands_beside_others(web_form: Any, backend: str) -> None:
    rng = np.random.default_rng(2)
    none = np.zeros(0, np.int64)
    stump = Tree(none, np.zeros(0), none, none, np.zeros(0, bool), leaves=1)
    for trees in ([stump], [stump, random_tree(rng, 3), stump]):
        x = edge_rows(rng, [random_tree(rng, 3)])[:20]
        model = routing(trees)
        np.testing.assert_array_equal(
            web_form(model)(backend, {"X": x})["leaves"], reference(model, {"X": x})["leaves"]
        )


def test_rank_columns_split_only_where_comparison_or_missing_values_differ(web_form: Any) -> None:
    rng = np.random.default_rng(3)
    plain = web_form(routing([random_tree(rng, 5) for _ in range(9)])).document["prefix"]
    assert plain[-1]["attrs"]["feature"] == [0, 1, 2, 3]
    mixed = web_form(routing([random_tree(rng, 5, (LEQ, LT), nan=True) for _ in range(9)])).document["prefix"]
    attrs = mixed[-1]["attrs"]
    columns = list(zip(attrs["feature"], attrs["side"], attrs["nan"], strict=True))
    assert len(columns) == len(set(columns)) == 16


@pytest.mark.parametrize("leaves_hold", ["shares", "votes"])
@pytest.mark.parametrize("lookup", ["rows", "columns"])
def test_sums_over_a_thousand_trees_stay_within_the_promise(
    lookup: str, leaves_hold: str, web_form: Any, backend: str
) -> None:
    """Plain float32 sums of shares are 1e-4 off here; probabilities must stay within 1e-6. Votes leave no rest."""
    rng = np.random.default_rng(4)
    trees = [random_tree(rng, 3) for _ in range(1000)]
    leaves = sum(tree.leaves for tree in trees)
    table = rng.dirichlet([0.3, 0.3, 0.3], leaves)
    if leaves_hold == "votes":
        table = np.eye(3)[table.argmax(axis=1)]
    g = GraphBuilder()
    if lookup == "rows":
        total = write_sum(g, write_leaf_values(g, "X", trees, table, "double", given="double"), len(trees))
    else:
        total = write_total(g, "X", trees, table, "double", given="double")
    g.op("Div", total, np.float64(len(trees)), out="probabilities")
    model = g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", FEATURES])],
        [helper.make_tensor_value_info("probabilities", TensorProto.DOUBLE, ["N", 3])],
    )
    x = edge_rows(rng, trees)[:60]
    expected = reference(model, {"X": x})["probabilities"]
    web = web_form(model)
    sums = [node for node in web.model["modelTopology"]["node"] if node["op"] == "Sum"]
    assert len(sums) == (2 if leaves_hold == "shares" else 1)
    assert not any(node["op"] == "Transpose" for node in web.model["modelTopology"]["node"])
    np.testing.assert_allclose(web(backend, {"X": x})["probabilities"], expected, rtol=0, atol=2e-7)


@pytest.mark.parametrize("terms", [2, 100, 1000])
def test_the_coarse_halves_of_a_table_add_without_rounding(terms: int) -> None:
    rng = np.random.default_rng(6)
    table = rng.normal(0, 3, 500)
    halves = split_by_grid(table, terms)
    np.testing.assert_allclose(halves.astype(np.float64).sum(axis=-1), table, rtol=0, atol=2e-14 * terms)
    picked = np.concatenate([halves[:, 0], halves[:, 0]])[rng.integers(0, 1000, terms)]
    forward, backward = np.float32(0), np.float32(0)
    for one, other in zip(picked, picked[::-1], strict=True):
        forward, backward = forward + one, backward + other
    assert float(forward) == float(backward) == picked.astype(np.float64).sum()


def test_slots_keep_rows_in_their_leaves() -> None:
    from isoship.tfjs.canonical import read_canonical
    from isoship.tfjs.trees import layout_of

    rng = np.random.default_rng(8)
    graph = read_canonical(routing([random_tree(rng, 5) for _ in range(4)]))
    layout = layout_of(next(node for node in graph.nodes if node.op == "ml.TreeEnsemble"))
    rest = layout.position == ABOVE_EVERY_RANK
    np.testing.assert_array_equal(layout.first_child[rest], np.flatnonzero(rest))
    inner = layout.first_child[~rest]
    assert sorted([*inner, *(inner + 1)]) == list(range(layout.roots, len(layout.column)))


def test_trees_behind_trees_are_refused_by_name(tmp_path: Any) -> None:
    rng = np.random.default_rng(9)
    first = [random_tree(rng, 3) for _ in range(FEATURES)]
    g = GraphBuilder()
    numbers = g.cast(write_leaf_numbers(g, "X", first, "double", given="double"), np.float64)
    g.op("Identity", write_leaf_numbers(g, numbers, [random_tree(rng, 3)], "double", given="double"), out="leaves")
    model = g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", FEATURES])],
        [helper.make_tensor_value_info("leaves", TensorProto.INT64, ["N", 1])],
    )
    with pytest.raises(UnsupportedModelError, match=r"TreeEnsemble.*--targets lambda,edge"):
        to_tfjs(model, tmp_path / "form")
    assert not (tmp_path / "form").exists()
