"""What a Lambda response may weigh: 6 MB of JSON, and 1 MB behind a load balancer. More is refused before it fails.

Lambda itself answers a response above the limit with an error of its own, which gateways turn into a bare 502. Sizes
are those of the JSON that the runtime sends, escapes and base64 included.

Source: AWS Lambda Developer Guide, "Lambda quotas"; Elastic Load Balancing, "Lambda functions as targets".
"""

from __future__ import annotations

import json
import os

from isoship_edge.http.api import refusal_of
from isoship_edge.http.response import Refusal, Response
from isoship_lambda.direct import proxied

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

    from isoship_lambda.direct import Request
    from isoship_lambda.request_log import RequestLog

LAMBDA = 6_291_556
BALANCER = 1_048_576

#: The runtimes whose JSON holds characters beyond ASCII as they are; elsewhere they are six bytes (awslambdaric 4).
_PLAIN = ("AWS_Lambda_python3.12", "AWS_Lambda_python3.13", "AWS_Lambda_python3.14", "AWS_Lambda_python3.15")

#: What the header x-request-id adds, which is set last.
_REQUEST_ID = len(', "x-request-id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd"') + 4


def size_of(answer: Any) -> int:
    """How many bytes the runtime sends for a handler's answer."""
    text = json.dumps(answer, ensure_ascii=os.environ.get("AWS_EXECUTION_ENV") not in _PLAIN)
    return len(text.encode("utf-8", "surrogatepass"))


def fitting(request: Request, answer: dict[str, Any], log: RequestLog) -> dict[str, Any]:
    """A proxy response as it is, or 413 in its place. log: of this request, which knows how many rows it answers."""
    limit = BALANCER if request.kind.startswith("elb") else LAMBDA
    size = size_of(answer) + _REQUEST_ID
    if size <= limit:
        return answer
    refusal = _refusal(size, limit, log.rows)
    log.refused(refusal)
    return proxied(request.kind, refusal_of(request.path, refusal))


def refused(document: dict[str, Any], log: RequestLog) -> Response | None:
    """The answer to a plain invocation, refused where Lambda would not carry it."""
    size = size_of(document)
    if size <= LAMBDA:
        return None
    refusal = _refusal(size, LAMBDA, log.rows)
    log.refused(refusal)
    return refusal_of("/predict", refusal)


def _refusal(size: int, limit: int, rows: int) -> Refusal:
    advice = "ask for less"
    if rows > 1:
        advice = f"send at most {max(1, rows * limit * 9 // (size * 10))} of these {rows} rows a request"
    return Refusal(
        413, f"the answer is {size} bytes as Lambda sends it and {limit} are allowed: {advice}", size=size, limit=limit
    )
