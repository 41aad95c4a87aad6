"""Requests over every way in, half of them refused, each with words and numbers that nothing of ours holds.

A word is recognised by its core whatever stands around it, a number by its first digits: `sent_in` finds them again in
a log, in any case and any escape that leaves ASCII letters and digits as they are.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import struct
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bundles import VISITS_ROWS
from isoship.parity.runners.lambda_events import predict_event

Event = Any
Drawn = random.Random

_CORE, _DIGITS = "qvxzj", "7317731005"
_SENT = re.compile(f"[a-z]*{_CORE}[a-z]*|{_DIGITS}[0-9]*", re.IGNORECASE)
ROW = VISITS_ROWS[0]
TYPES = {"age": "FP64", "income": "FP64", "visits": "INT64", "member": "BOOL", "city": "BYTES", "plan": "BYTES"}
INFER = "/v2/models/visits/infer"


def sent_in(text: str) -> set[str]:
    """Words and numbers of the load that stand in a text."""
    return set(_SENT.findall(text))


def word(draw: Drawn) -> str:
    return "".join(draw.choices("abcdefgh", k=4)) + _CORE + "".join(draw.choices("abcdefgh", k=4))


def number(draw: Drawn) -> int:
    return int(_DIGITS + f"{draw.randrange(10_000):04}")


@dataclass(frozen=True)
class Request:
    """refused: what the contract does with it. body: as sent, compressed or not."""

    way: str
    refused: bool
    method: str = "POST"
    path: str = "/predict"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


# Rows -------------------------------------------------------------------------------------------------------------


def answered_row(draw: Drawn) -> dict[str, Any]:
    """A row that the model answers; a city that it never saw is one like any other."""
    return {**ROW, "city": word(draw), "income": number(draw) + 0.5, "visits": number(draw)}


def refused_document(draw: Drawn) -> Any:
    own, count = word(draw), number(draw)
    return draw.choice([
        {"rows": [{**ROW, "age": own}]},
        {"rows": [{**ROW, "age": count}]},
        {"rows": [{**ROW, "visits": count + 0.5}]},
        {"rows": [{**ROW, "visits": -count * 10**6}]},
        {"rows": [{**ROW, "member": own}]},
        {"rows": [{**ROW, "plan": own}]},
        {"rows": [{**ROW, "plan": count}]},
        {"rows": [{**ROW, own: count}]},
        {"rows": [{"city": own}]},
        {"rows": [{**ROW, "city": {own: count}}]},
        {"rows": [{**ROW, "city": [own]}]},
        {"rows": [{**ROW, "city": f"{own}\0"}]},
        {"rows": [{**ROW, "city": f"{own}\ufdd0"}]},
        {"rows": [ROW, answered_row(draw), {**ROW, "plan": own}]},
        {"rows": [own]},
        {"rows": [[count]]},
        {"rows": own},
        {"rows": {own: count}},
        {"rows": [], own: count},
        {own: count},
    ])  # fmt: skip


def predict_body(draw: Drawn, refused: bool) -> bytes:
    if not refused:
        rows = [answered_row(draw) for _ in range(draw.randint(1, 4))]
        return json.dumps({"rows": rows}, ensure_ascii=draw.random() < 0.5).encode()
    own, count = word(draw), number(draw)
    odd = [
        json.dumps([own]), json.dumps(own), str(count), f'{{"rows": [{{"{own}": 1, "{own}": 2}}]}}', f"{{{own}",
        f'{{"rows": [{{"age": NaN, "city": "{own}"}}]}}', f'{{"rows": [{{"age": {count}e999}}]}}',
        '{"rows": [{"age": ' + str(count) * 400 + "}]}", f'{{"rows": []}}{own}', f'{{"rows": [{count},]}}', f"{own}\0",
        f'{{"rows": [{{"{own}\\ud800": 1}}]}}', f'{{"rows": [{{"city": "{own}\\ud800"}}]}}', "[" * 3000 + own,
    ]  # fmt: skip
    if draw.random() < 0.4:
        return draw.choice([text.encode() for text in odd] + [b"\xff" + own.encode(), b""])
    return json.dumps(refused_document(draw)).encode()


# Tensors of the Open Inference Protocol ---------------------------------------------------------------------------


def tensor_values(draw: Drawn) -> dict[str, list[Any]]:
    rows = [answered_row(draw) for _ in range(draw.randint(1, 3))]
    return {name: [row[name] for row in rows] for name in ROW}


def v2_inputs(values: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "shape": [len(held), 1], "datatype": TYPES[name], "data": held} for name, held in values.items()
    ]


def v2_body(draw: Drawn, refused: bool) -> bytes:
    own, count = word(draw), number(draw)
    inputs = v2_inputs(tensor_values(draw))
    at = {tensor["name"]: tensor for tensor in inputs}
    document: dict[str, Any] = {"inputs": inputs, "id": own}
    if not refused:
        document |= draw.choice([
            {}, {"parameters": {own: count}}, {"outputs": [{"name": "label", "parameters": {own: count}}]},
        ])  # fmt: skip
        return json.dumps(document).encode()
    fault = draw.randrange(14)
    several = len(at["age"]["data"])
    if fault == 0:
        at["age"]["data"] = [own] * several
    elif fault == 1:
        at["age"]["data"] = [count] * several
    elif fault == 2:
        at["plan"]["data"] = [own] * several
    elif fault == 3:
        inputs.append({**at["age"], "name": own})
    elif fault == 4:
        inputs.append({**at["city"], "data": [own] * several})
    elif fault == 5:
        document["inputs"] = [{**at["city"], "data": [own] * several}]
    elif fault == 6:
        at["age"]["datatype"] = own
    elif fault == 7:
        at["age"]["shape"] = [count, 1]
    elif fault == 8:
        at["age"]["data"] = own
    elif fault == 9:
        document["id"] = {own: count}
    elif fault == 10:
        document["outputs"] = [{"name": own}]
    elif fault == 11:
        document = {own: count}
    elif fault == 12:
        at["age"]["shape"] = own
    else:
        return json.dumps(document).encode()[:-3] + own.encode()
    return json.dumps(document).encode()


def v2_binary(draw: Drawn, refused: bool) -> tuple[bytes, dict[str, str]]:
    own, count = word(draw), number(draw)
    values = tensor_values(draw)
    several = len(values["age"])
    if refused and draw.random() < 0.3:
        values["plan"] = [own] * several
    packed = {
        "age": struct.pack(f"<{several}d", *values["age"]), "income": struct.pack(f"<{several}d", *values["income"]),
        "visits": struct.pack(f"<{several}q", *values["visits"]), "member": bytes(values["member"]),
        **{name: b"".join(struct.pack("<I", len(text)) + text.encode() for text in values[name])
           for name in ("city", "plan")},
    }  # fmt: skip
    inputs = v2_inputs(values)
    for tensor in inputs:
        del tensor["data"]
        tensor["parameters"] = {"binary_data_size": len(packed[tensor["name"]])}
    tail = b"".join(packed[name] for name in ROW)
    head = {"inputs": inputs, "id": own}
    length: str | None = None
    if refused and values["plan"][0] != own:
        fault = draw.randrange(5)
        if fault == 0:
            tail += own.encode()
        elif fault == 1:
            length = own
        elif fault == 2:
            length = str(count)
        elif fault == 3:
            inputs[0]["parameters"] = {"binary_data_size": own}
        else:
            inputs[5]["name"] = own
    text = json.dumps(head).encode()
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": length or str(len(text))}
    return text + tail, headers


# Requests over HTTP -----------------------------------------------------------------------------------------------


def odd_request(draw: Drawn) -> Request:
    """Refused for its path, method, media type or coding."""
    own, count = word(draw), number(draw)
    body = json.dumps({"rows": [{own: count}]}).encode()
    escaped = f"%{ord(own[0]):02X}{own[1:]}"
    method, path = draw.choice([
        ("GET", f"/{own}"), ("GET", f"/docs/{own}"), ("POST", f"/predict/{own}"), ("POST", f"/v2/models/{own}/infer"),
        ("POST", f"/v2/models/visits/versions/{own}/infer"), ("GET", f"/v2/{own}"), (own.upper(), "/predict"),
        ("PUT", f"/{escaped}"), ("GET", f"/predict?{own}={count}"), ("GET", f"/{count}"), ("DELETE", f"//{own}//"),
        ("GET", f"/..%2f{own}"), ("GET", f"/ui/{own}"), ("GET", f"/ui/%00{own}"), ("GET", f"/ui/{own * 30}"),
    ])  # fmt: skip
    plain = Request("odd path", True, method, path, body)
    kind = draw.randrange(5)
    if kind == 0:
        return Request("odd media type", True, body=own.encode(), headers={"content-type": f"text/{own}"})
    if kind == 1:
        headers = {"content-type": "application/json", "content-encoding": own}
        return Request("odd coding", True, body=body, headers=headers)
    if kind == 2:
        headers = {"content-type": "application/json", "content-encoding": "gzip", f"x-{own}": str(count)}
        return Request("gzip cut short", True, body=gzip.compress(body)[:-3], headers=headers)
    return plain


def http_requests(draw: Drawn) -> Iterator[Request]:
    """For ever: plain predictions, compressed ones, V2 JSON, V2 binary, and what is odd."""
    while True:
        refused = draw.random() < 0.5
        kind = draw.randrange(10)
        if kind < 4:
            yield Request("predict", refused, body=predict_body(draw, refused))
        elif kind < 5:
            body = predict_body(draw, refused)
            coding, packed = draw.choice([("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))])
            headers = {"content-type": "application/json", "content-encoding": coding}
            yield Request("predict, compressed", refused, body=packed, headers=headers)
        elif kind < 7:
            yield Request("V2 JSON", refused, path=INFER, body=v2_body(draw, refused))
        elif kind < 9:
            body, headers = v2_binary(draw, refused)
            yield Request("V2 binary", refused, path=INFER, body=body, headers=headers)
        elif refused:
            yield odd_request(draw)
        else:
            own = word(draw)
            path = draw.choice(["/", "/v2", "/v2/health/ready", "/v2/models/visits", "/openapi.json", "/docs"])
            yield Request("GET", False, "GET", f"{path}?{own}={number(draw)}", b"", {"accept": own, f"x-{own}": own})


# Events -----------------------------------------------------------------------------------------------------------


def http_api(request: Request, body: str, encoded: bool) -> Event:
    """API Gateway's HTTP API, payload format 2.0, and function URLs."""
    path, _, query = request.path.partition("?")
    event = predict_event(body)
    event["requestContext"]["http"] |= {"method": request.method, "path": path}
    event |= {"rawPath": path, "rawQueryString": query, "isBase64Encoded": encoded, "headers": request.headers}
    return event


def rest_api(request: Request, body: str, encoded: bool) -> Event:
    path, _, query = request.path.partition("?")
    headers = {"Host": "example.test", **request.headers}
    parameters = dict(urllib.parse.parse_qsl(query)) or None
    return {
        "resource": "/{proxy+}", "path": path, "httpMethod": request.method, "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()}, "queryStringParameters": parameters,
        "multiValueQueryStringParameters": parameters and {name: [value] for name, value in parameters.items()},
        "requestContext": {"identity": {"sourceIp": "127.0.0.1"}}, "body": body, "isBase64Encoded": encoded,
    }  # fmt: skip


def balancer(request: Request, body: str, encoded: bool) -> Event:
    path, _, query = request.path.partition("?")
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
        "httpMethod": request.method, "path": path, "queryStringParameters": dict(urllib.parse.parse_qsl(query)),
        "headers": {"host": "example.test", **request.headers}, "body": body, "isBase64Encoded": encoded,
    }  # fmt: skip


SHAPES: dict[str, Callable[[Request, str, bool], Event]] = {
    "HTTP API": http_api, "REST API": rest_api, "load balancer": balancer,
}  # fmt: skip


def event_of(request: Request, shape: Callable[[Request, str, bool], Event], draw: Drawn) -> Event:
    """As gateways do: what is no text arrives as base64, and what is text may."""
    try:
        text = request.body.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or draw.random() < 0.3:
        return shape(request, base64.b64encode(request.body).decode(), True)
    return shape(request, text, False)


def plain_payload(draw: Drawn, refused: bool) -> Event:
    if not refused:
        return {"rows": [answered_row(draw) for _ in range(draw.randint(1, 3))]}
    own, count = word(draw), number(draw)
    odd: list[Any] = [
        [own], own, count, {"Records": [own]}, {"Records": {own: count}}, {"requestContext": {own: count}},
        {"requestContext": own, "body": own}, {"version": "2.0", own: count, "requestContext": {"http": own}},
        {"rows": [{**ROW, "age": float("nan"), own: 1}]},
        {"Records": [{"eventSource": own, "messageId": own, "body": own}]},
    ]  # fmt: skip
    return draw.choice(odd) if draw.random() < 0.4 else refused_document(draw)


def queued(draw: Drawn) -> Event:
    """A batch of SQS: some of its messages are refused."""
    records = [
        {
            "messageId": f"{draw.getrandbits(128):032x}", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:requests",
            "body": predict_body(draw, draw.random() < 0.5).decode("utf-8", "replace"), "attributes": {},
            "messageAttributes": {word(draw): {"stringValue": word(draw), "dataType": "String"}},
        }
        for _ in range(draw.randint(1, 5))
    ]  # fmt: skip
    return {"Records": records}


@dataclass(frozen=True)
class Sent:
    """refused: None for a batch, whose messages fail alone."""

    way: str
    event: Event
    refused: bool | None


def mixed_load(count: int, seed: int = 20261130) -> Iterator[Sent]:
    """`count` events over every way in."""
    draw = random.Random(seed)
    requests = http_requests(draw)
    for _ in range(count):
        kind = draw.randrange(12)
        if kind < 9:
            name = draw.choice(list(SHAPES))
            request = next(requests)
            yield Sent(f"{name}, {request.way}", event_of(request, SHAPES[name], draw), request.refused)
        elif kind < 11:
            refused = draw.random() < 0.5
            yield Sent("plain payload", plain_payload(draw, refused), refused)
        else:
            yield Sent("SQS", queued(draw), None)
