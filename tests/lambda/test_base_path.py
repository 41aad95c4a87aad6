"""Behind a named stage, a base path or a load balancer's prefix the contract's paths are the same ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from bundles import VISITS_ROWS
from isoship_lambda.base_path import below_base

Load = Callable[..., ModuleType]
OWN = "/v2/models/visits/infer"
BODY = json.dumps({"rows": VISITS_ROWS[:1]})
HEADERS = {"content-type": "application/json", "host": "api.example.com"}


def http_api(path: str, stage: str = "$default", route: str = "$default", **more: Any) -> dict[str, Any]:
    http = {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"}
    context = {"http": http, "stage": stage, **more.pop("context", {})}
    return {
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": HEADERS,
        "requestContext": context, "isBase64Encoded": False, **more,
    }  # fmt: skip


def rest_api(path: str, resource: str = "/{proxy+}", stage: str = "live", **more: Any) -> dict[str, Any]:
    return {
        "resource": resource, "path": path, "httpMethod": "POST", "headers": HEADERS,
        "multiValueHeaders": {k: [v] for k, v in HEADERS.items()}, "queryStringParameters": None,
        "multiValueQueryStringParameters": None, "isBase64Encoded": False,
        "requestContext": {"stage": stage, "identity": {"sourceIp": "127.0.0.1"}}, **more,
    }  # fmt: skip


def balancer(path: str) -> dict[str, Any]:
    arn = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"
    return {
        "requestContext": {"elb": {"targetGroupArn": arn}}, "httpMethod": "POST", "path": path,
        "queryStringParameters": {}, "headers": HEADERS, "isBase64Encoded": False,
    }  # fmt: skip


def path_of(event: dict[str, Any]) -> str:
    return str(event["path"] if "path" in event else event["requestContext"]["http"]["path"])


def proxy(rest: str) -> dict[str, Any]:
    return {"pathParameters": {"proxy": rest}}


OWN_DOMAIN = {"context": {"domainName": "a1b2.execute-api.us-east-1.amazonaws.com"}}
CUSTOM = {"context": {"domainName": "models.example.com"}}
#: Name, event, ISOSHIP_BASE_PATH, the path below.
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("HTTP API, default stage", http_api("/predict"), "", "/predict"),
    ("HTTP API, named stage", http_api("/prod/predict", "prod", **OWN_DOMAIN), "", "/predict"),
    ("HTTP API, the stage alone", http_api("/prod", "prod"), "", "/"),
    ("HTTP API, letters of the stage", http_api("/production/predict", "prod"), "", "/production/predict"),
    ("HTTP API, a stage called v2", http_api(f"/v2{OWN}", "v2", **OWN_DOMAIN), "", OWN),
    ("HTTP API, a custom domain's stage called v2", http_api(OWN, "v2", **CUSTOM), "", OWN),
    (
        "HTTP API, a route below a mapping",
        http_api("/scores/predict", "prod", "POST /predict", **CUSTOM),
        "",
        "/predict",
    ),
    (
        "HTTP API, a greedy route",
        http_api("/prod/predict", "prod", "ANY /{proxy+}", **proxy("predict")),
        "",
        "/predict",
    ),
    ("HTTP API, a greedy route below /v2", http_api(OWN, route="ANY /v2/{proxy+}", **proxy(OWN[4:])), "", OWN),
    ("HTTP API, a mapping and the setting", http_api("/scores/predict", "prod", **CUSTOM), "/scores", "/predict"),
    ("REST API", rest_api("/predict", **proxy("predict")), "", "/predict"),
    ("REST API, base path", rest_api("/scores/predict", **proxy("predict")), "", "/predict"),
    ("REST API, base path of two", rest_api(f"/a/b{OWN}", **proxy(OWN[1:])), "", OWN),
    ("REST API, base path of the root", rest_api("/scores", "/", pathParameters=None), "", "/"),
    ("REST API, named resource", rest_api("/scores/predict", "/predict", pathParameters=None), "", "/predict"),
    ("REST API, a resource above", rest_api("/m/predict", "/m/{proxy+}", **proxy("predict")), "/m/", "/predict"),
    ("REST API, without parameters", rest_api("/predict"), "", "/predict"),
    ("balancer", balancer("/predict"), "", "/predict"),
    ("balancer, prefix", balancer("/scores/predict"), "/scores", "/predict"),
    ("balancer, prefix without slashes", balancer("/team/scores/predict"), "team/scores", "/predict"),
    ("balancer, the prefix alone", balancer("/scores"), "/scores", "/"),
    ("balancer, letters of the prefix", balancer("/scores2/predict"), "/scores", "/scores2/predict"),
    ("balancer, not below the prefix", balancer("/predict"), "/scores", "/predict"),
]


@pytest.mark.parametrize(("event", "base", "path"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_path_below_the_base(event: dict[str, Any], base: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOSHIP_BASE_PATH", base)
    assert below_base(event, path_of(event)) == path


@pytest.mark.parametrize("direct", ["1", "0"])
def test_a_function_behind_any_of_them_answers_by_both_ways(entry: Load, direct: str) -> None:
    module = entry(ISOSHIP_DIRECT=direct, ISOSHIP_BASE_PATH="/team/scores")
    for event in (
        http_api("/prod/predict", "prod", body=BODY),
        rest_api("/scores/predict", body=BODY, **proxy("predict")),
        balancer("/team/scores/predict") | {"body": BODY},
    ):
        answered = module.handler(event, None)
        assert answered["statusCode"] == 200, answered
        refused = module.handler(event | {"body": "{"}, None)
        assert refused["statusCode"] == 422
    card = http_api("/prod/v2/health/ready", "prod")
    card["requestContext"]["http"]["method"] = "GET"
    assert module.handler(card, None)["statusCode"] == 200
