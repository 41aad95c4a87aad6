"""Batches of a queue: every message succeeds or fails alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lambda_directory import Here

from bundles import VISITS_ROWS, visits_reference
from isoship.parity.runners.lambda_process import LambdaFunction

Load = Callable[..., ModuleType]
GOOD = json.dumps({"rows": VISITS_ROWS[:2]})


def batch(*bodies: Any, fifo: str = "", groups: str = "") -> dict[str, Any]:
    """The event of an SQS event source mapping (Lambda Developer Guide, "Using Lambda with Amazon SQS")."""
    return {
        "Records": [
            {
                "messageId": f"m{i}",
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1795262400000",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1795262400001",
                    **({"MessageGroupId": groups[i]} if fifo else {}),
                },
                "messageAttributes": {},
                "md5OfBody": "0" * 32,
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:rows{fifo}",
                "awsRegion": "us-east-1",
            }
            for i, body in enumerate(bodies)
        ]
    }


def failures(answer: Any) -> list[str]:
    assert list(answer) == ["batchItemFailures"]
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


BAD = ["", "{", "[]", "rows", '{"rows": 1}', '{"rows": [{}]}', '{"rows": [NaN]}', '{"rows": [], "x": 1}', "\ud83d",
       '{"rows":' + "[" * 100_000, json.dumps({"rows": [{**VISITS_ROWS[0], "plan": "gold"}]}), None, 7]  # fmt: skip


def test_each_message_succeeds_or_fails_alone(entry: Load) -> None:
    handler = entry(ISOSHIP_LOG_ANSWERS="1").handler
    event = batch(*(body for bad in BAD for body in (GOOD, bad)), GOOD)
    assert failures(handler(event, None)) == [f"m{2 * i + 1}" for i in range(len(BAD))]
    assert failures(handler(batch(GOOD, '{"rows": []}'), None)) == []


def test_answers_go_to_the_log_where_that_is_asked(entry: Load, capsys: pytest.CaptureFixture[str]) -> None:
    entry(ISOSHIP_LOG_ANSWERS="1").handler(batch(GOOD, BAD[-3]), None)
    answer, failed, told = lines(capsys)
    assert answer["messageId"] == "m0"
    assert [p["label"] for p in answer["predictions"]] == visits_reference(VISITS_ROWS[:2])["label"].tolist()
    assert {name: failed[name] for name in ("level", "messageId", "status", "row", "column")} == {
        "level": "WARNING", "messageId": "m1", "status": 422, "row": 0, "column": "plan",
    }  # fmt: skip
    assert "gold" not in json.dumps(failed)
    assert (told["messages"], told["failed"], told["rows"]) == (2, 1, 2)


def test_messages_whose_answers_have_nowhere_to_go_come_back(entry: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """Answered into nothing, they would be deleted from their queue and gone."""
    assert failures(entry().handler(batch(GOOD, "{"), None)) == ["m0", "m1"]
    told, request = lines(capsys)
    assert told["level"] == "ERROR"
    assert "ISOSHIP_RESULTS_QUEUE" in told["message"]
    assert (request["rows"], request["failed"]) == (0, 2)


def test_alarms_hear_of_the_queue(entry: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """A message is no request of its own in the metrics, so the batch counts the shares that failed."""
    for event, environment, shares in (
        (batch(GOOD, "{", GOOD, BAD[-3]), {"ISOSHIP_LOG_ANSWERS": "1"}, {"refused": 0.5}),
        (batch(GOOD, GOOD), {"ISOSHIP_LOG_ANSWERS": "1"}, {}),
        (batch(GOOD, "{"), {}, {"faults": 1.0}),
    ):
        entry(**environment).handler(event, None)
        told = lines(capsys)[-1]
        assert {name: told[name] for name in ("refused", "faults") if name in told} == shares
        (directive,) = told["_aws"]["CloudWatchMetrics"]
        assert {m["Name"] for m in directive["Metrics"]} & {"refused", "faults"} == set(shares)


def test_on_a_fifo_queue_nothing_overtakes_in_its_group(entry: Load) -> None:
    event = batch(GOOD, "{", GOOD, GOOD, GOOD, fifo=".fifo", groups="aabab")
    handler = entry(ISOSHIP_LOG_ANSWERS="1").handler
    assert failures(handler(event, None)) == ["m1", "m3"]
    standard = batch(GOOD, "{", GOOD, GOOD, GOOD)
    assert failures(handler(standard, None)) == ["m1"]


def test_a_fault_in_one_message_leaves_the_others(entry: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    from isoship_lambda import sqs

    real = sqs.handle

    def broken(*given: Any, **options: Any) -> Any:
        if b"Atlantis" in given[4]:
            raise ZeroDivisionError("planted")
        return real(*given, **options)

    monkeypatch.setattr(sqs, "handle", broken)
    answer = entry(ISOSHIP_LOG_ANSWERS="1").handler(batch(GOOD, json.dumps({"rows": VISITS_ROWS}), GOOD), None)
    assert failures(answer) == ["m1"]


@pytest.mark.parametrize("queue", ["https://sqs.us-east-1.amazonaws.com/123456789012/results"])
def test_a_message_whose_result_cannot_be_sent_comes_back(
    entry: Load, queue: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "boto3", None)  # Lambda's runtime has it, this environment need not
    answer = entry(ISOSHIP_RESULTS_QUEUE=queue).handler(batch(GOOD, "{"), None)
    assert failures(answer) == ["m0", "m1"]
    assert "boto3" in lines(capsys)[0]["error"]


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        {"Records": [{"eventSource": "aws:s3"}]},
        {"Records": [batch(GOOD)["Records"][0], {"eventSource": "aws:sns"}]},
        {"Records": [{"eventSource": "aws:sqs", "body": GOOD}]},
        {"Records": "aws:sqs"},
    ],
)
def test_records_of_another_kind_are_refused_by_name(entry: Load, event: Any) -> None:
    module = entry()
    with pytest.raises(module.InvocationRefused, match="got Records"):
        module.handler(event, None)


def test_it_answers_under_the_real_runtime_client(here: Here, tmp_path: Path) -> None:
    function = LambdaFunction(
        here.interpreter, here.folder, here.client, environment={"ISOSHIP_LOG_ANSWERS": "1", "PYTHONHASHSEED": "0"}
    )
    try:
        assert failures(function.invoke(batch(GOOD, "{", GOOD))) == ["m1"]
        assert function.log().count('"predictions"') == 2
    finally:
        function.close()
