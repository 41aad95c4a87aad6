"""XGBoost's own files: what they come back as, and what is said of those that are something else or damaged."""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pytest
import xgboost
from on_splits import accepted, off, plain_rows, rows_for
from xgb_tables import BINARY, CATEGORIES, FRAME, FRAME_Z, SMALL, THREE, X, Z

import isoship
from isoship.errors import ModelFileError
from isoship.sources import open_source
from isoship.sources.frames import rows_from_frame
from isoship.sources.xgboost.document import DamagedModelError, check_document
from isoship.sources.xgboost.files import read_file


def booster():
    data = xgboost.DMatrix(X, label=THREE)
    return xgboost.train({"objective": "multi:softprob", "num_class": 3, "max_depth": 3, "nthread": 1}, data, 6)


MODELS = {
    "XGBClassifier": lambda: xgboost.XGBClassifier(**SMALL).fit(X, BINARY),
    "XGBRegressor": lambda: xgboost.XGBRegressor(booster="dart", rate_drop=0.3, **SMALL).fit(X, Z),
    "XGBRanker": lambda: xgboost.XGBRanker(**SMALL).fit(X, BINARY, qid=np.repeat(np.arange(24), 10)),
    "Booster": booster,
}


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize(("kind", "build"), MODELS.items(), ids=MODELS)
def test_a_file_is_read_as_the_class_that_saved_it(kind, build, suffix, tmp_path):
    model = build()
    path = tmp_path / f"model.{suffix}"
    model.save_model(path)
    source = open_source(path)
    assert source.estimator == kind
    assert source.library == "XGBoost"
    trained = model if kind == "Booster" else model.get_booster()
    rows = accepted(source, plain_rows(source, rows_for(trained, X, count=60)))
    assert max(off(source, rows).values()) <= 2
    theirs = model.predict(xgboost.DMatrix(X)) if kind == "Booster" else model.predict(X)
    mine = source.answers(plain_rows(source, X)).outputs
    np.testing.assert_array_equal(mine["probabilities" if kind == "Booster" else source.outputs[0].name], theirs)


def test_the_early_end_of_training_is_kept_in_a_file(tmp_path):
    model = xgboost.XGBClassifier(n_estimators=100, learning_rate=0.9, early_stopping_rounds=2, n_jobs=1)
    model.fit(X[:120], BINARY[:120], eval_set=[(X[120:], BINARY[120:])], verbose=False)
    model.save_model(tmp_path / "early.ubj")
    source = open_source(tmp_path / "early.ubj")
    mine = source.answers(plain_rows(source, X)).outputs["probabilities"]
    np.testing.assert_array_equal(mine, model.predict_proba(X))
    assert off(source, plain_rows(source, X))["label"] == 0


def test_a_booster_says_that_it_uses_all_rounds(tmp_path):
    data, more = xgboost.DMatrix(X[:120], label=BINARY[:120]), xgboost.DMatrix(X[120:], label=BINARY[120:])
    parameters = {"objective": "binary:logistic", "eta": 0.9, "nthread": 1}
    model = xgboost.train(parameters, data, 100, evals=[(more, "more")], early_stopping_rounds=2, verbose_eval=False)
    model.save_model(tmp_path / "early.json")
    assert any("all of its" in note for note in open_source(tmp_path / "early.json").notes)


def test_categories_are_known_without_a_sample_and_from_a_csv(tmp_path):
    model = xgboost.XGBRegressor(enable_categorical=True, max_cat_to_onehot=1, **SMALL).fit(CATEGORIES, FRAME_Z)
    path = tmp_path / "model.json"
    model.save_model(path)
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    for sample in (None, FRAME, tmp_path / "rows.csv"):
        source = open_source(path, sample=sample)
        assert source.signature.columns[-1].categories == ("Alta", "Bergen", "Oslo", "x")
        assert off(source, rows_from_frame(FRAME, list(FRAME.columns))) == {"value": 0.0}


def test_another_version_is_noted(tmp_path):
    path = tmp_path / "model.json"
    xgboost.XGBRegressor(**SMALL).fit(X, Z).save_model(path)
    notes: list[str] = []
    read_file(path, notes)
    assert not any("written by" in note for note in notes)
    document = json.loads(path.read_bytes())
    document["version"] = [2, 1, 4]
    path.write_text(json.dumps(document))
    read_file(path, notes)
    assert (
        f"model.json was written by XGBoost 2.1.4; this is {xgboost.__version__}, and its answers are the truth"
        in notes
    )


ELSE = {
    "CatBoost": ({"model_info": {}, "features_info": {}, "oblivious_trees": []}, "CatBoost.*cbm"),
    "LightGBM": ({"name": "tree", "version": "v4", "num_class": 1, "tree_info": []}, "LightGBM.*model.txt"),
    "TensorFlow.js": ({"modelTopology": {}, "weightsManifest": []}, "TensorFlow.js"),
    "a dump": ([{"nodeid": 0, "leaf": 1.0}], "dump_model.*save_model"),
    "a snapshot": ({"Config": {}, "Model": {}}, "snapshot"),
    "settings": ({"learning_rate": 0.1}, "no XGBoost model.*learning_rate"),
    "a list": ([1, 2, 3], "no XGBoost model"),
    "a number": (3, "no XGBoost model"),
}


@pytest.mark.parametrize(("document", "said"), ELSE.values(), ids=ELSE)
def test_json_of_something_else_is_named(document, said, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ModelFileError, match=said):
        open_source(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "neither JSON"),
        (b"\x80\x04pickle", "neither JSON"),
        (b"{not json", "neither JSON|damaged"),
        (b"[" * 100_000, "neither JSON"),
        (b"binf\x00\x00", "3.0 or"),
        (b"\xff\xfe\x00", "neither JSON"),
    ],
    ids=["nothing", "a pickle", "broken", "deep", "the old form", "no text"],
)
@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_bytes_of_something_else_are_refused(data, said, suffix, tmp_path):
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=said):
        open_source(path)


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_damaged_files_are_refused_or_read_but_end_nothing(suffix, tmp_path):
    """XGBoost follows indices blindly and would take the process with it; 100 seeded damages of one file."""
    path = tmp_path / f"model.{suffix}"
    xgboost.XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1).fit(X, THREE).save_model(path)
    whole = path.read_bytes()
    chance = random.Random(5)
    refused = 0
    for _ in range(100):
        data = bytearray(whole)
        kind = chance.choice(["cut", "flip", "delete", "digit"])
        at = chance.randrange(len(data))
        if kind == "cut":
            del data[at:]
        elif kind == "delete":
            del data[at : at + chance.randint(1, 30)]
        elif kind == "digit":
            digits = [i for i in range(at, len(data)) if chr(data[i]).isdigit()][:1]
            for i in digits:
                data[i] = ord(chance.choice("0123456789-"))
        else:
            data[at] = chance.randrange(256)
        path.write_bytes(data)
        try:
            model = read_file(path, [])
        except ModelFileError:
            refused += 1
            continue
        asked = model.get_booster() if hasattr(model, "get_booster") else model
        asked.inplace_predict(np.zeros((3, asked.num_features())))
    assert refused > 40


def named_categories():
    place = np.arange(60)
    names = pd.Categorical(np.array(["x", "yy", "zzz"])[place % 3])
    rows = pd.DataFrame({"a": place % 5 * 1.0, "b": names, "c": pd.Categorical(place % 4 + 10)})
    model = xgboost.XGBClassifier(n_estimators=2, max_depth=2, enable_categorical=True, n_jobs=1)
    return json.loads(model.fit(rows, place % 2).get_booster().save_raw("json"))


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("sorted_idx", 0), 99), (("sorted_idx", 0), -1), (("sorted_idx", 0), 1), (("sorted_idx",), [0]),
        (("feature_segments", 1), 2), (("feature_segments", 3), 99), (("feature_segments",), []),
        (("enc", 1, "offsets", 1), 99), (("enc", 1, "offsets", 1), -1), (("enc", 1, "offsets", 0), 1),
        (("enc", 1, "values"), [120]), (("enc", 2, "values"), [10]), (("enc",), [{}]), (("enc", 0), None),
        (("enc",), []), (("enc", 1, "values"), "x"), ((), []),
    ],
)  # fmt: skip
def test_names_of_categories_are_looked_at_before_xgboost_reads_them(way, value):
    document = named_categories()
    check_document(document)
    held = document["learner"]["gradient_booster"]["model"]
    *inside, last = ("cats", *way)
    for name in inside:
        held = held[name]
    held[last] = value
    with pytest.raises(DamagedModelError):
        check_document(document)


def test_a_file_makes_a_bundle(tmp_path):
    path = tmp_path / "churn.ubj"
    xgboost.XGBClassifier(**SMALL).fit(X, THREE).save_model(path)
    bundle = isoship.export(path, out=tmp_path / "bundle", targets=(), offline=True)
    assert bundle.report.ok
    assert isoship.load(tmp_path / "bundle").predict(X[:5])["probabilities"].shape == (5, 3)
