"""Categories: one-hot splits, CTRs alone and combined, unseen values, and what the sample has to cover."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmarks.boosters.catboost_recipes import frame, recipes
from catboost import CatBoostClassifier, CatBoostRegressor
from catboost_rows import agree
from onnx import numpy_helper

from isoship import SampleError, UnsupportedModelError
from isoship.sources import open_source, to_onnx
from isoship.sources.catboost import categories, hashes
from isoship.sources.catboost.ctr import TYPES, ctrs_of
from isoship.sources.catboost.document import document_of

RECIPES = recipes()
SMALL: dict[str, Any] = {
    "iterations": 15,
    "depth": 4,
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
}
FOUR = ["city", "code", "member", "kind"]


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith("categories")])
def test_categories_agree_with_unseen_ones(name: str) -> None:
    model, rows = RECIPES[name]()
    source = agree(model, rows, exact="classes" not in name and "gaps" not in name)
    strings = [column for column in source.signature.columns if column.dtype == "string"]
    assert strings
    assert not any(column.missing or column.categories for column in strings)


def test_the_combinations_above_are_of_every_kind() -> None:
    found = set()
    for name in RECIPES:
        if "combined" in name or "gaps" in name:
            for ctr in ctrs_of(document_of(RECIPES[name]()[0])):
                projection = ctr.projection
                found.add((len(projection.categories), bool(projection.floats), bool(projection.exact)))
    assert found >= {(1, False, False), (2, False, False), (1, True, False), (1, False, True)}
    assert any(floats and count > 1 for count, floats, _ in found)


def test_values_of_every_script_and_shape() -> None:
    """What reaches CatBoost's hash is the text as it is: nothing is trimmed, folded or normalised."""
    words = [
        "",
        " ",
        "a",
        "A",
        "é",
        "e\u0301",
        "ß",
        "日本",
        "🐧",
        'q"uo\\te',
        "tab\tnew\nline",
        "NA",
        "nan",
        "None",
        "1",
    ]
    rng = np.random.default_rng(1)
    columns = pd.DataFrame({"word": rng.choice(words, 600), "x": rng.normal(size=600)})
    effect = {word: i % 5 for i, word in enumerate(words)}
    target = columns["word"].map(effect) + columns["x"] / 10
    for options in ({"one_hot_max_size": 30}, {"one_hot_max_size": 2}):
        model = CatBoostRegressor(**SMALL, **options, cat_features=["word"]).fit(columns, target)
        agree(model, columns, exact=True)


@pytest.mark.parametrize("kind", ["Counter", "FeatureFreq"])
def test_an_unseen_category_counts_against_the_models_denominator(kind: str, tmp_path: Path) -> None:
    """(0 + 0.5) / (rows + 1), and not 0.5 / 1: between the two lies a border that tells rare from common."""
    words = np.repeat(["common", "usual", "rare", "rarer"], [300, 200, 9, 4])
    columns = pd.DataFrame({"word": words, "x": np.arange(513) % 7})
    model = CatBoostRegressor(**SMALL, cat_features=["word"], simple_ctr=["Counter:Prior=0.5"], max_ctr_complexity=1)
    model.fit(columns, np.where(columns["word"].str.startswith("rare"), 3.0, 0.0) + columns["x"])
    if kind != "Counter":
        model = _as_trained_on_a_gpu(model, kind, tmp_path)
    (ctr,) = ctrs_of(document_of(model))
    assert ctr.kind == kind
    assert ctr.empty < ctr.borders.min() < 7.5
    agree(model, columns, exact=True)


def test_integers_and_booleans_are_hashed_as_text() -> None:
    columns = pd.DataFrame({"code": [-3, 0, 7, 2**40, 2**53] * 60, "flag": [True, False, False] * 100})
    target = (columns["code"] % 5).to_numpy() + columns["flag"].to_numpy() * 2.0
    model = CatBoostRegressor(**SMALL, cat_features=["code", "flag"]).fit(columns, target)
    source = agree(model, columns, exact=True)
    assert [column.dtype for column in source.signature.columns] == ["int64", "bool"]


def test_containers_that_hold_the_same_categories() -> None:
    """Arrays of integers or objects, and pandas categories of integers, are answered as int64 columns."""
    columns = frame()
    target = columns["code"] / 1000 + columns["score"]
    integers = np.c_[columns["code"], np.arange(len(columns)) % 11]
    source = agree(CatBoostRegressor(**SMALL, cat_features=[0]).fit(integers, target), integers, exact=True)
    assert [column.dtype for column in source.signature.columns] == ["int64", "int64"]
    coded = columns.assign(code=columns["code"].astype("category"), city=columns["city"].astype("category"))
    model = CatBoostRegressor(**SMALL, cat_features=FOUR).fit(coded, target)
    source = agree(model, coded, exact=True)
    assert {column.name: column.dtype for column in source.signature.columns}["code"] == "int64"


def test_a_category_that_the_sample_lacks_is_refused_by_the_columns_name() -> None:
    columns = frame()
    model = CatBoostClassifier(**SMALL, one_hot_max_size=20, cat_features=FOUR)
    model.fit(columns, (columns["city"] == "Oslo") ^ (columns["kind"] == "q"))
    with pytest.raises(UnsupportedModelError, match=r'1 of the categories in "city" only by their hash'):
        to_onnx(model, sample=columns[columns["city"] != "Oslo"])
    model = CatBoostRegressor(**SMALL, cat_features=["city"], max_ctr_complexity=1)
    model.fit(columns[["city", "score"]], (columns["city"] == "東京") * 2.0 + columns["score"])
    with pytest.raises(UnsupportedModelError, match='"city"'):
        to_onnx(model, sample=columns[columns["city"] != "東京"][["city", "score"]])


def test_a_combination_that_the_sample_cannot_explain_names_its_columns() -> None:
    columns = frame()[["city", "code", "score"]]
    target = (columns["city"] > "P") ^ (columns["code"] > 0)
    options = {"cat_features": ["city", "code"], "model_size_reg": 0, "max_ctr_complexity": 2}
    model = CatBoostClassifier(**SMALL, **options).fit(columns, target)
    assert any(len(ctr.projection.categories) == 2 for ctr in ctrs_of(document_of(model)))
    with pytest.raises(UnsupportedModelError, match='"city"'):
        to_onnx(model, sample=columns[columns["city"] != "Oslo"])
    agree(model, columns)


def test_categories_that_no_split_tells_from_unseen_ones_need_no_name() -> None:
    """A rare category below every border counts as unseen in the model itself."""
    columns = frame()[["city", "score"]]
    columns.loc[0, "city"] = "once"
    model = CatBoostRegressor(**SMALL, cat_features=["city"], simple_ctr=["Counter"], max_ctr_complexity=1)
    model.fit(columns, (columns["city"] == "Oslo") + columns["score"])
    ctrs = ctrs_of(document_of(model))
    once = int(hashes.contributions([hashes.hashes_of(["once"])["once"]], 0, 1)[0])
    assert any(once in ctr.hashes for ctr in ctrs)
    assert not any(once in ctr.distinguished_hashes() for ctr in ctrs)
    to_onnx(model, sample=columns[1:])


def test_names_of_the_sample_that_the_model_does_not_know_stay_out_of_the_graph() -> None:
    columns = frame()
    model = CatBoostRegressor(**SMALL, cat_features=FOUR).fit(columns, columns["score"] + (columns["city"] == "Oslo"))
    more = pd.concat([columns, columns[:3].assign(city="a secret")])
    assert b"a secret" not in to_onnx(model, sample=more).SerializeToString()


def test_without_a_sample_the_columns_are_named() -> None:
    columns = frame()
    model = CatBoostRegressor(**SMALL, cat_features=["city"]).fit(columns[["city", "score"]], columns["score"])
    with pytest.raises(SampleError, match=r'"city".*training data'):
        open_source(model)


def test_more_combinations_than_can_be_tried_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "SEARCH", 10)
    model, rows = RECIPES["categories Borders combined"]()
    with pytest.raises(UnsupportedModelError, match="more ways than can be tried"):
        to_onnx(model, sample=rows)


def test_text_columns_are_refused() -> None:
    columns = pd.DataFrame({"text": ["a b", "c d", "e f g", "a c"] * 10, "x": np.arange(40.0)})
    model = CatBoostClassifier(**SMALL).fit(columns, [0, 1] * 20, text_features=["text"])
    with pytest.raises(UnsupportedModelError, match="it reads text"):
        to_onnx(model, sample=columns)


def test_embedding_columns_are_refused() -> None:
    rng = np.random.default_rng(0)
    columns = pd.DataFrame({"vector": list(rng.normal(size=(40, 3))), "x": np.arange(40.0)})
    model = CatBoostClassifier(**SMALL).fit(columns, [0, 1] * 20, embedding_features=["vector"])
    with pytest.raises(UnsupportedModelError, match="it reads embeddings"):
        to_onnx(model, sample=columns)


def _as_trained_on_a_gpu(model: Any, kind: str, folder: Path) -> Any:
    """The model with its counters called by another type, which CatBoost trains on a GPU alone but applies here."""
    document = json.dumps(document_of(model))
    path = folder / "renamed.json"
    path.write_text(document.replace("Counter", kind))
    return CatBoostRegressor().load_model(str(path), format="json")


def test_feature_frequencies_agree(tmp_path: Path) -> None:
    columns = frame()
    options = {"simple_ctr": ["Counter"], "combinations_ctr": ["Counter"], "cat_features": FOUR}
    model = CatBoostRegressor(**SMALL, **options).fit(columns, columns["score"] + (columns["city"] == "Oslo") * 2)
    renamed = _as_trained_on_a_gpu(model, "FeatureFreq", tmp_path)
    assert {ctr.kind for ctr in ctrs_of(document_of(renamed))} == {"FeatureFreq"}
    agree(renamed, columns, exact=True)


def test_a_ctr_that_could_not_be_compared_is_refused(tmp_path: Path) -> None:
    columns = frame()
    means = {"simple_ctr": ["BinarizedTargetMeanValue"], "max_ctr_complexity": 1, "cat_features": FOUR}
    model = CatBoostRegressor(**SMALL, **means).fit(columns, columns["score"] + (columns["city"] == "Oslo") * 2)
    path = tmp_path / "renamed.json"
    path.write_text(json.dumps(document_of(model)).replace("BinarizedTargetMean", "FloatTargetMean"))
    renamed = CatBoostRegressor().load_model(str(path), format="json")
    assert {ctr.kind for ctr in ctrs_of(document_of(renamed))} == {"FloatTargetMeanValue"} <= set(TYPES)
    with pytest.raises(UnsupportedModelError, match="FloatTargetMeanValue"):
        to_onnx(renamed, sample=columns)


@pytest.mark.parametrize("row", [0, -1], ids=["a known combination", "an unseen one"])
def test_a_ctr_on_the_other_side_of_its_borders_is_noticed(row: int) -> None:
    model, rows = RECIPES["categories Counter combined"]()
    graph = to_onnx(model, sample=rows)
    for each in [each for each in graph.graph.initializer if each.name.startswith("ctr")]:
        values = numpy_helper.to_array(each).copy()
        values[row] = 0.0 if values[row].max() > 3 else 14.0
        each.CopyFrom(numpy_helper.from_array(values, each.name))
    with pytest.raises(AssertionError):
        agree(model, rows, exact=True, graph=graph)


def test_hashes_are_those_that_catboost_writes_into_its_models() -> None:
    """The recurrence and the signed 32-bit hash, against a table of the library's own."""
    columns = frame()[["city", "score"]]
    model = CatBoostRegressor(**SMALL, cat_features=["city"], max_ctr_complexity=1)
    model.fit(columns, (columns["city"] == "Oslo") + columns["score"])
    texts = sorted(set(columns["city"]))
    known = hashes.hashes_of(texts)
    assert min(known.values()) < 0 < max(known.values())
    table = {int(each) for ctr in ctrs_of(document_of(model)) for each in ctr.hashes}
    assert {int(each) for each in hashes.contributions(list(known.values()), 0, 1)} == table


def test_combinations_are_found_from_either_end_and_all_of_them() -> None:
    rng = np.random.default_rng(3)
    values = [rng.integers(-(2**31), 2**31, size).tolist() for size in (7, 30)] + [[0, 1]]
    parts = [hashes.contributions(each, i, 3) for i, each in enumerate(values)]
    assert hashes.solve(parts[0][:1], parts, 3) is None
    picked = [(3, 29, 1), (0, 0, 0), (6, 12, 1)]
    sums = [sum(int(part[i]) for part, i in zip(parts, choice, strict=True)) % 2**64 for choice in picked]
    wanted = np.array(sums, np.uint64)
    assert hashes.solve(wanted, parts, 10**6) == {i: [choice] for i, choice in enumerate(picked)}
    folded = 0
    for value, i in zip(values, picked[0], strict=True):
        folded = (0x4906BA494954CB65 * (folded + 0x4906BA494954CB65 * value[i])) % 2**64
    assert folded == int(wanted[0])
    same = [np.array([5, 5], np.uint64), np.array([1, 2], np.uint64)]
    assert hashes.solve(np.array([6], np.uint64), same, 100) == {0: [(0, 0), (1, 0)]}
