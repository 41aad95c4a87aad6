"""Every configuration of benchmarks/boosters on rows made from its thresholds, and each rule of LightGBM's trees."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from typing import Any

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
from benchmarks.boosters.lightgbm_recipes import recipes, squared
from comparison import compare, odd_rows, rows_of
from handmade import booster, stump
from lightgbm_rows import SPECIAL, agree_on_rows, ask, booster_of, hostile_rows, thresholds
from on_thresholds import around, session_of
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline

from isoship.errors import InputError, IsoshipError, UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import write_leaf_numbers
from isoship.sources import open_source, to_onnx
from isoship.sources.lightgbm import model_text, trees
from isoship.sources.lightgbm.trees import ZERO

SMALL = {"n_estimators": 6, "num_leaves": 8, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}

pytestmark = pytest.mark.filterwarnings("ignore")


@cache
def fitted(name: str) -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return recipes()[name]()


@pytest.mark.parametrize("name", recipes())
def test_a_configuration_agrees_on_rows_made_from_the_model(name: str) -> None:
    model, sample = fitted(name)
    if hasattr(sample, "columns"):
        source = open_source(model, sample=sample)
        rows, graph = rows_of(source, sample), source.to_onnx()
        compare(source, rows, 1e-12, 1e-12, graph)
        compare(source, odd_rows(source, rows), 1e-12, 1e-12, graph)
        return
    if name.startswith("file"):
        from isoship.sources.load import load_model

        model, _ = load_model(model)
    booster = booster_of(getattr(model, "calibrated_classifiers_", [model])[0])
    booster = booster_of(getattr(booster, "estimator", booster))
    rows = hostile_rows(booster, sample)
    if name.startswith(("pipeline", "calibrated")):
        rows = rows[np.isfinite(rows).all(axis=1) & (np.abs(rows) < 1e30).all(axis=1)]
    assert len(rows) > 900
    agree_on_rows(model, sample, rows)


def numbers_of(booster: Any, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The leaf that each row reaches in each tree of our graph."""
    g = GraphBuilder()
    text = model_text.parse(booster.model_to_string())
    x, splits = trees.write_features(g, "X", text.features, frozenset(), text.trees)
    g.op("Identity", write_leaf_numbers(g, x, splits, "double", given="double"), out="numbers")
    inputs = [onnx.helper.make_tensor_value_info("X", onnx.TensorProto.DOUBLE, ["N", text.features])]
    outputs = [onnx.helper.make_tensor_value_info("numbers", onnx.TensorProto.INT64, ["N", len(text.trees)])]
    return session_of(g.model(inputs, outputs)).run(None, {"X": rows})[0]


def test_every_kind_of_decision_goes_where_lightgbm_goes() -> None:
    """Each missing type and default side, at thresholds on every side of zero."""
    levels = [-1.0, -ZERO, -1e-36, -5e-324, 0.0, 1e-36, np.nextafter(ZERO, 0), ZERO, 1.0, 1e308, -1e308, np.inf]
    built = booster([stump(kind, level) for kind in (0, 2, 4, 6, 8, 10) for level in levels])
    rows = np.array([*SPECIAL, *(-value for value in SPECIAL), *around(levels).ravel()]).reshape(-1, 1)
    np.testing.assert_array_equal(numbers_of(built, rows), ask(built, rows, pred_leaf=True))


def test_every_kind_of_set_goes_where_lightgbm_goes() -> None:
    """Fractions truncate toward zero, negative and huge numbers and NaN go right, whatever the missing type."""
    words = [[1], [2**31], [0, 1], [5, 0, 2**31, 7], [2**32 - 1] * 40, [0] * 28 + [16]]
    built = booster([stump(kind, 0, words=each) for kind in (1, 5, 9) for each in words])
    rows = np.array([*SPECIAL, *(-value for value in SPECIAL), *np.arange(-3, 1300, 0.5)]).reshape(-1, 1)
    np.testing.assert_array_equal(numbers_of(built, rows), ask(built, rows, pred_leaf=True))


def test_one_feature_may_be_asked_in_every_form() -> None:
    built = booster(
        [stump(10, 0.5), stump(6, -0.5), stump(0, -ZERO, feature=1), stump(1, 0, words=[6]), stump(4, 2.0, feature=1)],
        features=3,
    )
    values = np.array([*SPECIAL, *(-value for value in SPECIAL)])
    rows = np.c_[values, np.roll(values, 5), np.zeros(len(values))]
    np.testing.assert_array_equal(numbers_of(built, rows), ask(built, rows, pred_leaf=True))


@pytest.mark.parametrize("planted", ["threshold", "missing", "tiny"])
def test_the_comparison_sees_a_planted_fault(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, sample = fitted("missing NaN")
    rows = hostile_rows(model.booster_, sample)
    agree_on_rows(model, sample, rows)
    if planted == "tiny":
        monkeypatch.setattr(trees, "ZERO", 0.0)
    else:
        honest = trees._tree

        def wrong(tree: Any, columns: list[int]) -> Any:
            built = honest(tree, columns)
            if planted == "missing":
                return replace(built, nan_true=~built.nan_true)
            return replace(built, threshold=np.nextafter(built.threshold, np.inf))

        monkeypatch.setattr(trees, "_tree", wrong)
    with pytest.raises(AssertionError):
        agree_on_rows(model, sample, rows)


def test_float32_thresholds_would_misroute() -> None:
    """What the stock converter does: rows on the thresholds then take another branch."""
    model, sample = fitted("column latitude")
    splits = thresholds(model.booster_)[:, 1]
    assert (splits.astype(np.float32).astype(np.float64) != splits).all()
    agree_on_rows(model, sample, around(splits).reshape(-1, 1))


@pytest.mark.parametrize("classes", [1, 3])
def test_only_the_best_iterations_count(classes: int) -> None:
    """`keep_training_booster` keeps the trees after the best one; `predict` leaves them out."""
    rng = np.random.default_rng(2)
    rows, label = rng.normal(size=(300, 3)), rng.integers(0, 3, 300)
    train = lightgbm.Dataset(rows[:200], label[:200])
    options = {"objective": "multiclass", "num_class": 3} if classes == 3 else {"objective": "regression"}
    model = lightgbm.train(
        options | {"verbose": -1, "num_threads": 1, "learning_rate": 0.5, "num_leaves": 8},
        train,
        30,
        valid_sets=[train.create_valid(rows[200:], label[200:])],
        callbacks=[lightgbm.early_stopping(4, verbose=False)],
        keep_training_booster=True,
    )
    assert 0 < model.best_iteration < model.num_trees() // classes
    node = next(node for node in to_onnx(model).graph.node if node.op_type == "TreeEnsemble")
    roots = next(a for a in node.attribute if a.name == "tree_roots").ints
    assert len(roots) == model.best_iteration * classes
    agree_on_rows(model, rows, hostile_rows(model, rows))


def test_a_part_of_the_iterations_is_a_model_of_its_own() -> None:
    model, sample = fitted("classes four ova")
    part = lightgbm.Booster(model_str=model.booster_.model_to_string(start_iteration=3, num_iteration=4))
    assert part.num_trees() == 16
    agree_on_rows(part, sample, hostile_rows(part, sample))


def test_training_may_go_on_from_another_model() -> None:
    model, sample = fitted("regression gbdt")
    more = lightgbm.LGBMRegressor(**SMALL).fit(sample, sample[:, 0], init_model=model)
    assert more.booster_.num_trees() == 18
    agree_on_rows(more, sample, hostile_rows(more.booster_, sample))


def test_random_forests_average_answers_and_sum_raw_scores() -> None:
    model, sample = fitted("classes two rf")
    raw, share = model.predict(sample, raw_score=True), model.predict_proba(sample)[:, 1]
    np.testing.assert_allclose(1 / (1 + np.exp(-raw / 12)), share, rtol=1e-12)
    agree_on_rows(model, sample, sample)


def test_a_model_without_a_split_answers_its_constant() -> None:
    rows = np.zeros((40, 2))
    model = lightgbm.LGBMRegressor(**SMALL).fit(rows, np.linspace(1, 2, 40))
    agree_on_rows(model, rows, np.array([[0.0, 1.0], [np.nan, np.inf]]))


def test_a_linear_leaf_falls_back_where_a_used_value_is_missing() -> None:
    model, sample = fitted("linear_tree with gaps")
    leaves = [tree.linear for tree in model_text.parse(model.booster_.model_to_string()).trees if tree.linear]
    assert any(len(used) > 1 for leaf in leaves for used in leaf.features)
    rows = np.repeat(sample[:60], 6, axis=0)
    rows[np.arange(360), np.arange(360) % 6] = np.nan
    agree_on_rows(model, sample, rows)


def test_integers_without_a_frame_pass_through_float32() -> None:
    """LightGBM casts a matrix of integers to float32, and a DataFrame of integers to float64."""
    rng = np.random.default_rng(3)
    seconds = pd.DataFrame({"at": 1_700_000_000 + rng.integers(0, 400, 300), "n": rng.integers(0, 9, 300)})
    seconds.loc[:9, "at"] = 1_700_000_192  # half way between two floats, and a threshold
    target = (seconds["at"] > 1_700_000_150) * 5 + seconds["n"]
    passed = ColumnTransformer([("all", "passthrough", ["at", "n"])])
    through = make_pipeline(passed, lightgbm.LGBMRegressor(**SMALL | {"min_child_samples": 2})).fit(seconds, target)
    direct = lightgbm.LGBMRegressor(**SMALL | {"min_child_samples": 2}).fit(seconds, target)
    for model in (through, direct):
        source = open_source(model, sample=seconds)
        compare(source, rows_of(source, seconds), 0, 0)
    inside = through.steps[1][1].booster_
    rounded, exact = ask(inside, seconds.to_numpy(np.float32)), ask(inside, seconds.to_numpy(np.float64))
    np.testing.assert_array_equal(through.predict(seconds), rounded)
    assert (rounded != exact).any()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"pred_early_stop": True}, "pred_early_stop"), ({"objective": squared}, "an objective of your own")],
)
def test_what_cannot_be_carried_is_refused_with_the_way_out(options: dict[str, Any], said: str) -> None:
    _, sample = fitted("classes two words")
    model = lightgbm.LGBMClassifier(**SMALL | options).fit(sample, sample[:, 0] > 0)
    with pytest.raises((UnsupportedModelError, InputError), match=said):
        open_source(model, sample=sample).to_onnx()


def test_a_model_of_one_class_is_refused() -> None:
    _, sample = fitted("classes two words")
    model = lightgbm.LGBMClassifier(**SMALL).fit(sample, np.ones(len(sample)))
    with pytest.raises(IsoshipError):
        open_source(model, sample=sample).to_onnx()
