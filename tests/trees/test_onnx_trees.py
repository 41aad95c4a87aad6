"""The tree writer by itself: rounding of thresholds, modes, members, missing values, sums."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from on_thresholds import LEVELS, run
from onnx import TensorProto, helper

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import (
    BRANCH_LEQ,
    BRANCH_LT,
    BRANCH_MEMBER,
    Tree,
    _parts,
    round_threshold,
    write_leaf_numbers,
    write_leaf_values,
    write_sum,
    write_total,
)

DTYPE = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE}
EDGES = np.array([0.1, -0.1, 1e-45, -1e-45, 1e-50, -1e-50, 0.0, -0.0, 1e39, -1e39, np.inf, -np.inf, 16777217.0, 3.4e38])


def stump(threshold, mode=BRANCH_LEQ, nan_true=False, members=()):
    """Leaf 0 where true, leaf 1 where false."""
    return Tree(
        feature=np.array([0]),
        threshold=np.array([threshold], np.float64),
        on_true=np.array([-1]),
        on_false=np.array([-2]),
        nan_true=np.array([nan_true]),
        leaves=2,
        mode=np.array([mode]),
        members={0: tuple(members)} if mode == BRANCH_MEMBER else {},
    )


def leaf_of(trees, rows, width, level="ORT_ENABLE_ALL"):
    g = GraphBuilder()
    g.cast(write_leaf_numbers(g, "X", trees, width, given="double"), np.int64, out="leaf")
    model = g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", rows.shape[1]])],
        [helper.make_tensor_value_info("leaf", TensorProto.INT64, ["N", len(trees)])],
    )
    return run(model, rows, level)["leaf"]


def doubles(rng, count):
    """Doubles of every size that a float holds, on floats, between them, and one ulp beside them."""
    floats = rng.integers(0, 2**32, count, dtype=np.uint32).view(np.float32)
    floats = floats[np.isfinite(floats)].astype(np.float64)
    return np.concatenate([floats, np.nextafter(floats, np.inf), np.nextafter(floats, -np.inf), floats * 1.5, EDGES])


@pytest.mark.parametrize(("mode", "compare"), [(BRANCH_LEQ, np.less_equal), (BRANCH_LT, np.less)])
def test_a_rounded_threshold_splits_all_floats_as_the_double_does(mode, compare):
    thresholds = doubles(np.random.default_rng(0), 20_000)
    rounded = round_threshold(thresholds, np.full(len(thresholds), mode))
    with np.errstate(over="ignore"):
        centre = thresholds.astype(np.float32)
    for x in (np.nextafter(centre, np.float32(-np.inf)), centre, np.nextafter(centre, np.float32(np.inf))):
        np.testing.assert_array_equal(compare(x, rounded), compare(x.astype(np.float64), thresholds))


def test_rounding_to_the_nearest_would_fail_the_test_above():
    thresholds = doubles(np.random.default_rng(0), 20_000)
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    assert (np.less_equal(nearest, nearest) != np.less_equal(nearest.astype(np.float64), thresholds)).sum() > 1000


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("width", ["float", "double"])
@pytest.mark.parametrize(("mode", "compare"), [(BRANCH_LEQ, np.less_equal), (BRANCH_LT, np.less)])
def test_routing_equals_the_comparison_for_every_size_of_number(mode, compare, width, level):
    rng = np.random.default_rng(1)
    thresholds = rng.permutation(doubles(rng, 200))[:200]
    x = rng.permutation(np.concatenate([thresholds, doubles(rng, 100)]))[:, np.newaxis]
    with np.errstate(over="ignore"):
        seen = x.astype(np.float32).astype(np.float64) if width == "float" else x
    expected = np.where(compare(seen, thresholds), 0, 1)
    trees = [stump(threshold, mode) for threshold in thresholds]
    np.testing.assert_array_equal(leaf_of(trees, x, width, level), expected)


@pytest.mark.parametrize("mode", [BRANCH_LEQ, BRANCH_LT, BRANCH_MEMBER])
@pytest.mark.parametrize("width", ["float", "double"])
def test_a_missing_value_follows_the_flag_of_its_node(mode, width):
    trees = [stump(1, mode, nan_true, members=(1, 2)) for nan_true in (True, False, True)]
    np.testing.assert_array_equal(leaf_of(trees, np.array([[np.nan]]), width), [[0, 1, 0]])


@pytest.mark.parametrize("width", ["float", "double"])
@pytest.mark.parametrize(
    "members", [(), (0,), (1,), (0, 63, 64), (31, 32, 33), (0, 1, 255), tuple(range(0, 256, 3)), tuple(range(256))]
)
def test_members_go_where_true_goes_and_nothing_else_does(members, width):
    codes = np.array([-1.0, *range(260)])[:, np.newaxis]
    expected = np.where(np.isin(codes[:, 0], members), 0, 1)
    # a second MEMBER tree and a comparison beside it: the sets are told apart by their order alone
    trees = [stump(0, BRANCH_MEMBER, members=(7,)), stump(3.5), stump(0, BRANCH_MEMBER, members=members)]
    got = leaf_of(trees, codes, width)
    np.testing.assert_array_equal(got[:, 2], expected)
    np.testing.assert_array_equal(got[:, 1], np.where(codes[:, 0] <= 3.5, 0, 1))
    np.testing.assert_array_equal(got[:, 0], np.where(codes[:, 0] == 7, 0, 1))


def test_random_trees_of_all_modes_route_as_written():
    rng = np.random.default_rng(3)
    trees = [random_tree(rng, leaves) for leaves in (1, 2, 3, 40, 200)]
    rows = rng.integers(-2, 12, size=(500, 3)).astype(np.float64) / rng.choice([1, 2], size=(500, 3))
    rows[:, 2] = rng.integers(0, 20, 500)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    expected = [[walk(tree, row) for tree in trees] for row in rows]
    for width in ("float", "double"):
        np.testing.assert_array_equal(leaf_of(trees, rows, width), expected)


@pytest.mark.parametrize("width", ["float", "double"])
@pytest.mark.parametrize("mode", [BRANCH_LEQ, BRANCH_LT])
def test_trees_of_one_comparison_route_as_written_from_either_side(mode, width):
    """With missing values that follow true, each comparison is written as its opposite."""
    rng = np.random.default_rng(5)
    trees = [only(mode, random_tree(rng, leaves)) for leaves in (1, 2, 40, 200)]
    rows = rng.integers(-2, 12, size=(500, 3)).astype(np.float64) / rng.choice([1, 2], size=(500, 3))
    rows[rng.random(rows.shape) < 0.2] = np.nan
    expected = [[walk(tree, row) for tree in trees] for row in rows]
    np.testing.assert_array_equal(leaf_of(trees, rows, width), expected)
    blind = [replace(tree, nan_true=np.zeros_like(tree.nan_true)) for tree in trees]
    assert (leaf_of(blind, rows, width) != expected).any()


def only(mode, tree):
    return replace(tree, mode=np.full(len(tree.feature), mode), members={})


def random_tree(rng, leaves):
    """Splits leaves at random until there are enough; features 0 and 1 are numbers, feature 2 is a category."""
    nodes = leaves - 1
    on_true, on_false = np.full(nodes, -1), np.full(nodes, -1)
    open_ends = [None]
    for node in range(nodes):
        end = open_ends.pop(rng.integers(len(open_ends)))
        if end is not None:
            end[0][end[1]] = node
        open_ends += [(on_true, node), (on_false, node)]
    for leaf, end in enumerate(open_ends):
        if end is not None:
            end[0][end[1]] = -1 - leaf
    feature = rng.integers(0, 3, nodes)
    mode = np.where(feature == 2, BRANCH_MEMBER, rng.choice([BRANCH_LEQ, BRANCH_LT], nodes))
    members = {
        int(n): tuple(map(int, rng.choice(20, rng.integers(0, 9), replace=False))) for n in np.flatnonzero(feature == 2)
    }
    threshold = rng.integers(-2, 12, nodes) / 2
    return Tree(feature, threshold, on_true, on_false, rng.random(nodes) < 0.5, leaves, mode, members)


def walk(tree, row):
    node = 0 if len(tree.feature) else -1
    while node >= 0:
        x, mode = row[tree.feature[node]], tree.mode[node]
        if np.isnan(x):
            goes = tree.nan_true[node]
        elif mode == BRANCH_MEMBER:
            goes = x in tree.members[node]
        else:
            goes = x <= tree.threshold[node] if mode == BRANCH_LEQ else x < tree.threshold[node]
        node = tree.on_true[node] if goes else tree.on_false[node]
    return -1 - node


def test_values_are_summed_from_the_first_tree_to_the_last():
    """1e16 + 1 + ... + 1 - 1e16 is 0 in this order and in no other."""
    table = np.array([1e16, *[1.0] * 30, -1e16])
    trees = [leaf() for _ in table]
    assert run(summing(trees, table), np.zeros((3, 1)))["value"].tolist() == [0, 0, 0]
    rng = np.random.default_rng(9)
    wide = rng.normal(size=(len(trees), 4)) * 10.0 ** rng.integers(-8, 8, size=(len(trees), 4))
    np.testing.assert_array_equal(run(summing(trees, wide), np.zeros((2, 1)))["value"][1], np.cumsum(wide, axis=0)[-1])


def test_a_leaf_table_in_float_is_summed_in_float():
    table = np.array([16777216, 1, 1], np.float32)
    assert run(summing([leaf()] * 3, table), np.zeros((1, 1)))["value"].tolist() == [16777216]


@pytest.mark.parametrize("columns", [(), (1,), (2,), (5,)], ids=str)
@pytest.mark.parametrize("count", [1, 2, 30])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_total_is_the_sum_of_the_values_bit_by_bit(monkeypatch, columns, count, parts):
    rng = np.random.default_rng(count)
    trees = [random_tree(rng, leaves) for leaves in rng.integers(1, 30, count)]
    nodes = sum(len(tree.feature) for tree in trees)
    monkeypatch.setattr("isoship.onnx.trees._NODES", max(1, nodes // parts))
    leaves = np.concatenate([[0], np.cumsum([tree.leaves for tree in trees])])
    table = np.round(rng.normal(size=(leaves[-1], *columns)), 1) * 10.0 ** rng.integers(-8, 8, (leaves[-1], *columns))
    rows = rng.integers(-2, 12, size=(200, 3)).astype(np.float64)
    reached = np.array([[walk(tree, row) for tree in trees] for row in rows]) + leaves[:-1]
    expected = np.cumsum(table[reached], axis=1)[:, -1]
    graph = summing(trees, table, features=3, total=True)
    operators = [node.op_type for node in graph.graph.node]
    assert operators.count("TreeEnsemble") >= min(parts, count)
    np.testing.assert_array_equal(run(graph, rows)["value"], expected)
    np.testing.assert_array_equal(run(summing(trees, table, features=3), rows)["value"], expected)


def test_no_tree_is_lost_and_none_comes_twice_when_an_ensemble_is_cut():
    rng = np.random.default_rng(8)
    for _ in range(50):
        trees = [SimpleNamespace(feature=np.zeros(n)) for n in rng.integers(0, 60_000, rng.integers(1, 9))]
        cut = [tree for part in _parts(trees) for tree in trees[part]]
        assert list(map(id, cut)) == list(map(id, trees))


def test_more_values_than_a_float_counts_are_numbered_tree_by_tree(monkeypatch):
    monkeypatch.setattr("isoship.onnx.trees._COUNTED", {"float": 3, "double": 2**53})
    trees, table = [stump(0), stump(1), stump(2)], np.array([1.0, 2, 4, 8, 16, 32])
    graph = summing(trees, table, width="float")
    assert "Add" in [node.op_type for node in graph.graph.node]
    assert run(graph, np.array([[-1.0], [0.5], [1.5], [9]]))["value"].tolist() == [21, 22, 26, 42]


def test_equal_values_share_a_row_of_the_table_and_zeros_of_either_sign_do_not():
    table = np.array([0.5, -0.0, 0.0, 0.5])
    graph = summing([stump(0), stump(1)], table)
    sizes = [tensor.dims[-1] for tensor in graph.graph.initializer if tensor.name.startswith("leaf_table")]
    assert sizes == [3]
    assert run(graph, np.array([[0.0]]))["value"].tolist() == [0.5]
    negative = run(summing([stump(0), stump(1)], np.array([0.0, -0.0, 0.0, -0.0])), np.array([[5.0]]))["value"]
    assert np.signbit(negative).all()


def test_a_table_that_does_not_fit_the_trees_is_an_error():
    with pytest.raises(ValueError, match="3 rows for 2 leaves"):
        write_leaf_values(GraphBuilder(), "X", [stump(0)], np.zeros(3), "double", given="double")


def leaf():
    none = np.zeros(0, np.int64)
    return Tree(none, np.zeros(0), none, none, np.zeros(0, bool), leaves=1)


def summing(trees, table, *, features=1, width="double", total=False):
    g = GraphBuilder()
    if total:
        value = write_total(g, "X", trees, table, width, given="double")
    else:
        value = write_sum(g, write_leaf_values(g, "X", trees, table, width, given="double"), len(trees))
    g.op("Identity", value, out="value")
    kind = helper.np_dtype_to_tensor_dtype(table.dtype)
    return g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", features])],
        [helper.make_tensor_value_info("value", kind, ["N", *table.shape[1:]])],
    )
