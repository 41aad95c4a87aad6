"""The Lambda directory in AWS's Runtime Interface Emulator, in place of our Runtime API server."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator import Emulator
from lambda_directory import Here

from isoship_lambda.payload import LAMBDA


@pytest.fixture(scope="module")
def emulated(here: Here, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    started = Emulator(here, here.folder, tmp_path_factory.mktemp("rie"), ISOSHIP_LOG_ANSWERS="1")
    yield started
    started.close()


def headed(event: dict[str, Any], **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {**event, "headers": {**event["headers"], **named}}


def test_every_event_is_answered(emulated: Emulator, event: Callable[[str], dict[str, Any]]) -> None:
    proxied = event("http_api_predict")
    first = emulated.invoke(proxied)
    assert first["statusCode"] == 200, emulated.log()
    predictions = json.loads(first["body"])["predictions"]
    assert len(predictions) == 2
    rows = proxied["body"]
    packed = base64.b64encode(gzip.compress(rows.encode())).decode()
    rest = {
        "resource": "/{proxy+}", "path": "/predict", "httpMethod": "POST", "headers": proxied["headers"],
        "multiValueHeaders": {}, "queryStringParameters": None, "multiValueQueryStringParameters": None,
        "requestContext": {"identity": {"sourceIp": "127.0.0.1"}, "stage": "prod"}, "body": rows,
        "isBase64Encoded": False,
    }  # fmt: skip
    balancer = {**rest, "requestContext": {"elb": {"targetGroupArn": "arn"}}}
    del balancer["multiValueHeaders"]
    for other in (
        event("function_url_predict_base64"), event("function_url_predict"), rest, balancer,
        headed({**proxied, "body": packed, "isBase64Encoded": True}, content_encoding="gzip"),
    ):  # fmt: skip
        answer = emulated.invoke(other)
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"])["predictions"] == predictions
    assert emulated.invoke(json.loads(rows))["predictions"] == predictions
    records = [
        {"messageId": name, "eventSource": "aws:sqs", "eventSourceARN": "arn", "body": body}
        for name, body in (("good", rows), ("bad", "{"))
    ]
    assert emulated.invoke({"Records": records}) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("http_api_card", 200), ("http_api_docs", 200), ("http_api_ready", 200), ("http_api_unknown_path", 404),
        ("http_api_wrong_method", 405), ("http_api_form", 415), ("http_api_invalid_json", 422),
        ("http_api_missing_column", 422),
    ],
)  # fmt: skip
def test_every_refusal_is_a_response(
    emulated: Emulator, event: Callable[[str], dict[str, Any]], name: str, status: int
) -> None:
    assert emulated.invoke(event(name))["statusCode"] == status


def test_a_refused_payload_is_an_error_by_name(emulated: Emulator) -> None:
    for payload, words in (({"rows": [{}]}, "row 0"), ({"a": 1}, "expected an event of"), ([], "expected an event of")):
        answer = emulated.invoke(payload)
        assert answer["errorType"] == "InvocationRefused"
        assert words in answer["errorMessage"]
    assert emulated.invoke({"rows": []})["predictions"] == []


PROBE = """
import time
from isoship_lambda import handler as h
from isoship_lambda.payload import LAMBDA

def handler(event, context):
    time.sleep(event.get("sleep", 0))
    if "above" in event:
        return "x" * (LAMBDA - 2 + event["above"])
    return h.handler(event, context)
"""


def test_after_a_timeout_it_answers_again_and_the_limit_is_the_emulators(
    here: Here, tmp_path: Path, event: Callable[[str], dict[str, Any]]
) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    path = f"{here.folder}:{here.client}:{tmp_path}"
    started = Emulator(here, here.folder, tmp_path, "probe.handler", PYTHONPATH=path, AWS_LAMBDA_FUNCTION_TIMEOUT="2")
    try:
        assert started.invoke(event("http_api_predict"))["statusCode"] == 200
        assert "timed out" in str(started.invoke({"sleep": 60})).lower()
        assert started.invoke(event("http_api_predict"))["statusCode"] == 200
        assert len(started.invoke({"above": 0})) == LAMBDA - 2
        assert started.invoke({"above": 1})["errorType"] == "Function.ResponseSizeTooLarge"
    finally:
        started.close()
