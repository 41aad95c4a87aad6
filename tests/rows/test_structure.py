"""What a canonical graph gives away about each column."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from formula import CITIES, SIGNATURE, formula_graph
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import Tree, write_leaf_values, write_sum
from isoship.rows.structure import column_profiles
from isoship_edge.manifest import MISSING_STRING, Column, Signature

MEAN, SCALE = np.array([44.1, 17.2, 200.9]), np.array([5.4559, 1.9690, 14.0237])


def _stump(feature, threshold):
    return Tree(np.array([feature]), np.array([threshold]), np.array([-1]), np.array([-2]), np.array([False]), 2)


def _scaled_forest(layout, thresholds):
    """A scaler in doubles, a cast to float32, then stumps: what a scaler in front of a forest becomes."""
    g = GraphBuilder()
    x = "X" if layout == "matrix" else g.op("Concat", "a", "b", "c", axis=1)
    scaled = g.op("Div", g.op("Sub", x, MEAN), SCALE)
    trees = [_stump(f, float(np.float32(t))) for f, t in thresholds]
    table = np.arange(2.0 * len(trees)).reshape(-1, 1)
    total = write_sum(g, write_leaf_values(g, scaled, trees, table, "float", given="double"), len(trees))
    g.op("Identity", total, out="value")
    kind = TensorProto.DOUBLE
    inputs = (
        [helper.make_tensor_value_info("X", kind, ["N", 3])]
        if layout == "matrix"
        else [helper.make_tensor_value_info(n, kind, ["N", 1]) for n in "abc"]
    )
    model = g.model(inputs, [helper.make_tensor_value_info("value", kind, ["N", 1])])
    return model, Signature(layout, tuple(Column(n, "double") for n in "abc"))


@pytest.mark.parametrize("layout", ["matrix", "columns"])
def test_thresholds_behind_a_scaler_and_a_float32_cast_are_found_as_neighbouring_raw_doubles(layout):
    rng = np.random.default_rng(3)
    thresholds = [(int(f), float(t)) for f, t in zip(rng.integers(0, 3, 60), rng.normal(size=60), strict=True)]
    model, signature = _scaled_forest(layout, thresholds)
    profiles = column_profiles(model, signature)
    for column, name in enumerate("abc"):
        wanted = np.unique([np.float32(t) for f, t in thresholds if f == column])
        found = profiles[name].boundaries

        def scaled(raw, column=column):
            return ((raw - MEAN[column]) / SCALE[column]).astype(np.float32)

        assert len(found) == len(wanted) > 5
        assert np.all(scaled(found) <= wanted), "the value itself stays on the near side"
        assert np.all(scaled(np.nextafter(found, np.inf)) > wanted), "the very next double does not"
        assert profiles[name].low < found[0] < found[-1] < profiles[name].high
        assert profiles[name].saturates
        assert profiles[name].fitted


def test_categories_are_those_that_an_encoder_of_this_column_tells_apart():
    g = GraphBuilder()
    kind = TensorProto.STRING
    both = g.op("Concat", "left", "right", axis=1)
    left = g.op("Gather", both, np.array([0]), axis=1)
    right = g.op("Gather", both, np.array([1]), axis=1)
    one = g.op("LabelEncoder", left, ml=True, keys_strings=["a", "b", MISSING_STRING], values_floats=[1.0, 2.0, 5.0])
    two = g.cast(g.op("Equal", right, np.array([["x", "y"]])), np.float32)
    g.op("MatMul", g.op("Concat", one, two, axis=1), np.ones((3, 1), dtype=np.float32), out="value")
    model = g.model(
        [helper.make_tensor_value_info(n, kind, ["N", 1]) for n in ("left", "right")],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", 1])],
    )
    signature = Signature("columns", (Column("left", "string", True), Column("right", "string")))
    profiles = column_profiles(model, signature)
    assert profiles["left"].categories == ("a", "b")
    assert profiles["right"].categories == ("x", "y")


def test_a_linear_model_shows_its_scaler_and_its_imputed_value():
    profiles = column_profiles(formula_graph(), SIGNATURE)
    height, weight = profiles["height"], profiles["weight"]
    assert height.typical == pytest.approx(170.5), "the imputed value"
    assert weight.typical == pytest.approx(65.0), "the scaler's centre"
    assert (weight.low, weight.high) == pytest.approx((65 - 3 * 11.25, 65 + 3 * 11.25))
    assert not weight.saturates
    assert profiles["city"].categories == CITIES


def test_categories_of_the_contract_close_a_column():
    closed = Column("city", "string", True, categories=("Oslo", "Rome"))
    signature = SIGNATURE._replace(columns=(*SIGNATURE.columns[:2], closed))
    profile = column_profiles(formula_graph(), signature)["city"]
    assert (profile.categories, profile.closed) == (("Oslo", "Rome"), True)


def test_more_splits_than_are_asked_are_thinned_over_all_operators_and_keep_each_features_ends(monkeypatch):
    """A forest of a million nodes is written as thirty operators, and each had a share of its own."""
    from sklearn.ensemble import RandomForestRegressor

    from isoship.onnx import trees
    from isoship.rows import structure
    from isoship.sources import open_source

    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 3))
    source = open_source(RandomForestRegressor(6, random_state=0).fit(x, x[:, 0] * x[:, 1] + x[:, 2]), sample=x)
    monkeypatch.setattr(trees, "_NODES", 200)
    graph = source.to_onnx()
    assert sum(node.op_type == "TreeEnsemble" for node in graph.graph.node) > 5
    whole = structure.column_profiles(graph, source.signature)
    monkeypatch.setattr(structure, "_MOST_THRESHOLDS", 90)
    structure._last.clear()  # else the same graph is not read again
    thin = structure.column_profiles(graph, source.signature)
    structure._last.clear()
    assert sum(len(p.boundaries) for p in whole.values()) > 500
    assert 90 <= sum(len(p.boundaries) for p in thin.values()) <= 90 + 2 * 3
    for name, profile in thin.items():
        assert (profile.low, profile.high) == (whole[name].low, whole[name].high)
        assert set(profile.boundaries) < set(whole[name].boundaries)
        assert len(profile.boundaries) > 20
