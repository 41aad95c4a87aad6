"""Every row of the sample is held against the contract and model.onnx before a bundle exists."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import isoship
from isoship.errors import SampleError, UnsupportedModelError
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict import own_rows
from isoship.sources import open_source
from isoship_edge.manifest import read_manifest

N = 200
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame({
    "city": RNG.choice(["Bern", "Cork", "Oslo"], N),
    "age": RNG.uniform(20, 60, N).round(1),
})  # fmt: skip
Y = ((FRAME.age > 40) ^ (FRAME.city == "Oslo")).astype(int)


@pytest.fixture(scope="module")
def model():
    front = make_column_transformer((OneHotEncoder(), ["city"]), (StandardScaler(), ["age"]))
    return make_pipeline(front, LogisticRegression()).fit(FRAME, Y)


@pytest.fixture(scope="module")
def source(model):
    return open_source(model, sample=FRAME)


@pytest.fixture(scope="module")
def shipped(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "bundle"
    isoship.export(model, sample=FRAME, out=folder, targets=())
    return Shipped(folder, read_manifest(folder), ())


def narrowed(shipped, column, **fields):
    """The bundle with another contract for one column."""
    manifest = shipped.manifest
    columns = tuple(c._replace(**fields) if c.name == column else c for c in manifest.signature.columns)
    changed = manifest._replace(signature=manifest.signature._replace(columns=columns))
    return dataclasses.replace(shipped, manifest=changed)


def told(shipped, source):
    said: list[str] = []
    return own_rows.differing_rows(shipped, source, said.append), said


def test_a_right_bundle_holds(shipped, source) -> None:
    assert told(shipped, source) == (
        [], ["holding 200 rows of the sample against the input contract and model.onnx"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "fields", "expected"),
    [
        ("city", {"categories": ("Bern", "Cork")}, 'expects one of "Bern", "Cork" there and got a string "Oslo"'),
        ("age", {"maximum": 45.0}, "expects a number at most 45 there and got a number"),
        ("age", {"exclusive_minimum": 30.0}, "expects a number above 30 there"),
    ],
)
def test_a_contract_that_refuses_a_row_that_the_model_answers(shipped, source, column, fields, expected) -> None:
    with pytest.raises(
        UnsupportedModelError, match=rf"column '{column}'.*the model answers row \d+ of the sample"
    ) as e:
        told(narrowed(shipped, column, **fields), source)
    assert expected in e.value.why
    assert "train again" in e.value.instead


def test_a_contract_that_takes_a_row_that_the_model_refuses(shipped, model) -> None:
    with_rome = pd.concat([FRAME, pd.DataFrame({"city": ["Rome"], "age": [30.0]})], ignore_index=True)
    source = open_source(model, sample=with_rome)
    assert told(shipped, source)[1][1:] == ["1 of 201 rows of the sample are refused by the model, and by what ships"]
    with pytest.raises(UnsupportedModelError, match=r"column 'city', .*the model refuses row 200 of the sample"):
        told(narrowed(shipped, "city", categories=None), source)


def test_a_graph_that_answers_otherwise_gives_the_rows(shipped, source, tmp_path) -> None:
    graph = onnx.load(shipped.folder / "model.onnx")
    for tensor in graph.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float64:
            tensor.CopyFrom(onnx.numpy_helper.from_array(values * (1 + 1e-6), tensor.name))
    onnx.save(graph, tmp_path / "model.onnx")
    differing, _ = told(dataclasses.replace(shipped, folder=tmp_path), source)
    assert differing
    assert set(differing[0]) == {"city", "age"}


def test_more_rows_than_are_answered_are_all_held_against_the_contract(shipped, source, monkeypatch) -> None:
    monkeypatch.setattr(own_rows, "_ANSWERED", 20)
    monkeypatch.setattr(own_rows, "_PART", 7)
    assert "answers were compared on 20 of 200 rows" in told(shipped, source)[1][1]
    rare = FRAME.age.nlargest(2).iloc[1]
    with pytest.raises(UnsupportedModelError, match=r"column 'age'"):
        told(narrowed(shipped, "age", maximum=float(rare)), source)


def test_two_marks_that_the_model_tells_apart_in_one_column_are_refused() -> None:
    """The model knows NaN; None is an unseen category to it, and a shipped model has one missing value."""
    frame = FRAME.astype({"city": object})
    frame.loc[:20, "city"] = np.nan
    front = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), (StandardScaler(), ["age"]))
    model = make_pipeline(front, LogisticRegression()).fit(frame, Y)
    frame.loc[199, "city"] = None
    with pytest.raises(SampleError, match="None"):
        isoship.export(model, sample=frame, targets=())


@pytest.mark.parametrize(
    "form", [np.asarray, lambda frame: frame.astype("float32"), lambda frame: frame.to_dict("records")]
)
def test_samples_of_every_form(form, tmp_path) -> None:
    frame = pd.DataFrame(RNG.normal(size=(60, 3)), columns=["a", "b", "c"])
    sample = form(frame)
    trained = sample if hasattr(sample, "shape") else frame
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(trained, frame["a"] > 0)
    assert isoship.export(model, sample=sample, out=tmp_path / "bundle", targets=()).report.ok
