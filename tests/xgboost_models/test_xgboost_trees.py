"""What is read out of a booster, and where XGBoost's own two ways of predicting part."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost
from xgb_tables import BINARY, CATEGORIES, FRAME_Z, POSITIVE, SMALL, THREE, X, Z

from isoship.onnx.trees import BRANCH_LT, BRANCH_MEMBER
from isoship.sources.xgboost.document import DamagedModelError, check_document
from isoship.sources.xgboost.model import categories_of, model_of
from isoship.sources.xgboost.ubjson import UbjsonError, is_ubjson, read_ubjson

Classifier, Regressor = xgboost.XGBClassifier, xgboost.XGBRegressor


def routed(tree, row):
    """The number of the leaf that a row of float32 reaches."""
    node = 0 if len(tree.feature) else -1
    while node >= 0:
        value = row[tree.feature[node]]
        if np.isnan(value):
            goes = tree.nan_true[node]
        elif tree.mode[node] == BRANCH_MEMBER:
            goes = int(value) in tree.members[node]
        else:
            goes = value < np.float32(tree.threshold[node])
        node = int(tree.on_true[node] if goes else tree.on_false[node])
    return -1 - node


def test_trees_and_base_score_add_up_to_the_raw_score():
    booster = Classifier(**SMALL).fit(X, THREE).get_booster()
    model = model_of(booster)
    rows = X[:40].astype(np.float32)
    rows[::3, 1] = np.nan
    expected = booster.predict(xgboost.DMatrix(rows), output_margin=True)
    for row, scores in zip(rows, expected, strict=True):
        total = model.base.copy()
        for tree, values, group in zip(model.trees, model.values, model.groups, strict=True):
            total[group] += values[routed(tree, row)]
        np.testing.assert_array_equal(total, scores)


def test_the_base_score_is_a_raw_score():
    """0.1 as a probability is -2.1972246 as a raw score, in XGBoost's own float32."""
    booster = Classifier(base_score=0.1, **SMALL).fit(X, BINARY).get_booster()
    base = model_of(booster).base
    assert base.dtype == np.float32
    assert abs(float(base[0]) - np.log(0.1 / 0.9)) < 2e-7


def test_a_vector_of_base_scores_is_read():
    booster = Regressor(**SMALL).fit(X, np.column_stack([Z, POSITIVE])).get_booster()
    saved = json.loads(json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"])
    np.testing.assert_array_equal(model_of(booster).base, np.array(saved, np.float32))


def test_rounds_end_at_the_best_one():
    booster = Classifier(num_parallel_tree=2, **SMALL).fit(X, THREE).get_booster()
    assert len(model_of(booster, 4).trees) == 4 * 3 * 2


def test_what_pruning_leaves_behind_is_not_a_leaf():
    pruned = Regressor(tree_method="exact", gamma=5.0, n_estimators=8, max_depth=6, n_jobs=1).fit(X, Z).get_booster()
    saved = json.loads(pruned.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    assert any(int(tree["tree_param"]["num_deleted"]) for tree in saved)
    for tree, values in zip(model_of(pruned).trees, model_of(pruned).values, strict=True):
        assert tree.leaves == len(values) == len(tree.feature) + 1


def test_categories_go_right_and_missing_where_the_node_says():
    frame = CATEGORIES[["city", "cents"]]
    booster = Regressor(enable_categorical=True, max_cat_to_onehot=1, **SMALL).fit(frame, FRAME_Z).get_booster()
    model = model_of(booster)
    assert model.categorical == {0}
    assert model.categories == {0: ("Alta", "Bergen", "Oslo", "x")}
    assert {BRANCH_LT, BRANCH_MEMBER} == {int(mode) for tree in model.trees for mode in tree.mode}
    rows = np.array([[code, cents] for code in (0, 1, 2, 3, np.nan) for cents in (1.0, 50.0, np.nan)], np.float32)
    data = xgboost.DMatrix(rows, feature_names=booster.feature_names, feature_types=booster.feature_types)
    for row, score in zip(rows, booster.predict(data, output_margin=True), strict=True):
        total = model.base[0]
        for tree, values in zip(model.trees, model.values, strict=True):
            total += values[routed(tree, row)]
        assert total == score


def test_dart_adds_and_takes_away_the_base_score_only_when_asked_inplace():
    """XGBoost's two answers for one dart model differ in the last bits; each class is asked as its users ask it."""
    model = Regressor(booster="dart", rate_drop=0.4, n_estimators=30, max_depth=3, n_jobs=1).fit(X, Z)
    booster = model.get_booster()
    assert (model.predict(X) != booster.predict(xgboost.DMatrix(X))).any()


def test_categories_that_are_not_ascii_are_mixed_up_by_xgboost():
    """Pull request 12371: before XGBoost 3.4, names are cut by characters, so their bytes are not whole."""
    frame = CATEGORIES[["city"]].assign(city=CATEGORIES["city"].cat.rename_categories({"Alta": "Ærø", "x": "Åre"}))
    booster = Regressor(enable_categorical=True, **SMALL).fit(frame, FRAME_Z).get_booster()
    assert categories_of(booster) == {0: None}


def test_ubjson_is_read_as_xgboost_writes_it():
    booster = Regressor(**SMALL).fit(X, Z).get_booster()
    read = read_ubjson(bytes(booster.save_raw("ubj")))
    written = json.loads(booster.save_raw("json"))

    def same(a, b):
        if isinstance(b, dict):
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in b)
        if isinstance(b, list):
            return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
        return a == b or np.float32(a) == np.float32(b)

    assert same(read, written)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{i\x01a",
        b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"[$d#i\xff",
        b"[#l\x7f\xff\xff\xffi\x01",
        b"Si\x02\xff\xfe",
        b"{d\x00\x00\x00\x00",
        b"[$S#i\x01",
        b"i\x01i\x02",
        b"[" * 500,
        b"q",
    ],
)
def test_bytes_that_are_no_ubjson_say_so(data):
    with pytest.raises(UbjsonError):
        read_ubjson(data)


def test_json_is_not_taken_for_ubjson():
    assert not is_ubjson(b'{"learner": 1}')
    assert not is_ubjson(b'{ "learner": 1}')
    assert is_ubjson(bytes(Regressor(**SMALL).fit(X, Z).get_booster().save_raw("ubj"))[:20])


def breaking(path, value):
    def change(document):
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = value

    return change


TREE = ("learner", "gradient_booster", "model", "trees", 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (breaking(("learner",), []), "learner"),
        (breaking(("learner", "objective"), {}), "objective"),
        (breaking(("learner", "gradient_booster", "name"), "gbforest"), "booster"),
        (breaking(("learner", "learner_model_param", "num_feature"), "-3"), "num_feature"),
        (breaking(("learner", "learner_model_param", "num_feature"), "999999999"), "features"),
        (breaking(("learner", "gradient_booster", "model", "tree_info"), [0, 7]), "tree_info"),
        (breaking((*TREE, "left_children", 0), 99999), "child"),
        (breaking((*TREE, "left_children", 0), 0), "child"),
        (breaking((*TREE, "parents", 1), 99999), "parent"),
        (breaking((*TREE, "split_indices", 0), 5), "feature"),
        (breaking((*TREE, "split_conditions"), []), "split_conditions"),
        (breaking((*TREE, "split_conditions", 0), "x"), "split_conditions"),
        (breaking((*TREE, "tree_param", "num_nodes"), "1"), "num_nodes"),
        (breaking((*TREE, "categories_nodes"), [0]), "categories"),
        (breaking((*TREE, "id"), 0), "ids"),
        (breaking((*TREE, "id"), []), "id"),
    ],
)
def test_a_damaged_document_is_named(change, said):
    document = json.loads(Regressor(**SMALL).fit(X, Z).get_booster().save_raw("json"))
    check_document(document)
    change(document)
    with pytest.raises(DamagedModelError, match=said):
        check_document(document)
