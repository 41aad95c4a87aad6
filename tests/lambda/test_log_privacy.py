"""No value and no name that somebody sent stands in the log, whatever the way in; and every line is one JSON object."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import struct
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from bundles import VISITS_ROWS
from isoship.parity.runners.lambda_events import predict_event

Load = Callable[..., ModuleType]
Event = Any
#: A word and a number that nothing of ours holds, in every place where a caller can write one.
WORD, NUMBER = "zebra", 773177310
ROW = VISITS_ROWS[0]
TENSORS = [
    {"name": name, "shape": [1, 1], "datatype": kind, "data": [ROW[name]]}
    for name, kind in (("age", "FP64"), ("income", "FP64"), ("visits", "INT64"), ("member", "BOOL"),
                       ("city", "BYTES"), ("plan", "BYTES"))
]  # fmt: skip

PREDICT: dict[str, Any] = {
    "a string for a number": {"rows": [{**ROW, "age": WORD}]},
    "a number out of range": {"rows": [{**ROW, "age": NUMBER}]},
    "an unseen category": {"rows": [{**ROW, "plan": WORD}]},
    "an unknown key": {"rows": [{**ROW, WORD: NUMBER}]},
    "an absent key": {"rows": [{"city": WORD}]},
    "a row that is none": {"rows": [WORD]},
    "another key beside": {"rows": [], WORD: 1},
    "rows that are none": {"rows": WORD},
    "a value that is answered": {"rows": [{**ROW, "city": WORD, "income": float(NUMBER)}]},
    "NUL in a string": {"rows": [{**ROW, "city": f"{WORD}\0"}]},
    "a category in the second row": {"rows": [ROW, {**ROW, "plan": WORD}]},
}
OTHER_PREDICT = {
    "no rows": json.dumps({WORD: NUMBER}),
    "no object": json.dumps([WORD]),
    "a key twice": f'{{"rows": [{{"{WORD}": 1, "{WORD}": 2}}]}}',
    "no JSON": f"{{{WORD}",
    "NaN": f'{{"rows": [{{"age": NaN, "city": "{WORD}"}}]}}',
    "digits": '{"rows": [{"age": ' + str(NUMBER) * 600 + "}]}",
    "no body": "",
}


def tensors(**changes: Any) -> list[dict[str, Any]]:
    return [{**t, **changes[t["name"]]} if t["name"] in changes else t for t in TENSORS]


INFER: dict[str, Any] = {
    "a string for a number": {"inputs": tensors(age={"data": [WORD]})},
    "a number out of range": {"inputs": tensors(age={"data": [NUMBER]})},
    "an unseen category": {"inputs": tensors(plan={"data": [WORD]})},
    "an unknown input": {"inputs": [*TENSORS, {**TENSORS[0], "name": WORD}]},
    "an input twice": {"inputs": [*TENSORS, {**TENSORS[4], "data": [WORD]}]},
    "an absent input": {"inputs": [{**TENSORS[4], "data": [WORD]}]},
    "another type": {"inputs": tensors(age={"datatype": WORD})},
    "a shape": {"inputs": tensors(age={"shape": [NUMBER, 1]})},
    "no list": {"inputs": tensors(age={"data": WORD})},
    "an identity": {"inputs": TENSORS, "id": WORD},
    "an identity that is none": {"inputs": TENSORS, "id": {WORD: 1}},
    "an unknown output": {"inputs": TENSORS, "outputs": [{"name": WORD}]},
    "parameters": {"inputs": TENSORS, "parameters": {WORD: NUMBER}},
    "parameters of an input": {"inputs": tensors(age={"parameters": {WORD: NUMBER}})},
    "a value that is answered": {"inputs": tensors(city={"data": [WORD]})},
    "no inputs": {WORD: NUMBER},
}
PATHS = [
    ("GET", f"/{WORD}"), ("GET", f"/docs/{WORD}"), ("POST", f"/predict/{WORD}"), ("POST", f"/v2/models/{WORD}/infer"),
    ("POST", f"/v2/models/visits/versions/{WORD}/infer"), ("GET", f"/v2/{WORD}"), (WORD.upper(), "/predict"),
    ("GET", f"/predict?{WORD}={NUMBER}"), ("PUT", f"/%7A{WORD[1:]}"),
]  # fmt: skip


def http_api(method: str, path: str, body: str | None, encoded: bool = False, **headers: str) -> Event:
    event = predict_event(body or "")
    event["requestContext"]["http"] |= {"method": method, "path": path.partition("?")[0]}
    event |= {"rawPath": path.partition("?")[0], "rawQueryString": path.partition("?")[2], "isBase64Encoded": encoded}
    return {**event, "headers": {**event["headers"], **headers}}


def rest_api(method: str, path: str, body: str | None, encoded: bool = False, **headers: str) -> Event:
    headers = {"Content-Type": "application/json", "Host": "example.test"} | headers
    return {
        "resource": "/{proxy+}", "path": path, "httpMethod": method, "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()}, "queryStringParameters": None,
        "multiValueQueryStringParameters": None, "requestContext": {"identity": {"sourceIp": "127.0.0.1"}},
        "body": body, "isBase64Encoded": encoded,
    }  # fmt: skip


def balancer(method: str, path: str, body: str | None, encoded: bool = False, **headers: str) -> Event:
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
        "httpMethod": method, "path": path, "queryStringParameters": {},
        "headers": {"content-type": "application/json", "host": "example.test", **headers},
        "body": body or "", "isBase64Encoded": encoded,
    }  # fmt: skip


def http_load() -> Iterator[Event]:
    for shape in (http_api, rest_api, balancer):
        for body in [*map(json.dumps, PREDICT.values()), *OTHER_PREDICT.values()]:
            yield shape("POST", "/predict", body)
        for document in INFER.values():
            yield shape("POST", "/v2/models/visits/infer", json.dumps(document))
        for method, path in PATHS:
            yield shape(method, path, json.dumps({WORD: NUMBER}))
        yield shape("POST", "/predict", WORD, **{"content-type": f"text/{WORD}"})
        yield shape("POST", "/predict", "e30=", True, **{"content-encoding": WORD})
        unread = base64.b64encode(gzip.compress(WORD.encode())[:-3]).decode()
        yield shape("POST", "/predict", unread, True, **{"content-encoding": "gzip"})
        head = {"inputs": tensors(plan={"parameters": {"binary_data_size": 4 + len(WORD)}})}
        del head["inputs"][5]["data"]
        tail = struct.pack("<I", len(WORD)) + WORD.encode()
        text = json.dumps(head).encode()
        binary = base64.b64encode(text + tail).decode()
        headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(text))}
        yield shape("POST", "/v2/models/visits/infer", binary, True, **headers)
        headers["inference-header-content-length"] = WORD
        yield shape("POST", "/v2/models/visits/infer", binary, True, **headers)


def plain_load() -> Iterator[Event]:
    yield from PREDICT.values()
    yield from ({WORD: NUMBER}, {"rows": [{**ROW, "age": float("nan"), WORD: 1}]}, [WORD], WORD, {"Records": [WORD]})
    bodies = [*map(json.dumps, PREDICT.values()), *OTHER_PREDICT.values()]
    yield {
        "Records": [
            {"messageId": f"m{i}", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:1:q",
             "body": body, "attributes": {}, "messageAttributes": {WORD: {"stringValue": WORD}}}
            for i, body in enumerate(bodies)
        ]
    }  # fmt: skip


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"members twice: {names}"
    return dict(pairs)


@pytest.fixture
def as_lambda_logs() -> Iterator[None]:
    """The root logger of a function whose log format is JSON: everything from INFO up, a line each."""

    class Line(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return json.dumps({"level": record.levelname, "message": super().format(record)})

    class Now(logging.StreamHandler[Any]):
        def emit(self, record: logging.LogRecord) -> None:
            self.stream = sys.stdout
            super().emit(record)

    handler, root = Now(), logging.getLogger()
    handler.setFormatter(Line())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize("direct", ["1", "0"])
@pytest.mark.usefixtures("as_lambda_logs")
def test_a_mixed_load_leaves_nothing_of_itself_in_the_log(
    entry: Load, direct: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = entry(ISOSHIP_DIRECT=direct)
    capsys.readouterr()
    events = 0
    for event in [*http_load(), *plain_load()]:
        events += 1
        raised = ""
        try:
            module.handler(event, None)
        except module.InvocationRefused as err:
            raised = str(err)
        said = capsys.readouterr()
        lines = [json.loads(line, object_pairs_hook=once) for line in said.out.splitlines()]
        assert said.err == ""
        kept = (said.out + raised).lower()
        assert WORD not in kept, (event, kept)
        assert str(NUMBER) not in kept, (event, kept)
        if not (isinstance(event, dict) and "Records" in event):
            assert len(lines) == 1, lines
            assert lines[0]["level"] in ("INFO", "WARNING"), lines
    assert events > 120


def test_refusals_say_where_and_what_is_expected_by_every_way_in(
    entry: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    module = entry()
    capsys.readouterr()
    body = json.dumps(INFER["an unseen category"])
    for shape in (http_api, rest_api, balancer):
        module.handler(shape("POST", "/v2/models/visits/infer", body), None)
        [line] = map(json.loads, capsys.readouterr().out.splitlines())
        assert (line["message"], line["status"]) == ("POST /v2/models/visits/infer", 400)
        assert (line["row"], line["column"], line["expected"]) == (0, "plan", 'one of "basic", "pro"')
    for payload, words in (
        (PREDICT["an unseen category"], 'row 0, column "plan": expected one of "basic", "pro"'),
        (PREDICT["an unknown key"], 'row 0: expected one of the columns "age"'),
        (PREDICT["another key beside"], 'expected the key "rows" and no other'),
    ):
        with pytest.raises(module.InvocationRefused) as refused:
            module.handler(payload, None)
        assert str(refused.value).startswith(words)
        assert WORD in refused.value.problem["detail"]


@pytest.mark.parametrize("asked", [False, True])
def test_a_fault_says_which_and_where_and_its_words_where_inputs_are_logged(
    entry: Load, asked: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = entry(**({"ISOSHIP_LOG_INPUTS": "1"} if asked else {}))

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError(WORD)

    monkeypatch.setattr(module.direct, "handle", broken)
    capsys.readouterr()
    assert module.handler(http_api("POST", "/predict", "{}"), None)["statusCode"] == 500
    with pytest.raises(module.InvocationRefused, match="this request met a fault in the server"):
        module.handler({"rows": []}, None)
    said = capsys.readouterr()
    lines = [json.loads(line, object_pairs_hook=once) for line in said.out.splitlines()]
    assert [line["message"] for line in lines] == ["POST /predict", "invoke"]
    for line in lines:
        assert (line["status"], line["level"], line["error"]) == (500, "ERROR", "ZeroDivisionError")
        assert line["at"][-1].split()[1] == "broken"
    assert (WORD in said.out + said.err) == asked
