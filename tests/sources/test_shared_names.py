"""Columns called as outputs are, or not at all: users keep the names, and tensors get names of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import isoship
from isoship.batch.scoring import predict as predict_file
from isoship_edge.http.api import handle

RNG = np.random.default_rng(13)
VALUES = RNG.normal(size=(60, 3))
CLASSES = (VALUES[:, 0] > 0).astype(int)

CASES: dict[str, tuple[Any, list[str], Any]] = {
    "a regressor": (HistGradientBoostingRegressor(max_iter=3), ["value", "input_value", "c"], VALUES[:, 0]),
    "a classifier": (RandomForestClassifier(3, random_state=0), ["label", "probabilities", "scores"], CLASSES),
    "a transformer": (StandardScaler(), ["transformed", "", "b"], None),
    "a column without a name": (LogisticRegression(), ["", "b", "c"], CLASSES),
}


def asked_by_http(model: Any, method: str, path: str, body: bytes = b"") -> Any:
    answered = handle(model, method, path, {"content-type": "application/json"}, body)
    assert answered.status == 200, answered.body
    return json.loads(answered.body)


@pytest.mark.parametrize("kind", CASES)
def test_inputs_and_outputs_do_not_share_a_name_space(tmp_path: Path, kind: str) -> None:
    model, names, target = CASES[kind]
    frame = pd.DataFrame(VALUES, columns=names)
    model.fit(frame, target)
    made = isoship.export(model, sample=frame, out=tmp_path / "b", name="b", targets=("web",))
    columns, outputs = made.manifest.signature.columns, made.manifest.outputs
    assert [c.name for c in columns] == names
    graph = onnx.load(tmp_path / "b" / "model.onnx").graph
    assert [i.name for i in graph.input] == [c.tensor for c in columns]
    assert len({c.tensor for c in columns} | {o.name for o in outputs}) == len(columns) + len(outputs)
    assert [c.input is None for c in columns] == [bool(n) and n not in {o.name for o in outputs} for n in names]

    expected = model.transform(frame) if target is None else model.predict(frame)
    loaded = isoship.load(tmp_path / "b")
    rows = frame.to_dict("records")
    for asked in (frame, rows, rows[:1]):
        answers = next(iter(loaded.predict(asked).values()))
        np.testing.assert_allclose(answers, expected[: len(asked)], rtol=0, atol=1e-9)

    # HTTP's rows have the user's names, V2's tensors those of the graph
    name = outputs[0].name
    body = json.dumps({"rows": rows[:2]}).encode()
    answered = asked_by_http(loaded, "POST", "/predict", body)
    np.testing.assert_allclose([p[name] for p in answered["predictions"]], expected[:2], rtol=0, atol=1e-9)
    tensors = [
        {"name": c.tensor, "shape": [2, 1], "datatype": "FP64", "data": frame[c.name][:2].tolist()} for c in columns
    ]
    body = json.dumps({"inputs": tensors}).encode()
    answered = asked_by_http(loaded, "POST", "/v2/models/b/infer", body)
    found = {o["name"]: o["data"] for o in answered["outputs"]}
    np.testing.assert_allclose(np.ravel(found[name]), np.ravel(expected[:2]), rtol=0, atol=1e-9)
    told = asked_by_http(loaded, "GET", "/v2/models/b")
    assert [i["name"] for i in told["inputs"]] == [c.tensor for c in columns]

    frame.to_parquet(tmp_path / "rows.parquet")
    predict_file(tmp_path / "b", tmp_path / "rows.parquet", tmp_path / "out.parquet")
    written = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(written[names], frame)
    if kind == "a regressor":
        np.testing.assert_allclose(written["predicted_value"], expected, rtol=0, atol=1e-9)

    runtimes = ["onnxruntime", "http", "tfjs-stock-node-cpu", "web-node-cpu"]
    report = isoship.check(tmp_path / "b", model=model, sample=frame, runtimes=runtimes, rows=100)
    assert report.ok, report.table()
