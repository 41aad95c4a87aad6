"""One table of requests and answers, against every skin over `isoship_edge`, over real HTTP where there is HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from binary_cases import BINARY
from contract_cases import CASES as PLAIN
from contract_cases import JSON, PROBLEM, ROW, TENSORS, Case, as_bytes, rows, tensor
from servers import edge_server, uvicorn_server

from bundles import VISITS_ROWS, visits_reference
from isoship_edge.http.api import handle
from isoship_edge.http.metrics import Metrics
from isoship_edge.inference.model import load
from isoship_lambda.app import create_app

CASES = [*PLAIN, *BINARY]

Ask = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module", autouse=True)
def limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_MAX_ROWS", "100")
        patch.setenv("ISOSHIP_MAX_BODY", "600000")
        yield


def direct(folder: Path) -> Iterator[Ask]:
    model, metrics = load(folder), Metrics()

    def ask(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        response = handle(model, method, path, headers, body, metrics=metrics)
        return response.status, dict(response.headers), response.body

    yield ask


def _over_http(server: Callable[[Path], AbstractContextManager[str]]) -> Callable[[Path], Iterator[Ask]]:
    def skin(folder: Path) -> Iterator[Ask]:
        with server(folder) as url, httpx.Client(base_url=url, timeout=20, trust_env=False) as client:

            def ask(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
                answer = client.request(method, path, headers=headers, content=body)
                return answer.status_code, dict(answer.headers), answer.content

            yield ask

    return skin


SKINS = {"direct": direct, "stdlib": _over_http(edge_server), "fastapi": _over_http(uvicorn_server)}


@pytest.fixture(scope="module", params=SKINS)
def ask(request: pytest.FixtureRequest, limits: None, visits: Path) -> Iterator[Ask]:
    yield from SKINS[request.param](visits)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answers_as_the_contract_says(case: Case, ask: Ask) -> None:
    status, headers, body = ask(case.method, case.path, case.headers, as_bytes(case.body))
    assert status == case.status, body
    if case.media:
        assert headers["content-type"] == case.media
    for name, value in case.answer_headers.items():
        assert headers[name] == value
    if case.method == "HEAD" or status in (204, 308):
        assert body == b""
        return
    if case.media.endswith("json"):
        document = json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
        if case.media == PROBLEM:
            assert document["status"] == status
            assert set(document) >= {"type", "title", "detail"}
        if case.path.startswith("/v2") and status >= 400:
            assert list(document) == ["error"]
        assert {name: document.get(name) for name in case.expected} == case.expected
    assert case.has in body.decode(errors="replace")


def test_the_table_holds_what_was_promised() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 40
    assert sum(case.status >= 400 for case in CASES) >= 25


def test_predictions_are_the_formulas(ask: Ask) -> None:
    _, _, body = ask("POST", "/predict", JSON, as_bytes({"rows": VISITS_ROWS}))
    expected = visits_reference(VISITS_ROWS)
    for i, made in enumerate(json.loads(body)["predictions"]):
        assert made["label"] == expected["label"][i]
        assert list(made["probabilities"]) == ["low", "middle", "high"]
        assert list(made["probabilities"].values()) == pytest.approx(expected["probabilities"][i].tolist(), abs=1e-12)


def test_v2_and_predict_give_the_same_numbers(ask: Ask) -> None:
    _, _, body = ask("POST", "/predict", JSON, as_bytes({"rows": VISITS_ROWS[:2]}))
    _, _, v2 = ask("POST", "/v2/models/visits/infer", JSON, as_bytes({"inputs": TENSORS}))
    by_rows = [p for made in json.loads(body)["predictions"] for p in made["probabilities"].values()]
    outputs = {output["name"]: output for output in json.loads(v2)["outputs"]}
    assert outputs["probabilities"]["data"] == by_rows
    assert outputs["probabilities"]["shape"] == [2, 3]


def test_metrics_count_what_was_asked(ask: Ask) -> None:
    ask("POST", "/predict", JSON, as_bytes({"rows": VISITS_ROWS}))
    ask("GET", "/nowhere/else", {}, b"")
    status, headers, body = ask("GET", "/metrics", {}, b"")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
    assert int(lines['isoship_requests_total{route="/predict",status="200"}']) >= 1
    assert int(lines['isoship_requests_total{route="other",status="404"}']) >= 1
    assert int(lines["isoship_rows_total"]) >= 4
    count = lines['isoship_request_seconds_count{route="/predict"}']
    assert lines['isoship_request_seconds_bucket{route="/predict",le="+Inf"}'] == count


def test_without_metrics_there_is_no_such_path(visits: Path) -> None:
    assert handle(load(visits), "GET", "/metrics", {}, b"").status == 404


def test_matrix_models_take_x_as_one_tensor(yields: Path) -> None:
    model = load(yields)
    body = as_bytes({"inputs": [tensor("X", "FP64", [[1.0, 0.5, 0.0], [None, 0.6, 3.0]], [2, 3])]})
    response = handle(model, "POST", "/v2/models/yield/infer", JSON, body)
    assert json.loads(response.body)["outputs"] == [
        {"name": "value", "datatype": "FP64", "shape": [2], "data": [1.75, 4.375]}
    ]
    one = as_bytes({"inputs": [tensor(name, "FP64", [1.0]) for name in ("x0", "x1", "x2")]})
    assert handle(model, "POST", "/v2/models/yield/infer", JSON, one).status == 200


def test_every_skin_serves_the_same_openapi_document(ask: Ask, visits: Path) -> None:
    _, _, body = ask("GET", "/openapi.json", {}, b"")
    assert json.loads(body) == json.loads(json.dumps(create_app(visits).openapi()))


def test_openapi_names_the_columns_and_their_types(visits: Path) -> None:
    response = handle(load(visits), "GET", "/openapi.json", {}, b"")
    schemas = json.loads(response.body)["components"]["schemas"]
    row = schemas["Row"]
    assert row["properties"]["age"] == {"type": ["number", "null"], "minimum": -1000.0, "maximum": 1000.0}
    assert row["properties"]["visits"]["type"] == "integer"
    assert row["properties"]["member"] == {"type": "boolean"}
    assert row["properties"]["plan"]["enum"] == ["basic", "pro"]
    assert row["required"] == list(ROW)
    assert row["additionalProperties"] is False
    assert schemas["Prediction"]["properties"]["label"]["enum"] == ["low", "middle", "high"]


def test_the_openapi_schemas_accept_real_requests_and_answers(visits: Path) -> None:
    import jsonschema

    model = load(visits)
    document = json.loads(handle(model, "GET", "/openapi.json", {}, b"").body)
    answer = json.loads(handle(model, "POST", "/predict", JSON, as_bytes({"rows": VISITS_ROWS})).body)

    def check(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(value)

    check("PredictRequest", {"rows": VISITS_ROWS})
    check("PredictResponse", answer)
    with pytest.raises(jsonschema.ValidationError):
        check("PredictRequest", rows({"plan": "gold"}))
