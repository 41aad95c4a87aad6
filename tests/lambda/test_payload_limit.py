"""What Lambda would not carry is refused before it fails: 6 MB, and 1 MB behind a load balancer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lambda_directory import Here

from bundles import VISITS_ROWS
from isoship.parity.runners.lambda_process import LambdaFunction
from isoship_lambda import payload

Load = Callable[..., ModuleType]
ROOMY = {"ISOSHIP_MAX_BODY": "100000000"}
INFER = {
    "inputs": [
        {"name": "age", "shape": [4], "datatype": "FP64", "data": [39.0, None, 71.25, 18.1]},
        {"name": "income", "shape": [4], "datatype": "FP64", "data": [0.0] * 4},
        {"name": "visits", "shape": [4], "datatype": "INT64", "data": [3, -7, 0, 0]},
        {"name": "member", "shape": [4], "datatype": "BOOL", "data": [True, False, False, True]},
        {"name": "city", "shape": [4], "datatype": "BYTES", "data": [None] * 4},
        {"name": "plan", "shape": [4], "datatype": "BYTES", "data": ["pro"] * 4},
    ]
}


def http_api(path: str, body: Any) -> dict[str, Any]:
    http = {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"}
    return {
        "version": "2.0", "headers": {"content-type": "application/json"}, "body": json.dumps(body),
        "requestContext": {"http": http, "stage": "$default"}, "isBase64Encoded": False,
    }  # fmt: skip


def balancer(path: str, body: Any, *, several: bool = False) -> dict[str, Any]:
    headers = {"content-type": "application/json", "host": "example.test"}
    named = {"multiValueHeaders": {k: [v] for k, v in headers.items()}} if several else {"headers": headers}
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "POST", "path": path,
        "queryStringParameters": {}, **named, "body": json.dumps(body), "isBase64Encoded": False,
    }  # fmt: skip


class Context:
    aws_request_id = "r1"


class Lambdas:
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


@pytest.fixture
def small(entry: Load, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(payload, "LAMBDA", 3000)
    monkeypatch.setattr(payload, "BALANCER", 2000)
    module = entry()
    monkeypatch.setattr(module, "SMALL", 0)
    return module


def test_small_answers_are_within_every_limit_whatever_their_escapes(entry: Load) -> None:
    body = "\x00" * entry().SMALL  # written \\u0000
    assert payload.size_of({"statusCode": 200, "body": json.dumps(body)}) + 8192 < payload.BALANCER


@pytest.mark.parametrize("event", [
    http_api("/predict", {"rows": VISITS_ROWS * 9}),
    balancer("/predict", {"rows": VISITS_ROWS * 6}),
    balancer("/predict", {"rows": VISITS_ROWS * 6}, several=True),
], ids=["http_api", "balancer", "balancer of several"])  # fmt: skip
def test_a_large_answer_is_a_413_that_says_how_to_split(event: dict[str, Any], small: ModuleType) -> None:
    answers = []
    for direct in (True, False):
        small.DIRECT = direct
        answers.append(small.handler(event, Context()))
    assert answers[0] == answers[1]
    answer = answers[0]
    headers = {**answer.get("headers", {}), **{n: v[0] for n, v in answer.get("multiValueHeaders", {}).items()}}
    assert answer["statusCode"] == 413
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(answer["body"].encode())
    assert headers["x-request-id"] == "r1"
    problem = json.loads(answer["body"])
    assert problem["size"] > problem["limit"]
    most = int(problem["detail"].split("at most ")[1].split()[0])
    rows = json.loads(event["body"])["rows"][:most]
    assert small.handler({**event, "body": json.dumps({"rows": rows})}, Context())["statusCode"] == 200


def test_the_protocol_gets_its_own_form_and_bytes_count_as_base64(
    small: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = http_api("/v2/models/visits/infer", {**INFER, "parameters": {"binary_data_output": True}})
    whole = small.handler(event, Context())
    assert (whole["statusCode"], whole["isBase64Encoded"]) == (200, True)
    assert payload.size_of(whole) > len(base64.b64decode(whole["body"])) * 4 / 3
    bare = small.handler(event, None)
    size = payload.size_of(bare) + payload._REQUEST_ID
    assert payload.size_of(small.handler(event, Lambdas())) <= size
    for limit, status in ((size, 200), (size - 1, 413)):
        monkeypatch.setattr(payload, "LAMBDA", limit)
        answer = small.handler(event, None)
        assert (answer["statusCode"], answer["isBase64Encoded"]) == (status, status == 200)
    assert list(json.loads(answer["body"])) == ["error"]


def test_a_plain_invocation_is_refused_alike(small: ModuleType) -> None:
    with pytest.raises(small.InvocationRefused, match="are allowed: send at most") as refused:
        small.handler({"rows": VISITS_ROWS * 9}, None)
    assert refused.value.problem["status"] == 413
    assert len(small.handler({"rows": VISITS_ROWS}, None)["predictions"]) == 4


@pytest.mark.parametrize("execution", ["AWS_Lambda_python3.13", ""])
def test_sizes_are_the_bytes_that_the_runtime_client_sends(monkeypatch: pytest.MonkeyPatch, execution: str) -> None:
    from awslambdaric.lambda_runtime_marshaller import Encoder

    monkeypatch.setenv("AWS_EXECUTION_ENV", execution)
    for text in ("plain", 'quo"te\\', "Ærøskøbing 🐧 \u2028\u2029", "\x00\x1f\x7f", "a" * 1000):
        answer = {"statusCode": 200, "headers": {"a": "b"}, "body": text, "isBase64Encoded": False}
        assert payload.size_of(answer) == len(Encoder().encode(answer).encode())


def test_lambdas_own_limit_to_the_byte_under_the_real_runtime_client(here: Here) -> None:
    """A request's id comes back in its answer, so its length says how long the answer is."""

    def asked(length: int) -> dict[str, Any]:
        return function.invoke(http_api("/v2/models/visits/infer", {**INFER, "id": "x" * length}))

    function = LambdaFunction(here.interpreter, here.folder, here.client, environment=ROOMY)
    try:
        # Four bytes are kept for the digits of a longer Content-Length.
        most = payload.LAMBDA - 4 - (payload.size_of(asked(1000)) - 1000 + len("6291000") - len("1400"))
        answer = asked(most)
        assert (answer["statusCode"], payload.size_of(answer)) == (200, payload.LAMBDA - 4)
        refused = asked(most + 1)
        assert refused["statusCode"] == 413
        assert payload.size_of(refused) < 2000
        assert asked(1)["statusCode"] == 200
    finally:
        function.close()


def test_every_file_of_the_documentation_fits_a_load_balancer() -> None:
    import isoship_edge.http.pages as pages

    for path in Path(pages._FOLDER).glob("*"):
        assert len(path.read_bytes()) * 4 / 3 < payload.BALANCER - 4096, path.name
