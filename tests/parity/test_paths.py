"""Rows that walk down each tree and stand on both sides of every split."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from isoship.parity.paths import path_rows, tree_nodes
from isoship.parity.rows import rows_for_check
from isoship.parity.structure import column_profiles
from isoship.sources import open_source
from isoship_edge.decode import decode_rows

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
            below = here <= tree.threshold[node]
            assert below.any()
            assert not below.all()
            if tree.feature[node] == 0:
                at = here[below].max()
                assert np.nextafter(at, np.float32(np.inf)) == here[~below].min(), "neighbours in the model's width"
            splits += 1
    assert splits > 100
    decode_rows(rows, source.signature)


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
