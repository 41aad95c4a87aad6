"""The Lambda entry point, `isoship_lambda.handler.handler`.

Events: API Gateway (HTTP and REST), function URLs, load balancers; SQS batches (`isoship_lambda.sqs`); and the plain
payload {"rows": [...]}, of a model of tensors {"inputs": {...}}, of Step Functions and `aws lambda invoke`.

Predictions go from the event straight to the model (`isoship_lambda.direct`); everything else over HTTP goes through
`Mangum(app, lifespan="off")`, which is imported when it is first needed: FastAPI costs more than three times what all
the rest of a cold start does. ISOSHIP_DIRECT=0 sends predictions that way too. Where Lambda starts functions ahead of
calls (SnapStart, provisioned concurrency), all is imported and the golden rows are replayed before the first call.

The bundle lies beside this package, at the root of the zip, or where ISOSHIP_BUNDLE says. It is loaded when Lambda
imports this module, in the init phase.
"""

from __future__ import annotations

import gc
import json
import os

gc.disable()  # nothing that is imported from here on is garbage, and looking for some takes a quarter of the start

from isoship_edge.http.api import Limits, refusal_of  # noqa: E402
from isoship_edge.http.response import Refusal  # noqa: E402
from isoship_edge.inference.model import load  # noqa: E402
from isoship_lambda import direct  # noqa: E402
from isoship_lambda.base_path import with_path  # noqa: E402
from isoship_lambda.direct import InvocationRefused  # noqa: E402
from isoship_lambda.request_log import REPLAYED, RequestLog  # noqa: E402

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

# `pathlib` and `typing` would be a tenth of the start.
FOLDER = os.environ.get("ISOSHIP_BUNDLE") or os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
DIRECT = os.environ.get("ISOSHIP_DIRECT", "1") != "0"
#: Answers of fewer characters are within every limit of `isoship_lambda.payload`, whatever their escapes.
SMALL = 80_000
_EVENT_KEYS = {"Records", "body", "detail", "detail-type", "httpMethod", "requestContext", "source", "version"}

model = load(FOLDER, target="lambda")
limits = Limits()
log = RequestLog(model.manifest)
_mangum: Any = None


def handler(event: Any, context: Any) -> Any:
    """Answers one event.

    Raises:
        InvocationRefused: a plain payload that the contract refuses, or no event of those above.
    """
    log.start(context)
    if isinstance(event, dict) and "requestContext" in event:
        return _proxied(event, context)
    if isinstance(event, dict) and "Records" in event:
        from isoship_lambda import sqs

        messages = sqs.messages_of(event)
        if messages is not None:
            answered, shares = sqs.answer(model, messages, limits, log)
            failed = len(answered["batchItemFailures"])
            log.finish("SQS", 200, {"messages": len(messages), "failed": failed}, shares)
            return answered
    return _invoked(event)


def _proxied(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A gateway's or load balancer's request, by either way; the size and the request's id are seen to here."""
    try:
        request = direct.request_of(event)
    except (LookupError, TypeError, AttributeError):
        log.finish("invoke", 400)
        raise _unknown(event) from None
    log.counted = event["requestContext"].get("apiId") != REPLAYED
    made = direct.answer(model, event, request, limits, log) if DIRECT else None
    if made is None:
        mangum = through_fastapi()
        event = with_path(event, request.path)
        if _readable(mangum, event, context):
            made = mangum(event, context)
        else:
            refusal = Refusal(400, "this request cannot be read")
            log.refused(refusal)
            made = direct.proxied(request.kind, refusal_of(request.path, refusal))
    if len(made["body"]) > SMALL:
        from isoship_lambda import payload

        made = payload.fitting(request, made, log)
    if log.request is not None:
        if "headers" in made:
            made["headers"]["x-request-id"] = log.request
        else:
            made["multiValueHeaders"]["x-request-id"] = [log.request]
    status = made["statusCode"]
    if log.on:
        log.finish(log.route(request.method, request.path), status, log.input(event.get("body")))
    return made


def _readable(mangum: Any, event: Any, context: Any) -> bool:
    """Whether Mangum can make a request of it: no body that is called base64 and is none, no host of two colons."""
    try:
        request = mangum.infer(event, context)
        _ = request.scope, request.body
    except Exception as err:  # noqa: BLE001 - it raises whatever the fault in the event leads to
        log.line("WARNING", "this request cannot be read", error=type(err).__name__)
        return False
    return True


def _invoked(event: Any) -> dict[str, Any]:
    response = direct.invoked(model, event, limits, log)
    if response is None:
        log.finish("invoke", 400, log.input(event))
        raise _unknown(event)
    document: dict[str, Any] = json.loads(response.body)
    if response.status == 200 and len(response.body) > SMALL:
        from isoship_lambda import payload

        response = payload.refused(document, log) or response
    if response.status != 200:
        log.finish("invoke", response.status, log.input(event))
        problem = json.loads(response.body)
        raise InvocationRefused(log.refusal_message() if response.status < 500 else problem["detail"], problem)
    log.finish("invoke", 200, log.input(event))
    return document


def _unknown(event: Any) -> InvocationRefused:
    """Of the keys that were sent, only those are named that AWS's own events have."""
    got = type(event).__name__
    if isinstance(event, dict):
        known = sorted(_EVENT_KEYS & event.keys())
        others = len(event) - len(known)
        got = ", ".join([*known, *([f"{others} other keys"] if others else [])]) or "an empty object"
    payload = '{"rows": [...]}' if model.takes == "rows" else '{"inputs": {...}}'
    expected = f"an event of API Gateway, a function URL, a load balancer or SQS, or {payload}"
    message = f"expected {expected}; got {got}"
    return InvocationRefused(message, {"status": 400, "detail": message})


def through_fastapi() -> Any:
    """`Mangum(app, lifespan="off")`, made on the first call."""
    global _mangum
    if _mangum is None:
        collecting = gc.isenabled()
        gc.disable()
        try:
            _mangum = _imported_mangum()
        finally:
            if collecting:
                gc.enable()
                gc.freeze()
    return _mangum


def _imported_mangum() -> Any:
    from isoship_lambda.lean_import import import_fastapi

    telemetry = import_fastapi()
    import logging

    from mangum import Mangum
    from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

    from isoship_lambda.app import create_app

    # It writes a line of its own for each request, path and all, where the function's log format is JSON.
    logging.getLogger("mangum").setLevel(logging.CRITICAL)
    app = create_app(model, metrics=False, threads=False, watch=log, telemetry=telemetry)
    # `lifespan="auto"` would run startup on every invocation; `+json` would be sent as base64.
    return Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"])


def prime() -> None:
    """Imports what a first call of any sort would import, and replays the golden rows: no call pays for it then.

    Raises:
        RuntimeError: this copy answers otherwise than the model did; a version that starts so never gets a call.
    """
    through_fastapi()
    result = model.selftest()
    if not result.ok:
        raise RuntimeError(f"the golden rows are answered otherwise here: {result.first_difference}")
    gc.freeze()


def restored() -> None:
    """A copy of the snapshot starts: its first call is a cold one, and counted so."""
    log.cold = True


def _start() -> None:
    kind = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
    if kind == "snap-start":
        from isoship_lambda import snapstart

        if snapstart.register(prime, restored):
            return
    if kind in ("snap-start", "provisioned-concurrency"):
        prime()
    elif not DIRECT:
        through_fastapi()


_start()
gc.enable()
gc.freeze()
