"""Where a dimension ends, its largest size is found by asking, and a longer call is refused by the dimension's name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_graphs import embedding, encoder, model, network, value

import isoship
from isoship.errors import InputError
from isoship.sources.onnx_file.source import OnnxFile
from isoship.tensors.longest import tables_of
from isoship_edge.http.api import handle
from isoship_edge.http.openapi import openapi

ROWS = 6


def top_k() -> onnx.ModelProto:
    """The k largest of 8."""
    return model(
        [helper.make_node("TopK", ["x", "k"], ["y", "i"])], [value("x", shape=("N", 8)), value("k", "int64", (1,))],
        [value("y", shape=None), value("i", "int64", None)],
    )  # fmt: skip


@pytest.mark.parametrize("how", ["Gather", "Slice"])
def test_a_table_of_positions_ends_a_sequence(how: str) -> None:
    source = OnnxFile(encoder(how))
    (ids,) = source.signature.inputs
    assert ids.largest == {"T": ROWS}
    assert f"T: the model takes sizes up to {ROWS}, and answers none beyond" in source.notes


def test_what_has_no_end_gets_none() -> None:
    """A vocabulary is looked up by values, and the rows of a weight that nothing is looked up in say nothing."""
    for made in (embedding(7), network()):
        assert [one.largest for one in OnnxFile(made).signature.inputs] == [None]
    assert tables_of(network()) == set()


def test_a_size_that_is_refused_for_not_being_even_is_no_end() -> None:
    """x [N, T] in pairs, and one of 4 rows is added: T is 4, and not 5, and 6 again."""
    weights = {"table": np.ones((4, 2), "f4"), "row": np.array([-1, 2]), "none": np.array(0, "f4")}
    node = helper.make_node
    made = model(
        [
            node("Reshape", ["x", "row"], ["pairs"]),
            node("ReduceMax", ["pairs"], ["most"], keepdims=0),
            node("Mul", ["most", "none"], ["nil"]),
            node("Cast", ["nil"], ["place"], to=onnx.TensorProto.INT64),
            node("Gather", ["table", "place"], ["chosen"], axis=0),
            node("Add", ["pairs", "chosen"], ["y"]),
        ],
        [value("x", shape=(1, "T"))], [value("y", shape=None)], weights,
    )  # fmt: skip
    assert tables_of(made) == {4}
    assert OnnxFile(made).signature.inputs[0].largest is None


def test_a_longer_call_is_refused_by_name_everywhere(tmp_path: Path) -> None:
    onnx.save(encoder(), tmp_path / "encoder.onnx")
    isoship.export(tmp_path / "encoder.onnx", out=tmp_path / "b", targets=())
    bundle = isoship.load(tmp_path / "b")
    assert bundle.predict({"ids": np.ones((2, ROWS), "int64")})["y"].shape == (2, 4)
    said = rf'input "ids": expected shape \[N, T\] with T at most {ROWS}, got shape \[2, {ROWS + 1}\]'
    long = np.ones((2, ROWS + 1), "int64")
    with pytest.raises(InputError, match=said):
        bundle.predict({"ids": long})
    flat = {"name": "ids", "shape": list(long.shape), "datatype": "INT64", "data": long.ravel().tolist()}
    for path, body, status in (
        ("/predict", {"inputs": {"ids": long.tolist()}}, 422),
        ("/v2/models/encoder/infer", {"inputs": [flat]}, 400),
    ):
        answer = handle(bundle, "POST", path, {"content-type": "application/json"}, json.dumps(body).encode())
        assert answer.status == status
        assert f"T at most {ROWS}" in answer.body.decode()
    schema = json.dumps(openapi(bundle.manifest))
    assert f'"maxItems": {ROWS}' in schema
    report = isoship.check(tmp_path / "b", model=tmp_path / "encoder.onnx", runtimes=("onnxruntime", "http"))
    assert report.ok, report.table()


def test_counts_end_where_there_are_no_more(tmp_path: Path) -> None:
    onnx.save(top_k(), tmp_path / "top.onnx")
    isoship.export(tmp_path / "top.onnx", out=tmp_path / "b", targets=())
    bundle = isoship.load(tmp_path / "b")
    x = np.arange(16, dtype="f4").reshape(2, 8)
    assert bundle.predict({"x": x, "k": np.array([8])})["y"].shape == (2, 8)
    for k in (9, -1, 2**40):
        with pytest.raises(InputError, match=r'input "k" at \[0\]: expected an integer from \d to 8'):
            bundle.predict({"x": x, "k": np.array([k])})
