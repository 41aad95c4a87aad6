"""From event to ONNX Runtime and back without a web framework: predictions, and plain invocations.

`answer` takes what it is certain to answer as FastAPI behind Mangum does, byte for byte; for all else it says None.
"""

from __future__ import annotations

import sys
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from isoship_edge.api import Limits, handle
from isoship_edge.encode import json_bytes
from isoship_edge.response import Refusal, Response, problem

if TYPE_CHECKING:
    from isoship_edge.model import Model


class InvocationRefused(Exception):
    """A plain payload that the model does not answer; Lambda reports the class as `errorType`."""


def answer(model: Model, event: Any, limits: Limits) -> dict[str, Any] | None:
    """A proxy response (API Gateway, function URL, load balancer), a document (plain payload), or None.

    A plain payload is {"rows": [...]}, as Step Functions and `aws lambda invoke` send it; it is answered with the
    document of POST /predict.

    Raises:
        InvocationRefused: a plain payload that is refused; the message is the problem's detail.
    """
    if not isinstance(event, dict):
        return None
    if "requestContext" not in event:
        return _invoked(model, event, limits) if "rows" in event else None
    try:
        kind, method, path, headers, repeated = _request(event)
    except (KeyError, TypeError, AttributeError):
        return None
    if method != "POST" or repeated or "content-encoding" in headers or not _is_prediction(path):
        return None
    body = event.get("body") or ""
    if not isinstance(body, str):
        return None
    try:
        content = a2b_base64(body) if event.get("isBase64Encoded") else body.encode()
    except (Base64Error, ValueError):  # also lone surrogates, which have no UTF-8
        return None
    if len(content) > limits.body:
        return None
    try:
        response = handle(model, method, path, headers, content, limits=limits)
    except Exception as err:  # noqa: BLE001 - the client is told in the contract's form, the log says what
        response = fault(method, path, err)
    return _proxied(kind, response)


def fault(method: str, path: str, err: Exception) -> Response:
    """What a client is told of a fault of ours; the log says which."""
    print(f"isoship: {method} {path}: {type(err).__name__}: {err}", file=sys.stderr)  # noqa: T201 - Lambda's log
    return problem(Refusal(500, "this request met a fault in the server; its log says which"))


def _request(event: dict[str, Any]) -> tuple[str, str, str, dict[str, str], bool]:
    """(kind of event, method, path, headers in lower case, whether a header stands twice)."""
    context = event["requestContext"]
    if event.get("version") == "2.0" and "http" in context:
        headers = {name.lower(): value for name, value in event["headers"].items()}
        return "http", context["http"]["method"], context["http"]["path"], headers, False
    several = event.get("multiValueHeaders")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if "elb" in context:
        if several is not None:
            headers = {name.lower(): values[-1] for name, values in several.items()}
        repeated = several is not None and any(len(values) != 1 for values in several.values())
        kind = "elb, several" if several is not None else "elb"
        return kind, event["httpMethod"], event["path"], headers, repeated
    if "resource" not in event and event.get("version") != "1.0":
        raise KeyError("resource")
    for name, values in (several or {}).items():
        headers[name.lower()] = ", ".join(values)
    return "rest", event["httpMethod"], event["path"], headers, False


def _is_prediction(path: str) -> bool:
    """POST /predict and /v2/models/<name>[/versions/<version>]/infer, written plainly."""
    if path == "/predict":
        return True
    return path.startswith("/v2/models/") and path.endswith("/infer") and "%" not in path


def _proxied(kind: str, response: Response) -> dict[str, Any]:
    """The proxy response that Mangum makes of the same answer, its keys in the same order."""
    headers = dict(response.headers)
    headers["content-length"] = str(len(response.body))
    body = response.body.decode()
    if kind == "http":
        return {"statusCode": response.status, "body": body, "headers": headers, "isBase64Encoded": False}
    if kind == "rest":
        return {
            "statusCode": response.status,
            "headers": headers,
            "multiValueHeaders": {},
            "body": body,
            "isBase64Encoded": False,
        }
    made: dict[str, Any] = {"statusCode": response.status, "body": body, "isBase64Encoded": False}
    if kind == "elb":
        return {**made, "headers": headers}
    return {**made, "multiValueHeaders": {name: [value] for name, value in headers.items()}}


def _invoked(model: Model, event: dict[str, Any], limits: Limits) -> dict[str, Any]:
    import json

    response = handle(model, "POST", "/predict", {}, json_bytes(event), limits=limits)
    document: dict[str, Any] = json.loads(response.body)
    if response.status != 200:
        raise InvocationRefused(str(document.get("detail", document)))
    return document
