"""Classes that are integers of many digits: carried whole, or refused before anything is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import isoship
from isoship.sources import open_source

X = np.random.default_rng(2).normal(size=(60, 2))
PLACES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def labelled(classes: Any, make: Any = LogisticRegression) -> Any:
    return make().fit(X, np.asarray(classes)[PLACES])


BEYOND = {
    "uint64": np.array([1, 2**63, 2**64 - 1], dtype="uint64"),
    "uint64, one": np.array([1, 2, 2**63], dtype="uint64"),
}


@pytest.mark.parametrize("make", [LogisticRegression, DecisionTreeClassifier, KNeighborsClassifier])
@pytest.mark.parametrize("kind", BEYOND)
def test_classes_that_no_tensor_holds_are_refused_with_the_way_out(kind: str, make: Any) -> None:
    model = labelled(BEYOND[kind], make)
    with pytest.raises(
        isoship.IsoshipError, match=r"does not fit in .* Train on the classes as text: y\.astype\(str\)"
    ):
        open_source(model, sample=X)


WITHIN = {
    "int64": np.array([-(2**63), 2**53 + 1, 2**63 - 1]),
    "uint64": np.array([0, 2**53 + 1, 2**62 + 1], dtype="uint64"),
}


@pytest.mark.parametrize("kind", WITHIN)
def test_classes_above_2_53_are_answered_to_the_last_digit_where_no_browser_is(tmp_path: Path, kind: str) -> None:
    model = labelled(WITHIN[kind])
    with pytest.raises(isoship.IsoshipError, match=r"a browser are doubles.*--targets lambda,edge"):
        isoship.export(model, sample=X, out=tmp_path / "web", targets=("web",))
    assert not (tmp_path / "web").exists()
    isoship.export(model, sample=X, out=tmp_path / "b", targets=())
    loaded = isoship.load(tmp_path / "b")
    assert loaded.predict(X)["label"].tolist() == model.predict(X).tolist()
    assert [row["label"] for row in loaded.predict_rows(X)] == model.predict(X).tolist()
    pd.DataFrame(X, columns=["x0", "x1"]).to_csv(tmp_path / "rows.csv", index=False)
    from isoship.batch.scoring import predict as predict_file

    predict_file(tmp_path / "b", tmp_path / "rows.csv", tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["label"] for line in lines] == model.predict(X).tolist()
    assert list(lines[0]["probabilities"]) == [str(c) for c in WITHIN[kind].tolist()]
    report = isoship.check(tmp_path / "b", model=model, runtimes=["onnxruntime"], rows=100)
    assert report.ok, report.table()


def test_the_same_classes_as_text_go_everywhere() -> None:
    model = labelled(BEYOND["uint64"].astype(str))
    source = open_source(model, sample=X)
    assert source.outputs[0].dtype == "string"
    assert set(source.outputs[0].classes or ()) == {"1", str(2**63), str(2**64 - 1)}
