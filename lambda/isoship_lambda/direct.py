"""From event to answer without a web framework: predictions, and plain invocations.

`answer` takes what it is certain to answer as FastAPI behind Mangum does, byte for byte; for all else it says None.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from isoship_edge.encoding.encode import json_bytes
from isoship_edge.http.api import Limits, failed, handle, refusal_of
from isoship_edge.http.response import Refusal, Response
from isoship_edge.lean_namedtuple import NamedTuple
from isoship_lambda.base_path import below_base

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

    from isoship_edge.http.api import Watch
    from isoship_edge.inference.model import AnyModel


#: What a model takes -> the member of a plain payload that holds it.
PAYLOAD = {"rows": "rows", "tensors": "inputs"}


class InvocationRefused(Exception):
    """A plain payload that the model does not answer; Lambda reports the class as `errorType`.

    message: what is wrong with it. Lambda writes it into the log (`RequestLog.refusal_message`).
    problem: the problem document that HTTP would send, of which the message is a part.
    """

    def __init__(self, message: str, problem: dict[str, Any]) -> None:
        super().__init__(message)
        self.problem = problem


class Request(NamedTuple):
    """kind: of event. path: below what the function is mounted at. headers: names in lower case. repeated: whether a
    header stands twice."""

    kind: str
    method: str
    path: str
    headers: dict[str, str]
    repeated: bool


def answer(
    model: AnyModel, event: dict[str, Any], request: Request, limits: Limits, watch: Watch | None = None
) -> dict[str, Any] | None:
    """A proxy response to API Gateway, a function URL or a load balancer, or None. request: what the event asks."""
    kind, method, path, headers, repeated = request
    if method != "POST" or repeated or not _is_prediction(path):
        return None
    body = event.get("body") or ""
    if not isinstance(body, str):
        return None
    try:
        content = a2b_base64(body) if event.get("isBase64Encoded") else body.encode()
    except (Base64Error, ValueError):  # also lone surrogates, which have no UTF-8
        return None
    if len(content) > limits.body:
        return None  # refused there before anything else is looked at, a wrong media type for one
    try:
        response = handle(model, method, path, headers, content, limits=limits, watch=watch, lowered=True)
    except Exception as err:  # noqa: BLE001 - the client is told in the contract's form, the log says what
        response = fault(path, err, watch)
    return proxied(kind, response)


def invoked(model: AnyModel, event: Any, limits: Limits, watch: Watch) -> Response | None:
    """The response to POST /predict for a plain payload, or None where the event is none.

    A plain payload is {"rows": [...]}, of a model of tensors {"inputs": {...}}, as Step Functions and
    `aws lambda invoke` send it.
    """
    if not isinstance(event, dict) or PAYLOAD[model.takes] not in event:
        return None
    try:
        content = json_bytes(event)
    except (ValueError, RecursionError):  # NaN, which the runtime reads; a lone surrogate; deep nesting
        detail = "the payload holds NaN, Infinity or a lone surrogate, or is nested too deeply"
        refusal = Refusal(422, detail)
        watch.refused(refusal)
        return refusal_of("/predict", refusal)
    try:
        return handle(model, "POST", "/predict", {}, content, limits=limits, watch=watch)
    except Exception as err:  # noqa: BLE001 - Lambda would write its message into the log
        return fault("/predict", err, watch)


def fault(path: str, err: Exception, watch: Watch | None) -> Response:
    """What a client is told of a fault of ours; the log says which."""
    failed(err, watch)
    return refusal_of(path, Refusal(500, "this request met a fault in the server; its log says which"))


def request_of(event: dict[str, Any]) -> Request:
    """What the event of a gateway or load balancer asks.

    Raises:
        LookupError, TypeError, AttributeError: it is none.
    """
    kind, method, path, headers, repeated = _read(event)
    if set(map(type, (method, path, *headers.values()))) != {str}:
        raise TypeError("method, path and headers are strings")
    return Request(kind, method, below_base(event, path), headers, repeated)


def _read(event: dict[str, Any]) -> tuple[str, Any, Any, dict[str, Any], bool]:
    context = event["requestContext"]
    if event.get("version") == "2.0" and "http" in context:
        headers = {name.lower(): value for name, value in event["headers"].items()}
        return "http", context["http"]["method"], context["http"]["path"], headers, False
    several = event.get("multiValueHeaders")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if "elb" in context:
        repeated = False
        if several is not None:
            headers = {name.lower(): values[-1] for name, values in several.items()}
            repeated = len(headers) < len(several) or any(len(values) != 1 for values in several.values())
        kind = "elb, several" if several is not None else "elb"
        return kind, event["httpMethod"], event["path"], headers, repeated
    if "resource" not in event and event.get("version") != "1.0":
        raise KeyError("resource")
    for name, values in (several or {}).items():
        if not isinstance(values, list):
            raise TypeError("multiValueHeaders holds lists")
        headers[name.lower()] = ", ".join(values)
    return "rest", event["httpMethod"], event["path"], headers, False


def _is_prediction(path: str) -> bool:
    """POST /predict and /v2/models/<name>[/versions/<version>]/infer, written plainly."""
    if path == "/predict":
        return True
    return path.startswith("/v2/models/") and path.endswith("/infer") and "%" not in path


def proxied(kind: str, response: Response) -> dict[str, Any]:
    """The proxy response that Mangum makes of the same answer, its keys in the same order."""
    headers = dict(response.headers)
    headers["content-length"] = str(len(response.body))
    encoded = headers["content-type"] == "application/octet-stream"
    body = b2a_base64(response.body, newline=False).decode("ascii") if encoded else response.body.decode()
    if kind == "http":
        return {"statusCode": response.status, "body": body, "headers": headers, "isBase64Encoded": encoded}
    if kind == "rest":
        return {
            "statusCode": response.status,
            "headers": headers,
            "multiValueHeaders": {},
            "body": body,
            "isBase64Encoded": encoded,
        }
    made: dict[str, Any] = {"statusCode": response.status, "body": body, "isBase64Encoded": encoded}
    if kind == "elb":
        return {**made, "headers": headers}
    return {**made, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
