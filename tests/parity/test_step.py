"""A disagreement names the step of the user's pipeline, its estimator and the node where model.onnx parts from it."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.mutants.graph import Canonical
from benchmarks.mutants.sealing import seal
from benchmarks.mutants.step_faults import keys_swapped, scale_last_bit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import isoship
from isoship.errors import ParityError
from isoship.parity.check import check
from isoship.sources.sklearn.walk import registry

DRAW = np.random.default_rng(21)
X = pd.DataFrame({
    "age": DRAW.integers(18, 90, 240).astype(float),
    "income": np.round(DRAW.normal(3e4, 8e3, 240)),
    "city": DRAW.choice(["Lima", "Oslo", "Rome"], 240),
})  # fmt: skip
X.loc[::11, "age"] = np.nan
Y = np.where(X["age"].fillna(40) + 10 * (X["city"] == "Oslo") + X["income"] / 2e3 > 70, "yes", "no")


def numbers():
    return Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])


def table():
    members = [("numbers", numbers(), ["age", "income"]), ("city", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    return ColumnTransformer(members)


@pytest.fixture(scope="module")
def model():
    return Pipeline([("columns", table()), ("decide", LogisticRegression())]).fit(X, Y)


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("step") / "bundle"
    isoship.export(model, sample=X, out=folder, name="step", targets=())
    return folder


@pytest.fixture
def bundle(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


def checked(bundle, model, plant):
    """The report and the step that it names, once a fault is planted."""
    canonical = Canonical(bundle)
    plant(canonical)
    canonical.save()
    seal(bundle)
    report = check(bundle, model=model, runtimes=["onnxruntime"])
    verdict = next(v for v in report.verdicts if v.name == "onnxruntime")
    assert verdict.status == "disagree"
    return report, verdict.cause.step


def exported(model, folder):
    isoship.export(model, sample=X, out=folder, name="step", targets=())
    return folder


def constant(op, edit, **where):
    return lambda canonical: canonical.change(op, edit, **where)


def first_to(factor):
    def edit(array):
        array.flat[0] = array.flat[0] * factor

    return edit


def cities_swapped(canonical):
    node = canonical.node("LabelEncoder")
    for name, value in keys_swapped(canonical.attributes(node)).items():
        canonical.set_attribute(node, name, value)


PIPELINE = "pipeline.steps[0] -> columntransformer.transformers"
FAULTS = {
    "a scaler's constant": (
        constant("Div", first_to(1.01)),
        f"{PIPELINE}[0] -> pipeline.steps[1]", ("columns", "numbers", "scale"), "StandardScaler()", "Div", 0,
    ),
    "a scaler's last bit": (
        constant("Sub", lambda mean: mean * (1 + 1e-9)),
        f"{PIPELINE}[0] -> pipeline.steps[1]", ("columns", "numbers", "scale"), "StandardScaler()", "Sub", 0,
    ),
    "a category swapped": (
        cities_swapped,
        f"{PIPELINE}[1]", ("columns", "city"), "OneHotEncoder(handle_unknown='ignore')", "LabelEncoder", None,
    ),
    "an imputer's value": (
        constant("Where", first_to(1.5)),
        f"{PIPELINE}[0] -> pipeline.steps[0]", ("columns", "numbers", "fill"), "SimpleImputer(strategy='median')",
        "Where", 0,
    ),
    "a coefficient": (
        constant("MatMul", first_to(1.1)), "pipeline.steps[1]", ("decide",), "LogisticRegression()", "MatMul", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_led_back_to_its_step(fault, bundle, model):
    plant, path, names, estimator, op, column = FAULTS[fault]
    if fault == "an imputer's value" and not any(n.op_type == "Where" for n in Canonical(bundle).graph.node):
        pytest.fail("the imputer is written with another operator, and the test must follow")
    report, step = checked(bundle, model, plant)
    assert step is not None
    assert (step.path, step.names, step.estimator, step.op) == (path, names, estimator, op)
    assert column is None or step.column == column
    assert step.method == "" or step.expected != step.got
    text, page = report.table(), report.to_html()
    assert f"Step: {path} ({' / '.join(map(repr, names))}), {estimator}: " in text
    assert step.node in page
    told = next(v for v in report.to_json()["verdicts"] if v["name"] == "onnxruntime")["cause"]["step"]
    assert told == json.loads(json.dumps(told, allow_nan=False))
    assert (told["path"], told["names"], told["node"]) == (path, list(names), step.node)


def test_the_sources_own_number_stands_beside_the_graphs(bundle, model):
    report, step = checked(bundle, model, FAULTS["a scaler's constant"][0])
    row = next(v.cause.row for v in report.verdicts if v.cause is not None)
    scaled = model[0].named_transformers_["numbers"].transform(pd.DataFrame([row])[["age", "income"]].astype(float))
    assert step.method == "transform"
    assert step.expected == scaled[0, step.column]
    assert step.got == pytest.approx(scaled[0, step.column] / 1.01)


def test_a_last_bit_is_a_column_of_the_steps_answer_too(tmp_path):
    """Where the next step makes much of it: the scaler's number, which moved by one ulp, and no value inside it."""
    model = make_pipeline(table(), RandomForestClassifier(20, random_state=0)).fit(X, Y)
    bundle = exported(model, tmp_path / "bundle")
    scale_last_bit(bundle, np.random.default_rng(0))
    seal(bundle)
    (step,) = (v.cause.step for v in check(bundle, model=model, runtimes=["onnxruntime"]).verdicts if v.cause)
    assert (step.estimator, step.method, step.op) == ("StandardScaler()", "transform", "Div")
    assert step.got in (np.nextafter(step.expected, np.inf), np.nextafter(step.expected, -np.inf))


def test_without_the_model_no_step_is_told_and_nothing_else_changes(bundle):
    canonical = Canonical(bundle)
    canonical.change("Div", first_to(1.01))
    canonical.save()
    seal(bundle)
    report = check(bundle, runtimes=["onnxruntime"])
    assert not report.ok
    assert all(v.cause is None or v.cause.step is None for v in report.verdicts)


def test_a_graph_of_another_shape_tells_no_step(bundle, model):
    def planted(canonical):
        canonical.change("Div", first_to(1.01))
        for node in canonical.graph.node:
            node.input[:] = [name if name in fixed(canonical) else f"{name}_elsewhere" for name in node.input]
            node.output[:] = [name if name in fixed(canonical) else f"{name}_elsewhere" for name in node.output]

    def fixed(canonical):
        graph = canonical.graph
        return {each.name for each in (*graph.input, *graph.output, *graph.initializer)} | {""}

    assert checked(bundle, model, planted)[1] is None


def wrong_scaler(c, scaler, frame):
    made = original(c, scaler, frame)["transform"]
    block = c.doubles(made, scaler)
    return {"transform": (block.__class__(c.g.op("Mul", block.name, np.array([[1.001, 1.0]])), "double", 2),)}


original = registry.carried()["StandardScaler"]


@pytest.fixture
def wrong_conversion(monkeypatch):
    monkeypatch.setitem(registry._CONVERTERS, "StandardScaler", wrong_scaler)


def test_a_wrong_converter_is_named_at_export_by_its_step(model, wrong_conversion, tmp_path):
    """Converted again, the model gives the very graph that ships: only the source's own results tell."""
    with pytest.raises(ParityError) as told:
        isoship.export(model, sample=X, out=tmp_path / "bundle", name="step", targets=())
    step = next(v.cause.step for v in told.value.report.verdicts if v.cause is not None)
    assert (step.path, step.estimator) == (f"{PIPELINE}[0] -> pipeline.steps[1]", "StandardScaler()")
    assert (step.method, step.column, step.op) == ("transform", 0, "Mul")
    assert step.got == pytest.approx(1.001 * step.expected)
    assert "StandardScaler()" in str(told.value)


def test_of_a_row_of_the_sample_the_step_is_told_and_no_value(bundle, model, monkeypatch):
    monkeypatch.setattr("isoship.parity.verdict.cause._MOST_COLUMNS", 0)
    canonical = Canonical(bundle)
    canonical.change("Div", first_to(1.01))
    canonical.save()
    seal(bundle)
    from isoship.parity.runners.contract import Shipped
    from isoship.parity.verdict.step import Steps
    from isoship.sources import open_source
    from isoship_edge.manifest import read_manifest

    shipped = Shipped(bundle, read_manifest(bundle), ())
    step = Steps(open_source(model, sample=X), shipped).first(X.iloc[[0]].to_dict("records")[0], kept=False)
    assert step.path == f"{PIPELINE}[0] -> pipeline.steps[1]"
    assert (step.expected, step.got) == (None, None)
    assert "differs, at Div" in str(step)


MADE_OF_OTHERS = {
    "search": lambda: GridSearchCV(
        Pipeline([("columns", table()), ("decide", LogisticRegression())]), {"decide__C": [1.0]}, cv=2
    ),
    "vote": lambda: VotingClassifier([("one", make_pipeline(table(), LogisticRegression()))], voting="soft"),
    "stack": lambda: StackingClassifier([("one", make_pipeline(table(), LogisticRegression()))], cv=2),
    "calibrated": lambda: CalibratedClassifierCV(
        make_pipeline(table(), LogisticRegression()), method="sigmoid", ensemble=False, cv=2
    ),
    "forest": lambda: make_pipeline(table(), RandomForestClassifier(5, max_depth=3, random_state=0)),
}


@pytest.mark.parametrize("name", MADE_OF_OTHERS)
def test_inside_estimators_that_are_made_of_others(name, tmp_path):
    model = MADE_OF_OTHERS[name]().fit(X, Y)
    _, step = checked(exported(model, tmp_path / "bundle"), model, constant("Div", first_to(1.01)))
    assert step.path.endswith("columntransformer.transformers[0] -> pipeline.steps[1]")
    assert (step.estimator, step.op, step.method) == ("StandardScaler()", "Div", "transform")


def other_leaf(canonical):
    """The largest value in the table of leaves."""
    fixed = {each.name for each in canonical.graph.initializer}
    name = next(
        n.input[0] for n in canonical.graph.node if n.op_type == "ArrayFeatureExtractor" and n.input[0] in fixed
    )
    table = canonical.constant(name)
    table.flat[int(np.argmax(np.abs(table)))] *= 1.25
    canonical.set_constant(name, table)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "catboost"])
@pytest.mark.parametrize("where", ["scale", "leaf"])
def test_a_booster_in_a_pipeline(library, where, tmp_path):
    package = importlib.import_module(library)
    booster = {
        "xgboost": lambda: package.XGBClassifier(n_estimators=8, max_depth=3),
        "lightgbm": lambda: package.LGBMClassifier(n_estimators=8, min_child_samples=5, verbose=-1),
        "catboost": lambda: package.CatBoostClassifier(iterations=8, depth=3, verbose=0, allow_writing_files=False),
    }[library]()
    model = Pipeline([("columns", table()), ("decide", booster)]).fit(X, (Y == "yes").astype(int))
    plant = constant("Div", first_to(1.2)) if where == "scale" else other_leaf
    _, step = checked(exported(model, tmp_path / "bundle"), model, plant)
    if where == "scale":
        assert step.path == f"{PIPELINE}[0] -> pipeline.steps[1]"
    else:
        assert (step.path, step.names) == ("pipeline.steps[1]", ("decide",))
        assert step.estimator.startswith(type(booster).__name__)


def per_year_of_age(x):
    return x.assign(income=x["income"] / (x["age"] + 1.0))


def test_a_step_that_was_traced(tmp_path):
    steps = [("fill", SimpleImputer().set_output(transform="pandas")), ("ratio", FunctionTransformer(per_year_of_age))]
    columns = ColumnTransformer([("numbers", Pipeline([*steps, ("scale", StandardScaler())]), ["age", "income"])])
    model = Pipeline([("columns", columns), ("decide", LogisticRegression())]).fit(X, Y)
    folder = exported(model, tmp_path / "bundle")

    def one_more(canonical):
        name = next(n.input[1] for n in canonical.graph.node if n.op_type == "Add")
        canonical.set_constant(name, canonical.constant(name) + 1.0)

    _, step = checked(folder, model, one_more)
    assert step.path == f"{PIPELINE}[0] -> pipeline.steps[1]"
    assert step.names == ("columns", "numbers", "ratio")
    assert step.estimator.startswith("FunctionTransformer(")
    assert (step.method, step.column, step.op) == ("transform", 1, "Add")
    assert abs(step.expected) > abs(step.got)
