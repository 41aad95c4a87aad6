"""Rows that walk down each tree and stand on both sides of every split."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from isoship.rows.for_check import rows_for_check
from isoship.rows.paths import path_rows, tree_nodes
from isoship.rows.structure import column_profiles
from isoship.sources import open_source
from isoship_edge.encoding.decode import decode_rows

CITIES = ["Oslo", "Ærøskøbing", "東京"]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "height": rng.normal(170, 9, 300).round(1),
            "city": rng.choice(CITIES, 300),
            "count": rng.integers(0, 30, 300),
            "owner": rng.random(300) < 0.4,
        }
    )


@pytest.fixture(scope="module")
def forest(table):
    label = (table["height"] > 171) ^ (table["city"] == "Oslo") ^ (table["count"] > 12) ^ table["owner"]
    columns = make_column_transformer(
        (StandardScaler(), ["height"]), (OneHotEncoder(), ["city"]), ("passthrough", ["count", "owner"])
    )
    return make_pipeline(columns, RandomForestClassifier(8, max_depth=7, random_state=0)).fit(table, label)


@pytest.fixture(scope="module")
def read(forest, table):
    source = open_source(forest, sample=table)
    graph = source.to_onnx()
    profiles = column_profiles(graph, source.signature)
    return source, graph, profiles, tree_nodes(graph, source.signature, profiles)


def test_every_split_of_a_number_column_has_rows_on_it_and_just_beyond(forest, table, read):
    source, _, profiles, nodes = read
    rows = list(path_rows(nodes, profiles, np.random.default_rng(0)))
    features = forest[0].transform(pd.DataFrame(rows)[list(table)]).astype(np.float32)
    numbers = [0, 4]  # height, count; the cities' columns and the boolean are met by their values
    splits = 0
    for member in forest[1].estimators_:
        tree, reached = member.tree_, member.decision_path(features).toarray().astype(bool)
        for node in np.flatnonzero(np.isin(tree.feature, numbers)).tolist():
            here = features[reached[:, node], tree.feature[node]]
            here = here[~np.isnan(here)]  # rows with a missing value are there too
            below = here <= tree.threshold[node]
            assert below.any()
            assert not below.all()
            if tree.feature[node] == 0:
                at = here[below].max()
                assert np.nextafter(at, np.float32(np.inf)) == here[~below].min(), "neighbours in the model's width"
            splits += 1
    assert splits > 100
    decode_rows(rows, source.signature)


@pytest.fixture(scope="module")
def histogram():
    """Double splits with missing values, and sets of categories."""
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(rng.normal(size=(600, 2)), columns=["a", "b"])
    frame["city"] = pd.Categorical(rng.choice(["Bern", "Cork", "Oslo", "Riga", "Rome"], 600))
    effect = frame["city"].map({"Bern": 0.5, "Cork": -1, "Oslo": 1, "Riga": -0.4, "Rome": 0}).astype(float)
    y = np.sin(3 * frame["a"]) * (1 + effect) + effect * (frame["b"] > 0)
    frame.loc[rng.random(600) < 0.15, "a"] = np.nan
    frame.loc[rng.random(600) < 0.15, "b"] = np.nan
    model = HistGradientBoostingRegressor(max_iter=12, max_leaf_nodes=10, categorical_features=["city"])
    source = open_source(model.fit(frame, y), sample=frame)
    graph = source.to_onnx()
    profiles = column_profiles(graph, source.signature)
    return model, profiles, tree_nodes(graph, source.signature, profiles)


def test_missing_values_and_every_category_of_a_set_stand_at_every_node_that_they_reach(histogram):
    """The model's own nodes decide who reaches them: row after row is led down by scikit-learn's arrays."""
    model, profiles, nodes = histogram
    rows = list(path_rows(nodes, profiles, np.random.default_rng(0), most=450))
    cities = list(profiles["city"].categories)
    code = {city: float(i) for i, city in enumerate(cities)}
    # categorical columns come first in what the trees see; unseen and missing ones are NaN
    x = np.array([[code.get(r["city"], np.nan), *(np.nan if r[c] is None else r[c] for c in "ab")] for r in rows])
    sets = missing = 0
    for (predictor,) in model._predictors:
        here: dict[int, np.ndarray] = {0: np.arange(len(rows))}
        for i, node in enumerate(predictor.nodes):
            if node["is_leaf"]:
                continue
            values = x[here[i], node["feature_idx"]]
            blank = np.isnan(values)
            if node["is_categorical"]:
                bits = predictor.raw_left_cat_bitsets[node["bitset_idx"]]
                left = np.array(
                    [not b and bool(bits[0] >> int(v if not b else 0) & 1) for v, b in zip(values, blank, strict=True)]
                )
                above = [n for n in _above(predictor.nodes, i) if n["is_categorical"]]
                if not above:
                    assert set(values[~blank]) == set(code.values())
                    sets += 1
            else:
                left = values <= node["num_threshold"]
            if not any(n["feature_idx"] == node["feature_idx"] for n in _above(predictor.nodes, i)):
                assert blank.any()
                missing += 1
            left = np.where(blank, bool(node["missing_go_to_left"]), left)
            here[int(node["left"])], here[int(node["right"])] = here[i][left], here[i][~left]
    assert sets > 10
    assert missing > 20


def _above(nodes, i):
    """The nodes on the way to node i, which lie before it."""
    found, child = [], i
    for k in reversed(range(i)):
        if not nodes[k]["is_leaf"] and child in (nodes[k]["left"], nodes[k]["right"]):
            found.append(nodes[k])
            child = k
    return found


def test_nodes_below_a_split_that_excludes_them_are_left_out(read):
    _, _, profiles, nodes = read
    rows = list(path_rows(nodes, profiles, np.random.default_rng(1), most=40))
    assert len(rows) == 40
    assert all(set(row) == set(profiles) for row in rows)


def test_they_are_a_kind_of_their_own_and_the_same_for_the_same_seed(read):
    _, _, profiles, nodes = read
    one, two = (rows_for_check(profiles, seed=3, budget=400, nodes=nodes) for _ in range(2))
    assert one.rows == two.rows
    assert one.counts()["path"] > 60


def test_a_model_without_trees_has_none(read):
    from sklearn.linear_model import LogisticRegression

    x = np.random.default_rng(0).normal(size=(40, 2))
    source = open_source(LogisticRegression().fit(x, x[:, 0] > 0), sample=x)
    graph = source.to_onnx()
    profiles = column_profiles(graph, source.signature)
    assert tree_nodes(graph, source.signature, profiles) == []
    assert "path" not in rows_for_check(profiles, budget=100).counts()


def test_a_large_forest_gives_a_spread_of_its_nodes_and_the_same_one_for_the_same_seed(read):
    source, graph, profiles, every = read
    places = {(id(n.splits), n.at): n for n in every}
    chosen, again = (tree_nodes(graph, source.signature, profiles, most=60, seed=1) for _ in range(2))
    other = tree_nodes(graph, source.signature, profiles, most=60, seed=2)
    assert [n.at for n in chosen] == [n.at for n in again] != [n.at for n in other]
    assert len(places) == len(every) > 150
    by_place = {n.at: n for n in every}  # this forest is one ensemble
    assert 40 < len(chosen) <= 60
    for node in chosen:
        whole = by_place[node.at]
        assert (node.column, node.values, node.steps) == (whole.column, whole.values, whole.steps)
    roots = np.flatnonzero(every[0].splits._parent < 0)
    trees = {int(np.searchsorted(roots, n.at, side="right")) for n in chosen}
    assert len(trees) == 8, "every tree has its part"


def test_only_the_ways_to_chosen_nodes_are_carried_back_to_raw_values(read):
    source, graph, profiles, every = read
    (node,) = tree_nodes(graph, source.signature, profiles, most=1, seed=4)
    known = np.flatnonzero(~np.isnan(node.splits.last))
    assert 0 < len(known) <= len(node.steps) + 1 < len(every)
