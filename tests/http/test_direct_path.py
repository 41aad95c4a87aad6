"""The Lambda's direct path and FastAPI behind Mangum answer alike, byte for byte, for every event and every case."""

from __future__ import annotations

import base64
import contextlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from binary_cases import BINARY, INPUTS, RAW, binary
from contract_cases import CASES as PLAIN
from contract_cases import Case, as_bytes

from bundles import VISITS_ROWS, visits_reference

CASES = [*PLAIN, *BINARY]

Event = dict[str, Any]


def http_api(case: Case, body: str | None, encoded: bool) -> Event:
    http = {"method": case.method, "path": case.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"}
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": case.path, "rawQueryString": "",
        "headers": {"host": "example.test", **dict(case.headers)},
        "requestContext": {"http": http, "stage": "$default"}, "body": body, "isBase64Encoded": encoded,
    }  # fmt: skip


def rest_api(case: Case, body: str | None, encoded: bool) -> Event:
    headers = {"Host": "example.test", **dict(case.headers)}
    return {
        "resource": "/{proxy+}", "path": case.path, "httpMethod": case.method, "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None, "multiValueQueryStringParameters": None,
        "requestContext": {"identity": {"sourceIp": "127.0.0.1"}, "stage": "prod"},
        "body": body, "isBase64Encoded": encoded,
    }  # fmt: skip


def http_api_payload_1(case: Case, body: str | None, encoded: bool) -> Event:
    made = rest_api(case, body, encoded)
    del made["resource"]
    return {**made, "version": "1.0"}


def balancer(case: Case, body: str | None, encoded: bool) -> Event:
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
        "httpMethod": case.method, "path": case.path, "queryStringParameters": {},
        "headers": {"host": "example.test", **{k.lower(): v for k, v in dict(case.headers).items()}},
        "body": body or "", "isBase64Encoded": encoded,
    }  # fmt: skip


def balancer_of_several(case: Case, body: str | None, encoded: bool) -> Event:
    made = balancer(case, body, encoded)
    made["multiValueHeaders"] = {name: [value] for name, value in made.pop("headers").items()}
    return made


EVENTS: list[Callable[[Case, str | None, bool], Event]] = [
    http_api, rest_api, http_api_payload_1, balancer, balancer_of_several,
]  # fmt: skip


@pytest.fixture(scope="module")
def entry(visits: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_BUNDLE", str(visits))
        patch.setenv("ISOSHIP_MAX_BODY", "600000")
        sys.modules.pop("isoship_lambda.handler", None)
        yield importlib.import_module("isoship_lambda.handler")


def bodies(case: Case) -> list[tuple[str | None, bool]]:
    content = as_bytes(case.body)
    made: list[tuple[str | None, bool]] = [(base64.b64encode(content).decode(), True)]
    with contextlib.suppress(UnicodeDecodeError):
        made.append((content.decode(), False))
    return [*made, (None, False)] if not content else made


class Context(NamedTuple):
    aws_request_id: str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def by_both(entry: ModuleType, event: Any) -> tuple[str, str]:
    """The answer of the direct path, and of FastAPI behind Mangum."""
    answers = []
    for direct in (True, False):
        entry.DIRECT = direct
        answers.append(json.dumps(entry.handler(event, Context())))
    entry.DIRECT = True
    return answers[0], answers[1]


@pytest.mark.parametrize("shape", EVENTS, ids=lambda shape: shape.__name__)
def test_both_paths_answer_alike(shape: Any, entry: ModuleType) -> None:
    differ = []
    for case in CASES:
        for body, encoded in bodies(case):
            direct, mangum = by_both(entry, shape(case, body, encoded))
            assert Context().aws_request_id in direct
            if direct != mangum:
                differ.append((case.name, direct[:500], mangum[:500]))
    assert differ == []


def test_every_prediction_takes_the_direct_path_and_nothing_else_does(entry: ModuleType) -> None:
    def taken(case: Case, shape: Any) -> bool:
        event = shape(case, *bodies(case)[0])
        request = entry.direct.request_of(event)
        return entry.direct.answer(entry.model, event, request, entry.limits) is not None

    posts = [c for c in CASES if taken(c, http_api)]
    assert len(posts) > 100
    assert {case.method for case in posts} == {"POST"}
    assert all(case.path == "/predict" or case.path.endswith("/infer") for case in posts)
    works = [c for c in CASES if c.method == "POST" and c.status == 200 and not set(c.path) & set("?%")]
    works = [c for c in works if not c.path.endswith("/")]
    assert len(works) > 20
    assert [(c.name, s.__name__) for c in works for s in EVENTS if not taken(c, s)] == []


def test_bytes_travel_as_base64(entry: ModuleType) -> None:
    body, headers = binary({"inputs": INPUTS, "parameters": {"binary_data_output": True}}, *RAW)
    case = Case("", "POST", "/v2/models/visits/infer", body, headers=headers)
    for shape in EVENTS:
        answer = entry.handler(shape(case, base64.b64encode(body).decode(), True), None)
        assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
        content = base64.b64decode(answer["body"])
        said = {**answer.get("headers", {}), **{n: v[0] for n, v in answer.get("multiValueHeaders", {}).items()}}
        assert int(said["content-length"]) == len(content)
        outputs = json.loads(content[: int(said["inference-header-content-length"])])["outputs"]
        assert [output["name"] for output in outputs] == ["label", "probabilities"]


def test_a_plain_payload_is_answered_with_the_document(entry: ModuleType) -> None:
    document = entry.handler({"rows": VISITS_ROWS[:2]}, None)
    assert [p["label"] for p in document["predictions"]] == visits_reference(VISITS_ROWS[:2])["label"].tolist()
    assert document["model"] == "visits"
    with pytest.raises(entry.direct.InvocationRefused, match="plan"):
        entry.handler({"rows": [{**VISITS_ROWS[0], "plan": "gold"}]}, None)
    with pytest.raises(entry.direct.InvocationRefused, match="no other"):
        entry.handler({"rows": [], "more": 1}, None)
    with pytest.raises(entry.direct.InvocationRefused, match="NaN"):
        entry.handler({"rows": [{**VISITS_ROWS[0], "age": float("nan")}]}, None)


def test_a_byte_order_mark_is_named(entry: ModuleType) -> None:
    answer = entry.handler(http_api(Case("", "POST", "/predict"), '\ufeff{"rows": []}', False), None)
    assert answer["statusCode"] == 422
    assert "Unexpected UTF-8 BOM" in json.loads(answer["body"])["detail"]


@pytest.mark.parametrize("event", [None, [], "text", {}, {"a": 1}, {"requestContext": None}, {"requestContext": {}}])
def test_what_is_no_event_is_refused_by_name(event: Any, entry: ModuleType) -> None:
    with pytest.raises(entry.direct.InvocationRefused, match="expected an event of API Gateway"):
        entry.handler(event, None)


@pytest.mark.parametrize(
    "change",
    [{"body": "Q", "isBase64Encoded": True}, {"body": "\ud83d"}, {"headers": {"host": "a:b:c"}}],
    ids=["base64", "surrogate", "host"],
)
def test_an_event_that_mangum_cannot_read_is_a_400_and_no_fault(change: dict[str, Any], entry: ModuleType) -> None:
    for shape in EVENTS if "body" in change else (http_api, balancer):
        event = {**shape(Case("", "GET", "/"), None, False), **change}
        answer = entry.handler(event, Context())
        assert answer["statusCode"] == 400
        assert json.loads(answer["body"])["detail"] == "this request cannot be read"


def test_a_fault_of_ours_is_a_500_in_the_contracts_form(
    entry: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(entry.direct, "handle", broken)
    answer = entry.handler(http_api(CASES[0], json.dumps({"rows": VISITS_ROWS}), False), None)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (500, "application/problem+json")
    assert '"error": "ZeroDivisionError"' in capsys.readouterr().err
    assert "planted" not in answer["body"]


def started(visits: Path, code: str, *, before: str = "import json, sys\n", **environment: str) -> Any:
    script = before + "from isoship_lambda import handler\n" + code
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60,
        env={**os.environ, "ISOSHIP_BUNDLE": str(visits), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


HEAVY = "[m for m in ('fastapi', 'starlette', 'pydantic', 'mangum', 'asyncio', 'numpy') if m in sys.modules]"


def test_a_prediction_imports_no_web_framework(visits: Path) -> None:
    event = http_api(CASES[0], json.dumps({"rows": VISITS_ROWS}), False)
    told = started(visits, f"a = handler.handler({event!r}, None)\nprint(json.dumps([a['statusCode'], {HEAVY}]))")
    assert told == [200, []]


def test_it_can_be_turned_off(visits: Path) -> None:
    told = started(visits, f"print(json.dumps([handler.DIRECT, {HEAVY}]))", ISOSHIP_DIRECT="0")
    assert told[0] is False
    assert {"fastapi", "mangum"} <= set(told[1])


@pytest.mark.parametrize("kind", ["snap-start", "provisioned-concurrency"])
def test_where_functions_start_ahead_of_calls_all_is_imported_then(visits: Path, kind: str) -> None:
    """Without snapshot_restore_py, at import; with it, see tests/lambda/test_snapstart.py."""
    code = f"print(json.dumps({HEAVY}))"
    blocked = "import json, sys\nsys.modules['snapshot_restore_py'] = None\n"
    told = started(visits, code, before=blocked, AWS_LAMBDA_INITIALIZATION_TYPE=kind)
    assert {"fastapi", "mangum"} <= set(told)


def test_a_version_whose_golden_rows_differ_does_not_start_ahead_of_calls(visits: Path, tmp_path: Path) -> None:
    import shutil

    other = Path(shutil.copytree(visits, tmp_path / "other"))
    golden = json.loads((other / "golden.json").read_text(encoding="utf-8"))
    golden["expected"]["label"][0] = "high" if golden["expected"]["label"][0] != "high" else "low"
    (other / "golden.json").write_text(json.dumps(golden), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import isoship_lambda.handler"], capture_output=True, text=True, timeout=60,
        env={**os.environ, "ISOSHIP_BUNDLE": str(other), "AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "golden rows are answered otherwise" in done.stderr
