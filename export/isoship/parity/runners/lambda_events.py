"""Rows as API Gateway events within Lambda's limits, and the answers to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.http_client import json_of_rows, refusal_from_problem
from isoship.sources.contract import Row
from isoship_edge.manifest import Output

#: Half of Lambda's 6 MB an invocation, for the event around the body and for its escapes; and HTTP's limit of rows.
MAX_BODY = 3_000_000
MAX_ROWS = 10_000
#: A call's tensors, and an answer's: base64 makes four bytes of three, and something stands around them.
MAX_TENSORS = 4_300_000


def predict_event(body: str) -> dict[str, Any]:
    """POST /predict as API Gateway's HTTP API sends it, payload format 2.0."""
    return _event("/predict", {"content-type": "application/json"}, body, len(body.encode("utf-8", "surrogatepass")))


def post_event(path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """A POST whose body may be binary, which API Gateway hands on in base64."""
    if headers.get("content-type") == "application/json":
        return _event(path, headers, body.decode(), len(body))
    return _event(path, headers, base64.b64encode(body).decode(), len(body)) | {"isBase64Encoded": True}


def get_event(path: str) -> dict[str, Any]:
    """A GET, such as that of the model card."""
    return _event(path, {}, "", 0, "GET")


def _event(path: str, headers: Mapping[str, str], body: str, length: int, method: str = "POST") -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            **headers,
            "content-length": str(length),
            "host": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "isoship",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "21/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795262400000,
        },
        "body": body,
        "isBase64Encoded": False,
    }  # fmt: skip


def response_of(answer: Any) -> tuple[int, bytes]:
    """(status, body) of a Lambda proxy response.

    Raises:
        RunnerCrashed: it is none.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("statusCode"), int):
        raise RunnerCrashed(f"the handler's answer is no proxy response: {str(answer)[:300]}")
    body = answer.get("body", "")
    return answer["statusCode"], base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()


def headers_of(answer: Any) -> dict[str, str]:
    """The headers of a Lambda proxy response, names in lower case."""
    return {str(name).lower(): str(value) for name, value in (answer.get("headers") or {}).items()}


def answered(status: int, content: bytes, first: int) -> list[Any]:
    """The predictions of an answer to POST /predict whose rows start at `first`.

    Raises:
        InputError: answered 422. RunnerCrashed: any other status, or no predictions.
    """
    try:
        document = json.loads(content)
    except ValueError as err:
        raise RunnerCrashed(f"the Lambda function answered {status}: {content[:300]!r}, which is not JSON") from err
    if status == 422:
        refusal = refusal_from_problem(document)
        if refusal.row is not None:
            refusal.row += first
        raise refusal
    if status != 200 or not isinstance(document, dict) or not isinstance(document.get("predictions"), list):
        raise RunnerCrashed(f"the Lambda function answered {status}: {content[:300]!r}")
    return list(document["predictions"])


def request_bodies(rows: list[Row], outputs: Sequence[Output], first: int = 0) -> Iterator[tuple[int, str]]:
    """(index of the first row, body) of the fewest requests whose bodies and answers stay within Lambda's limits."""
    most = max(1, min(MAX_ROWS, MAX_BODY // prediction_bytes(outputs)))
    for start in range(0, len(rows), most):
        part = rows[start : start + most]
        body = json_of_rows(part)
        if len(body) > MAX_BODY and len(part) > 1:
            half = len(part) // 2
            yield from request_bodies(part[:half], outputs, first + start)
            yield from request_bodies(part[half:], outputs, first + start + half)
        else:
            yield first + start, body.decode()


def prediction_bytes(outputs: Sequence[Output]) -> int:
    """About how long one row's prediction is in JSON: keys, and 28 characters and the longest class name a value."""
    total = 2
    for output in outputs:
        widths = [n for n in output.shape[1:] if isinstance(n, int)]
        longest = max((len(json.dumps(str(c))) for c in output.classes or ()), default=0)
        total += len(json.dumps(output.name)) + 2 + (widths[0] if widths else 1) * (28 + longest)
    return total
