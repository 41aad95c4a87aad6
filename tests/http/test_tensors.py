"""Bundles of tensors over HTTP: one table of requests and answers, against every skin, and Lambda behind a gateway."""

from __future__ import annotations

import base64
import gzip
import io
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx
import jsonschema
import numpy as np
import pytest
from PIL import Image
from servers import edge_server, lambda_server, uvicorn_server

from isoship_edge.http.api import handle
from isoship_edge.http.metrics import Metrics
from isoship_edge.inference.model import load
from tensor_bundles import (
    MIXED,
    digits_reference,
    json_of,
    make_tensor_bundle,
    mixed_inputs,
    mixed_reference,
)

JSON = {"content-type": "application/json"}
PROBLEM = "application/problem+json"
SERVERS = {
    "edge": edge_server,
    "uvicorn": uvicorn_server,
    "lambda": lambda folder: lambda_server(folder, "1"),
    "lambda, fastapi": lambda folder: lambda_server(folder, "0"),
}
IMAGES = np.random.default_rng(3).integers(0, 17, (2, 8, 8, 1), dtype="uint8")
FLOATS = [one["name"] for one in MIXED if one["dtype"] in ("double", "float", "float16")]
GOOD = mixed_inputs(2, seed=4)
#: JSON has no infinities, and they are answerable in one input alone.
GOOD["x_double"][:] = [[0.1, math.nan], [-0.0, 5e-324]]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: make_tensor_bundle(tmp_path_factory.mktemp(kind), kind) for kind in ("digits", "mixed")}


@pytest.fixture(scope="module", params=SERVERS)
def clients(request: pytest.FixtureRequest, bundles: dict[str, Path]) -> Iterator[dict[str, httpx.Client]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_MAX_BODY", "100000")
        with (
            SERVERS[request.param](bundles["digits"]) as digits,
            SERVERS[request.param](bundles["mixed"]) as mixed,
            httpx.Client(base_url=digits, timeout=20, trust_env=False) as one,
            httpx.Client(base_url=mixed, timeout=20, trust_env=False) as other,
        ):
            yield {"digits": one, "mixed": other}


def png(images: Any) -> dict[str, str]:
    """A gray picture through Pillow."""
    file = io.BytesIO()
    Image.fromarray(images[..., 0]).save(file, "PNG")
    return {"png": base64.b64encode(file.getvalue()).decode()}


def test_numbers_are_the_formulas(clients: dict[str, httpx.Client]) -> None:
    answer = clients["digits"].post("/predict", json={"inputs": {"image": IMAGES.tolist()}})
    assert answer.status_code == 200
    made = answer.json()
    assert list(made) == ["model", "version", "outputs"]
    assert (made["model"], made["version"]) == ("digits", "1.2.3")
    want = digits_reference({"image": IMAGES})["logits"]
    np.testing.assert_allclose(made["outputs"]["logits"], want, rtol=1e-5, atol=1e-4)


def test_pictures_are_the_pixels(clients: dict[str, httpx.Client]) -> None:
    client = clients["digits"]
    want = client.post("/predict", json={"inputs": {"image": IMAGES.tolist()}}).json()["outputs"]["logits"]
    several = client.post("/predict", json={"inputs": {"image": [png(one) for one in IMAGES]}})
    assert several.json()["outputs"]["logits"] == want
    one = client.post("/predict", json={"inputs": {"image": png(IMAGES[0])}})
    assert one.json()["outputs"]["logits"] == want[:1]


def test_every_dtype_goes_both_ways(clients: dict[str, httpx.Client]) -> None:
    answer = clients["mixed"].post("/predict", json={"inputs": json_of(GOOD)})
    assert answer.status_code == 200, answer.text
    outputs = answer.json()["outputs"]
    want = mixed_reference(GOOD)
    assert list(outputs) == list(want)
    for name, value in want.items():
        assert outputs[name] == json_of({name: value})[name]
    assert "NaN" not in answer.text
    infinite = json.dumps({"inputs": json_of(GOOD)}).replace("5e-324", "1e400")
    assert clients["mixed"].post("/predict", content=infinite).json()["outputs"]["x_double_out"] == [
        [0.1, None], [-0.0, None]
    ]  # fmt: skip


class Case(NamedTuple):
    name: str
    body: Any
    status: int = 422
    members: Mapping[str, Any] = MappingProxyType({})
    has: str = ""
    kind: str = "digits"


def changed(**inputs: Any) -> dict[str, Any]:
    made = {**json_of(GOOD), **inputs}
    return {"inputs": {name: value for name, value in made.items() if value is not ...}}


def pixels(value: Any) -> dict[str, Any]:
    return {"inputs": {"image": value}}


WIDE = np.zeros((1, 8, 9, 1), "uint8")
CASES = [
    Case("an empty body", b"", has="empty"),
    Case("no JSON", b"{inputs", has="not JSON"),
    Case("NaN", b'{"inputs": {"image": [NaN]}}', has="NaN is no JSON number"),
    Case("a list", [1], has="got an array"),
    Case("rows", {"rows": []}, has='expected the key \\"inputs\\"'),
    Case("a key beside", {"inputs": {}, "extra": 1}, has='\\"extra\\"'),
    Case("inputs that are a list", {"inputs": []}, members={"seen": "an array", "expected": "an object"}),
    Case("no input", {"inputs": {}}, members={"input": "image", "seen": "nothing (the input is absent)"}),
    Case("another input", {"inputs": {"x": 1}}, members={"input": "x", "seen": "an unknown input"}),
    Case("a number for a tensor", pixels(1), members={"input": "image", "seen": "a number 1"}),
    Case("a rank too few", pixels([[1]]), members={"index": [0, 0], "seen": "a number 1"}),
    Case("ragged lists", pixels([[[[1]], [[1], [2]]]]), members={"index": [0, 1], "seen": "one of 2"}),
    Case("another width", pixels(WIDE.tolist()), members={"seen": "shape [1, 8, 9, 1]",
                                                          "expected": "shape [N, 8, 8, 1]"}),
    Case("no pictures", pixels([]), has="got shape [0, 0, 0, 0]"),
    Case("a value too large", pixels([[[[256]]]]), members={
        "input": "image", "index": [0, 0, 0, 0], "seen": "a number 256", "expected": "an integer from 0 to 255",
        "detail": 'input "image" at [0, 0, 0, 0]: expected an integer from 0 to 255, got a number 256'}),
    Case("a boolean", pixels([[[[True]]]]), members={"seen": "a boolean true"}),
    Case("half a pixel", pixels([[[[0.5]]]]), members={"seen": "a number 0.5"}),
    Case("no base64", pixels({"png": "?"}), has="no base64"),
    Case("a data: URL", pixels({"png": "data:image/png;base64,AAAA"}), has="got a data: URL"),
    Case("a png that is a number", pixels({"png": 1}), has="got a number 1 as png"),
    Case("a jpeg", pixels({"jpeg": "AAAA"}), has='got an object with the keys \\"jpeg\\"'),
    Case("no PNG", pixels({"png": "AAAA"}), has="a PNG, got bytes with another beginning"),
    Case("a picture of another size", pixels([png(IMAGES[0]), png(WIDE[0])]), members={
        "index": [1], "expected": "a picture of [8, 8] pixels (height, width)", "seen": "one of [8, 9]"}),
    Case("a picture among lists", pixels([IMAGES[0].tolist(), png(IMAGES[0])]), members={
        "index": [0], "seen": "an array"}),
    Case("too large a body", pixels([[[[1]] * 8] * 8] * 500), 413),
    Case("NaN where none is taken", changed(x_float=[[1, None], [2, 3]]), kind="mixed",
         members={"input": "x_float", "index": [0, 1], "seen": "null"}),
    Case("beyond float32", changed(x_float=[[1, 1e39], [2, 3]]), kind="mixed", members={"seen": "a number 1e+39"}),
    Case("beyond float16", changed(x_float16=[[1, 65520], [2, 3]]), kind="mixed", members={"seen": "a number 65520"}),
    Case("a row that the embedding has not", changed(ids=[[0], [5]]), kind="mixed",
         members={"input": "ids", "index": [1, 0], "expected": "an integer from 0 to 4"}),
    Case("other sizes of one name", changed(ids=[[0]]), kind="mixed", has='with N = 2 as in \\"x_float\\"'),
    Case("a scalar in a list", changed(scalar=[1]), kind="mixed", members={"input": "scalar", "seen": "an array"}),
    Case("a scalar beyond its end", changed(scalar=2.75), kind="mixed",
         members={"expected": "a finite number from -1.5 to 2.5"}),
    Case("NUL in a string", changed(x_string=[["a", "b\0"], ["", ""]]), kind="mixed", members={"index": [0, 1]}),
    Case("an absent input", changed(nan=...), kind="mixed", members={"input": "nan"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_refused(case: Case, clients: dict[str, httpx.Client]) -> None:
    body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
    answer = clients[case.kind].post("/predict", content=body, headers=JSON)
    assert answer.status_code == case.status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    document = answer.json()
    assert document["status"] == case.status
    assert {name: document.get(name) for name in case.members} == case.members
    assert case.has in answer.text


def test_gzip_and_other_media(clients: dict[str, httpx.Client]) -> None:
    body = gzip.compress(json.dumps({"inputs": {"image": IMAGES.tolist()}}).encode())
    assert clients["digits"].post("/predict", content=body, headers={"content-encoding": "gzip"}).status_code == 200
    assert clients["digits"].post("/predict", content=b"x", headers={"content-type": "image/png"}).status_code == 415
    assert clients["digits"].get("/predict").status_code == 405


def test_small_pictures_that_unpack_to_much_are_refused(tmp_path: Path) -> None:
    """Pictures of any size, of which a kilobyte of PNG may hold a megabyte: the request's body bounds them all."""
    folder = make_tensor_bundle(tmp_path / "any", "any_size")
    model = load(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_MAX_BODY", "100000")
        fits, beyond = np.zeros((800, 500, 1), "uint8"), np.zeros((1000, 1000, 1), "uint8")
        for images, status in (([fits], 200), ([fits, fits], 200), ([fits] * 3, 422), ([beyond], 422)):
            body = json.dumps({"inputs": {"image": [png(one) for one in images]}}).encode()
            response = handle(model, "POST", "/predict", {}, body)
            assert response.status == status, response.body
    assert b"pictures of fewer pixels in a request" in response.body


def test_v2_in_json(clients: dict[str, httpx.Client]) -> None:
    image = {"name": "image", "shape": [2, 8, 8, 1], "datatype": "UINT8"}
    want = digits_reference({"image": IMAGES})["logits"]
    for data in (IMAGES.reshape(-1).tolist(), IMAGES.tolist()):
        answer = clients["digits"].post(
            "/v2/models/digits/infer", json={"id": "7", "inputs": [{**image, "data": data}]}
        )
        document = answer.json()
        assert (document["id"], document["model_name"]) == ("7", "digits")
        [output] = document["outputs"]
        assert (output["name"], output["datatype"], output["shape"]) == ("logits", "FP32", [2, 10])
        np.testing.assert_allclose(np.reshape(output["data"], (2, 10)), want, rtol=1e-5, atol=1e-4)


def infer(name: str, **change: Any) -> dict[str, Any]:
    image = {"name": name, "shape": [2, 8, 8, 1], "datatype": "UINT8", "data": IMAGES.reshape(-1).tolist()}
    return {key: value for key, value in {**image, **change}.items() if value is not ...}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([infer("x")], 'input "x": expected one of the inputs "image", got an unknown input'),
        ([infer("image"), infer("image")], "given twice"),
        ([infer("image", datatype="FP32")], 'expected datatype UINT8, got "FP32"'),
        ([infer("image", datatype=...)], "expected datatype UINT8, got null"),
        ([infer("image", shape=[2, 64])], "got shape [2, 64]"),
        ([infer("image", shape=[-1, 8, 8, 1])], 'expected "shape" as a list of sizes'),
        ([infer("image", shape=[1] * 65)], 'expected "shape" as a list of sizes'),
        ([infer("image", shape=[3, 8, 8, 1])], "192 values for shape [3, 8, 8, 1], got 128"),
        ([infer("image", shape=[0, 8, 8, 1], data=[])], "with N at least 1"),
        ([infer("image", data=IMAGES[:1].tolist())], "of shape [2, 8, 8, 1], got shape [1, 8, 8, 1]"),
        ([infer("image", data=[300] * 128)], "at [0, 0, 0, 0]: expected an integer from 0 to 255, got a number 300"),
        ([infer("image", data="AAAA")], '"data" to be a list'),
        ([infer("image", data=...)], 'has no "data"'),
        ([infer("image", data=..., parameters={"binary_data_size": 128})], 'has no "data"'),
    ],
)
def test_v2_refuses_what_does_not_fit(inputs: Any, said: str, clients: dict[str, httpx.Client]) -> None:
    answer = clients["digits"].post("/v2/models/digits/infer", json={"inputs": inputs})
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert said in answer.json()["error"]


def test_v2_binary_that_does_not_fit(clients: dict[str, httpx.Client]) -> None:
    for size, raw, said in ((127, bytes(127), "is 128 bytes, and there are 127"), (128, bytes(127), "127 are left")):
        head = json.dumps(
            {"inputs": [infer("image", data=..., parameters={"binary_data_size": size})]}
        ).encode()  # fmt: skip
        answer = clients["digits"].post(
            "/v2/models/digits/infer", content=head + raw,
            headers={"inference-header-content-length": str(len(head)), "content-type": "application/octet-stream"},
        )  # fmt: skip
        assert answer.status_code == 400
        assert said in answer.json()["error"]


def test_metadata_says_minus_one_for_what_has_a_name(clients: dict[str, httpx.Client]) -> None:
    document = clients["mixed"].get("/v2/models/mixed").json()
    inputs = {one["name"]: (one["datatype"], one["shape"]) for one in document["inputs"]}
    assert inputs["x_float16"] == ("FP16", [-1, 2])
    assert inputs["x_uint64"] == ("UINT64", [-1, 2])
    assert inputs["scalar"] == ("FP32", [])
    assert inputs["nan"] == ("FP32", [-1, -1])
    assert {one["name"]: one["shape"] for one in document["outputs"]}["rows"] == [-1, -1, 3]
    assert document["platform"] == "onnx_onnxv1"


def test_pages_name_the_inputs(clients: dict[str, httpx.Client]) -> None:
    card = clients["digits"].get("/").json()
    assert card["signature"]["inputs"][0] == {
        "name": "image", "dtype": "uint8", "shape": ["N", 8, 8, 1], "image": {"color": "gray"}
    }  # fmt: skip
    page = clients["digits"].get("/", headers={"accept": "text/html"}).text
    assert "<h2>Inputs</h2>" in page
    assert "[N, 8, 8, 1], gray pictures" in page
    assert clients["digits"].get("/docs").status_code == 200


def test_the_openapi_document_takes_what_the_model_takes(clients: dict[str, httpx.Client]) -> None:
    for kind, good in (("digits", pixels(IMAGES.tolist())), ("mixed", changed())):
        document = clients[kind].get("/openapi.json").json()
        schemas = document["components"]["schemas"]

        def fits(name: str, value: Any, schemas: Any = schemas) -> bool:
            return jsonschema.Draft202012Validator({**schemas[name], "components": {"schemas": schemas}}).is_valid(
                value
            )

        assert fits("PredictRequest", good)
        answer = clients[kind].post("/predict", json=good).json()
        assert fits("PredictResponse", answer)
        for case in CASES:
            if case.kind == kind and not isinstance(case.body, bytes) and case.name in BY_SCHEMA:
                assert not fits("PredictRequest", case.body), case.name
    examples = clients["mixed"].get("/openapi.json").json()["components"]["schemas"]["PredictRequest"]["examples"]
    assert clients["mixed"].post("/predict", json=examples[0]).status_code == 200
    assert fits("PredictRequest", examples[0])


BY_SCHEMA = (
    "no input", "another input", "a number for a tensor", "a rank too few", "another width", "no pictures",
    "a value too large", "a boolean", "half a pixel", "a jpeg", "NaN where none is taken", "beyond float32",
    "a row that the embedding has not", "a scalar in a list", "a scalar beyond its end", "an absent input",
)  # fmt: skip


def test_metrics_count_items(bundles: dict[str, Path]) -> None:
    model, metrics = load(bundles["digits"]), Metrics()
    body = json.dumps({"inputs": {"image": IMAGES.tolist()}}).encode()
    for _ in range(3):
        handle(model, "POST", "/predict", JSON, body, metrics=metrics)
    handle(model, "POST", "/predict", JSON, b"{}", metrics=metrics)
    text = metrics.text(model)
    assert "isoship_rows_total 6\n" in text
    assert 'isoship_requests_total{route="/predict",status="422"} 1' in text
