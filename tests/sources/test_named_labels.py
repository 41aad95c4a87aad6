"""`--classes` names the labels of boosters' own files, which keep none: in order, in every target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from click.testing import CliRunner
from sklearn.linear_model import LinearRegression, LogisticRegression

import isoship
from isoship.cli import main
from isoship.errors import InputError
from isoship.sources import open_source
from isoship.sources.named_labels import names_from

X = np.random.default_rng(4).normal(size=(90, 3)).round(2)
THREE = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
TWO = THREE.clip(max=1)
NAMES = ["low", "mid", "high"]
SMALL = {"max_depth": 3, "nthread": 1}
QUIET = {"num_leaves": 4, "min_data_in_leaf": 5, "num_threads": 1, "verbose": -1}


def native_xgboost(path: Path) -> Any:
    matrix = xgboost.DMatrix(X, THREE)
    booster = xgboost.train({**SMALL, "objective": "multi:softprob", "num_class": 3}, matrix, 3)
    booster.save_model(path)
    return np.argmax(booster.predict(xgboost.DMatrix(X)), axis=1)


def xgboost_of_sklearn(path: Path) -> Any:
    model = xgboost.XGBClassifier(n_estimators=3, **SMALL).fit(X, TWO)
    model.save_model(path)
    return model.predict(X)


def softmax(path: Path) -> Any:
    matrix = xgboost.DMatrix(X, THREE)
    booster = xgboost.train({**SMALL, "objective": "multi:softmax", "num_class": 3}, matrix, 3)
    booster.save_model(path)
    return booster.predict(xgboost.DMatrix(X)).astype(int)


def native_lightgbm(path: Path) -> Any:
    booster = lightgbm.train({**QUIET, "objective": "multiclass", "num_class": 3}, lightgbm.Dataset(X, THREE), 3)
    booster.save_model(path)
    return np.argmax(booster.predict(X), axis=1)


def lightgbm_of_two(path: Path) -> Any:
    booster = lightgbm.train({**QUIET, "objective": "binary"}, lightgbm.Dataset(X, TWO), 3)
    booster.save_model(path)
    return (booster.predict(X) > 0.5).astype(int)


FILES = {
    "booster.json": (native_xgboost, NAMES),
    "classifier.ubj": (xgboost_of_sklearn, ["no", "yes"]),
    "softmax.json": (softmax, [30, 10, 20]),
    "booster.txt": (native_lightgbm, NAMES),
    "binary.txt": (lightgbm_of_two, [-1, 1]),
}


@pytest.mark.parametrize("name", FILES)
def test_labels_are_the_names_in_the_order_of_the_classes(name: str, tmp_path: Path) -> None:
    write, names = FILES[name]
    numbers = write(tmp_path / name)
    isoship.export(tmp_path / name, classes=names, out=tmp_path / "b", targets=())
    loaded = isoship.load(tmp_path / "b")
    answers = loaded.predict(X)
    assert answers["label"].tolist() == [names[number] for number in numbers]
    rows = loaded.predict_rows(X)
    assert [row["label"] for row in rows] == answers["label"].tolist()
    if "probabilities" in rows[0]:
        assert list(rows[0]["probabilities"]) == [str(each) for each in names]
    label = next(output for output in loaded.manifest.outputs if output.kind == "label")
    assert (label.classes, label.dtype) == (tuple(names), "string" if isinstance(names[0], str) else "int64")


@pytest.mark.parametrize(("name", "text"), [("booster.json", "low,mid,high"), ("booster.txt", "7,8,9")])
def test_every_target_answers_with_the_names(name: str, text: str, tmp_path: Path) -> None:
    """Text on the command line; a check of the bundle names them again by itself."""
    FILES[name][0](tmp_path / name)
    bundle = tmp_path / "bundle"
    arguments = ["export", str(tmp_path / name), "--classes", text, "-o", str(bundle), "--offline"]
    ran = CliRunner().invoke(main, arguments)
    assert ran.exit_code == 0, ran.output
    runtimes = ("onnxruntime", "edge", "lambda", "web-node-cpu")
    report = isoship.check(bundle, model=tmp_path / name, runtimes=runtimes)
    assert report.ok, report.table()
    assert report.evidence == "source"
    assert {each.name for each in report.verdicts if each.status == "agree"} >= set(runtimes)
    label = next(o for o in json.loads((bundle / "manifest.json").read_bytes())["outputs"] if o["name"] == "label")
    assert label["classes"] == ([7, 8, 9] if text[0] == "7" else NAMES)


def test_a_bundle_of_other_names_is_another_one(tmp_path: Path) -> None:
    """The graph holds the names: a manifest that says others is found out."""
    native_xgboost(tmp_path / "m.json")
    isoship.export(tmp_path / "m.json", classes=NAMES, out=tmp_path / "b", targets=())
    source = open_source(tmp_path / "m.json", classes=NAMES[::-1])
    (answer,) = source.answers([{"x0": 3.0, "x1": 3.0, "x2": 0.0}]).outputs["label"]
    assert answer == "low"
    assert isoship.load(tmp_path / "b").predict(np.array([[3.0, 3.0, 0.0]]))["label"].tolist() == ["high"]


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        (["a", "b"], r"gives 2 names \(a, b\), and XGBoostClassifier has 3 classes \(0, 1, 2\)"),
        (["a", "b", "c", "d"], "gives 4 names"),
        (["a", 1, "c"], "all names as the one or the other"),
        ([True, False], "all names as the one or the other"),
        ([1, 2, 2**63], "an integer label has 64 bits"),
        ("a,b,a", "'a' stands twice"),
        ({"label": NAMES}, "'label' is an output of a network"),
    ],
)
def test_names_that_are_not_the_models_are_refused(classes: Any, says: str, tmp_path: Path) -> None:
    native_xgboost(tmp_path / "m.json")
    with pytest.raises(InputError, match=says):
        isoship.export(tmp_path / "m.json", classes=classes, out=tmp_path / "b", targets=())
    assert not (tmp_path / "b").exists()


def test_a_model_with_names_of_its_own_keeps_them(tmp_path: Path) -> None:
    model = LogisticRegression().fit(X, np.array(["no", "yes"])[TWO])
    isoship.export(model, classes="no,yes", out=tmp_path / "b", targets=())
    for classes in ("yes,no", "a,b", "no,yes,perhaps"):
        with pytest.raises(InputError, match="LogisticRegression keeps names of its own: no, yes"):
            open_source(model, classes=names_from(classes))
    trained = lightgbm.LGBMClassifier(n_estimators=2, **QUIET).fit(X, np.array(["no", "yes"])[TWO])
    with pytest.raises(InputError, match="keeps names of its own: no, yes"):
        open_source(trained, classes=["a", "b"])


def test_what_answers_numbers_has_no_classes() -> None:
    with pytest.raises(InputError, match="with one label, and LinearRegression answers value"):
        open_source(LinearRegression().fit(X, X[:, 0]), classes=["a", "b"])


def test_the_names_that_an_old_file_keeps(tmp_path: Path) -> None:
    """XGBoost 1.0 to 1.5 wrote them beside the trees, and later releases answer numbers."""
    model = xgboost.XGBClassifier(n_estimators=3, **SMALL).fit(X, TWO)
    booster = model.get_booster()
    kept = {"_estimator_type": "classifier", "missing": None, "classes_": ["no", "yes"]}
    booster.set_attr(scikit_learn=json.dumps(kept))
    booster.save_model(tmp_path / "m.json")
    assert open_source(tmp_path / "m.json", classes=["no", "yes"]).outputs[0].classes == ("no", "yes")
    with pytest.raises(InputError, match="keeps names of its own: no, yes"):
        open_source(tmp_path / "m.json", classes=["yes", "no"])


@pytest.mark.parametrize(
    ("option", "names"),
    [
        (None, None),
        ("1,2,3", (1, 2, 3)),
        ("-1,1", (-1, 1)),
        ("007,1", ("007", "1")),
        ("1,b", ("1", "b")),
        (["1", "2"], ("1", "2")),
        ([3, 4], (3, 4)),
        (np.array([3, 4]), (3, 4)),
    ],
)
def test_text_of_integers_alone_is_integers(option: Any, names: Any) -> None:
    assert names_from(option) == names


def test_names_come_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("low\nmid\nhigh\n")
    (tmp_path / "names.json").write_text('["1", "2", "3"]')
    assert names_from(str(tmp_path / "names.txt")) == ("low", "mid", "high")
    assert names_from(tmp_path / "names.json") == ("1", "2", "3")
