"""Batches of an SQS queue: every message is a payload {"rows": [...]}, of a model of tensors {"inputs": {...}}, and
each succeeds or fails alone.

The answer is `{"batchItemFailures": [{"itemIdentifier": id}]}`, for an event source mapping with
`FunctionResponseTypes: [ReportBatchItemFailures]`: what is named comes back, and after `maxReceiveCount` goes to the
dead-letter queue; the rest is deleted. On a FIFO queue what follows a failure in its message group fails too, so that
nothing overtakes.

A queue has no way back, so predictions go where these say, as {"messageId": ..., "model": ..., "predictions": [...]}
("outputs" of a model of tensors):

    ISOSHIP_RESULTS_QUEUE=URL   a message each to this queue (boto3, which Lambda's runtime brings, is imported then)
    ISOSHIP_LOG_ANSWERS=1       a line each in the log

With neither, every message fails: one that was answered into nothing would be gone. A message whose result could not
be sent fails, and is answered again: results arrive at least once. SQS carries messages of 1 MiB; a longer result
fails its message.

Source: AWS Lambda Developer Guide, "Handling errors for an SQS event source in Lambda".
"""

from __future__ import annotations

import json
import os

from isoship_edge.http.api import Limits, handle
from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

    from isoship_edge.inference.model import AnyModel
    from isoship_lambda.request_log import RequestLog

_client: Any = None


class Message(NamedTuple):
    """group: where a FIFO queue keeps order, else None."""

    identity: str
    body: str
    group: str | None


def messages_of(event: Any) -> list[Message] | None:
    """The messages of an SQS event; None where the event is none."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        return None
    made = []
    for record in records:
        if not isinstance(record, dict) or record.get("eventSource") != "aws:sqs":
            return None
        identity, body = record.get("messageId"), record.get("body")
        if not isinstance(identity, str):
            return None
        attributes = record.get("attributes")
        group = attributes.get("MessageGroupId") if isinstance(attributes, dict) else None
        fifo = str(record.get("eventSourceARN", "")).endswith(".fifo")
        made.append(Message(identity, body if isinstance(body, str) else "", group if fifo else None))
    return made


def answer(
    model: AnyModel, messages: list[Message], limits: Limits, log: RequestLog
) -> tuple[dict[str, Any], dict[str, float]]:
    """Answers every message; nothing that one of them holds can fail the others. Beside the answer to Lambda: the
    shares of messages that were refused and that met a fault, where there are any."""
    queue, logged = os.environ.get("ISOSHIP_RESULTS_QUEUE"), os.environ.get("ISOSHIP_LOG_ANSWERS") == "1"
    if not queue and not logged:
        log.line("ERROR", "predictions have nowhere to go: set ISOSHIP_RESULTS_QUEUE or ISOSHIP_LOG_ANSWERS=1")
        return {"batchItemFailures": [{"itemIdentifier": message.identity} for message in messages]}, {"faults": 1.0}
    failed: list[str] = []
    statuses: list[int] = []
    stopped: set[str] = set()
    for message in messages:
        if message.group in stopped:
            failed.append(message.identity)
            continue
        document, why = _answered(model, message, limits, log)
        if document is not None and queue:
            why = _sent(queue, message, document)
        if why is not None:
            failed.append(message.identity)
            statuses.append(why["status"])
            if message.group is not None:
                stopped.add(message.group)
            log.line("WARNING", "a message failed", messageId=message.identity, **why)
        elif logged:
            log.line("INFO", "answer", **(document or {}))
    shares = {
        "refused": sum(status < 500 for status in statuses) / len(messages),
        "faults": sum(status >= 500 for status in statuses) / len(messages),
    }
    response = {"batchItemFailures": [{"itemIdentifier": identity} for identity in failed]}
    return response, {name: share for name, share in shares.items() if share}


def _answered(
    model: AnyModel, message: Message, limits: Limits, log: RequestLog
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """(document, None), or (None, what the log may say of the problem)."""
    log.told = {}
    try:
        content = message.body.encode()
        response = handle(model, "POST", "/predict", {}, content, limits=limits, watch=log)
    except Exception as err:  # noqa: BLE001 - one message must not take the batch with it
        return None, {"status": 500, "error": type(err).__name__}
    document = json.loads(response.body)
    if response.status != 200:
        return None, {"status": response.status, **log.told}
    return {"messageId": message.identity, **document}, None


def _sent(queue: str, message: Message, document: dict[str, Any]) -> dict[str, Any] | None:
    """Sends one result; what went wrong, else None."""
    global _client
    fifo = {}
    if queue.endswith(".fifo"):
        fifo = {"MessageGroupId": message.group or "isoship", "MessageDeduplicationId": message.identity}
    try:
        if _client is None:
            import boto3

            _client = boto3.client("sqs")
        _client.send_message(QueueUrl=queue, MessageBody=json.dumps(document, ensure_ascii=False), **fifo)
    except Exception as err:  # noqa: BLE001 - whatever it is, the message comes back
        return {"status": 502, "error": f"{type(err).__name__} {_code_of(err)}".rstrip()}
    return None


def _code_of(err: Exception) -> str:
    """AWS's name for what went wrong; a message of AWS's may repeat what was sent."""
    answered = getattr(err, "response", None)
    code = answered.get("Error", {}).get("Code", "") if isinstance(answered, dict) else getattr(err, "name", None) or ""
    return str(code)
