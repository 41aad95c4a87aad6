"""One line a request: what is in it, what never is, and what CloudWatch makes of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from embedded_metrics import check_embedded_metrics
from lambda_directory import Here

from bundles import VISITS_ROWS
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.lambda_events import predict_event
from isoship.parity.runners.lambda_process import LambdaFunction
from isoship_edge.inference.tensor import Tensor
from isoship_lambda.deployed import http_event
from isoship_lambda.request_log import RequestLog

Load = Callable[..., ModuleType]
GOOD = predict_event(json.dumps({"rows": VISITS_ROWS}))
BAD = predict_event(json.dumps({"rows": [{**VISITS_ROWS[0], "plan": "secret-plan"}]}))
UNKNOWN = predict_event(json.dumps({"rows": [{**VISITS_ROWS[0], "secret-key": 1}]}))
TRACE = "1-6720b800-0123456789abcdef01234567"


class Context:
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def check_embedded(line: dict[str, Any], **units: str) -> None:
    """The embedded metric format's demands: every metric and dimension named in `_aws` stands in the line."""
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60
    assert all(isinstance(line[name], str) for names in directive["Dimensions"] for name in names)
    metrics = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert all(type(line[name]) in (int, float) for name in metrics)
    assert metrics == units


ALWAYS = {"latency": "Milliseconds", "rows": "Count"}


@pytest.mark.parametrize("direct", ["1", "0"])
def test_a_request_is_one_line_with_its_metrics(entry: Load, told: Any, direct: str, monkeypatch: Any) -> None:
    module = entry(ISOSHIP_DIRECT=direct, _X_AMZN_TRACE_ID=f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1")
    labels = [p["label"] for p in json.loads(module.handler(GOOD, Context())["body"])["predictions"]]
    module.handler(GOOD, Context())
    first, second = told()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["timestamp"])
    expected = {
        "level": "INFO", "message": "POST /predict", "requestId": Context.aws_request_id, "traceId": TRACE,
        "status": 200, "model": "visits", "version": "1.2.3", "rows": len(VISITS_ROWS), "coldStart": 1,
    }  # fmt: skip
    assert {name: first[name] for name in expected} == expected
    assert {n: v for n, v in first.items() if n.startswith("label.")} == {
        f"label.{label}": labels.count(label) for label in set(labels)
    }
    counts = {f"label.{label}": "Count" for label in set(labels)}
    check_embedded(first, **ALWAYS, **counts, coldStart="Count")
    check_embedded(second, **ALWAYS, **counts)
    assert "coldStart" not in second
    assert 0 < second["latency"] < 10_000


def test_what_the_hook_replays_is_a_line_and_no_metric(entry: Load, told: Any) -> None:
    """Most golden rows of a small model are refused ones: counted, they would sound the alarm of each deployment."""
    module = entry()
    for event in (GOOD, BAD):
        module.handler(http_event("POST", "/predict", event["body"]), Context())
    module.handler(http_event("GET", "/", ""), Context())
    lines = told()
    assert [line["status"] for line in lines] == [200, 422, 200]
    assert not any("_aws" in line for line in lines)
    module.handler(BAD, Context())
    (caller,) = told()
    check_embedded(caller, **ALWAYS, refused="Count")


def test_a_refusal_names_the_column_and_no_value(entry: Load, told: Any) -> None:
    module = entry()
    for event in (BAD, UNKNOWN):
        module.handler(event, Context())
    with pytest.raises(module.InvocationRefused):
        module.handler(json.loads(BAD["body"]), Context())
    known, unknown, invoked = told()
    for line in (known, invoked):
        assert (line["level"], line["status"], line["row"], line["column"]) == ("WARNING", 422, 0, "plan")
        assert line["expected"] == 'one of "basic", "pro"'
    check_embedded({**known, "coldStart": 1}, **ALWAYS, coldStart="Count", refused="Count")
    assert (unknown["status"], unknown["row"]) == (422, 0)
    assert "secret" not in json.dumps([known, unknown, invoked])
    assert invoked["message"] == "invoke"


def test_inputs_are_logged_where_that_is_asked(entry: Load, told: Any) -> None:
    entry(ISOSHIP_LOG_INPUTS="1").handler(BAD, Context())
    [line] = told()
    assert line["input"] == BAD["body"]
    assert "secret-plan" in line["detail"]


def test_a_fault_is_an_error_line(entry: Load, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = entry()

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(module.direct, "handle", broken)
    assert module.handler(GOOD, Context())["statusCode"] == 500
    [line] = told()
    assert (line["level"], line["status"], line["faults"]) == ("ERROR", 500, 1)


@pytest.mark.parametrize(
    ("environment", "seen"),
    [
        ({}, ["INFO", "WARNING"]),
        ({"ISOSHIP_LOG_LEVEL": "warning"}, [None, "WARNING"]),
        ({"AWS_LAMBDA_LOG_LEVEL": "WARN"}, [None, "WARNING"]),
        ({"AWS_LAMBDA_LOG_LEVEL": "ERROR", "ISOSHIP_LOG_LEVEL": "INFO"}, ["INFO", "WARNING"]),
        ({"ISOSHIP_LOG_LEVEL": "ERROR"}, [None, None]),
        ({"ISOSHIP_LOG_LEVEL": "ERROR", "ISOSHIP_METRICS": "0"}, []),
        ({"ISOSHIP_METRICS": "0"}, ["INFO", "WARNING"]),
        ({"ISOSHIP_LOG_LEVEL": "nonsense"}, ["INFO", "WARNING"]),
    ],
    ids=str,
)
def test_levels_and_metrics_are_set_apart(
    entry: Load, told: Any, environment: dict[str, str], seen: list[str | None]
) -> None:
    module = entry(**environment)
    for event in (GOOD, BAD):
        module.handler(event, Context())
    lines = told()
    assert [line.get("level") for line in lines] == seen
    assert all(("_aws" in line) == ("ISOSHIP_METRICS" not in environment) for line in lines)
    assert all("requestId" not in line for line in lines if "level" not in line)


@pytest.mark.parametrize(
    ("classes", "counted"),
    [
        (("no", "Ærø", 'a "b"', "x" * 249), True),
        (("no", "x" * 250), False),
        (("no", "two\nlines"), False),
        (("no", "\x7f"), False),
        (tuple("abcdefghijklmnopqrst"), True),
        (tuple("abcdefghijklmnopqrstu"), False),
    ],
    ids=lambda held: str(held)[:24],
)
def test_classes_whose_names_are_none_for_metrics_are_not_counted(
    entry: Load, told: Any, classes: tuple[str, ...], counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One name that CloudWatch does not take would cost the line all its metrics."""
    module = entry(AWS_LAMBDA_FUNCTION_VERSION="7")
    label, *others = module.model.manifest.outputs
    monkeypatch.setattr(module.model, "manifest", module.model.manifest._replace(
        outputs=(label._replace(classes=classes), *others)
    ))  # fmt: skip
    log = RequestLog(module.model.manifest)
    log.start(Context())
    log(len(classes), {"label": Tensor("string", (len(classes),), list(classes))})
    log.finish("POST /predict", 200)
    [line] = told()
    check_embedded_metrics(json.dumps(line))
    assert {name for name in line if name.startswith("label.")} == (
        {f"label.{c}" for c in classes} if counted else set()
    )


def test_off_lambda_nothing_is_written(entry: Load, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = entry()
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    module.log = module.RequestLog(module.model.manifest)
    assert module.handler(GOOD, None)["statusCode"] == 200
    assert told() == []


@pytest.mark.parametrize("asked", ["0", "1"])
def test_a_refused_invocation_leaves_no_value_in_lambdas_log(here: Here, asked: str) -> None:
    """The runtime client logs what the handler raises, message and all."""
    function = LambdaFunction(here.interpreter, here.folder, here.client, environment={"ISOSHIP_LOG_INPUTS": asked})
    try:
        with pytest.raises(RunnerCrashed, match="expected one of"):
            function.invoke(json.loads(BAD["body"]))
        log = function.log()
    finally:
        function.close()
    assert "InvocationRefused" in log
    assert ("secret-plan" in log) == (asked == "1")


def test_under_the_real_runtime_client_the_ids_are_lambdas(here: Here) -> None:
    function = LambdaFunction(here.interpreter, here.folder, here.client)
    try:
        answer = function.invoke(GOOD)
        line = json.loads(function.log().strip().splitlines()[-1])
    finally:
        function.close()
    assert line["requestId"] == answer["headers"]["x-request-id"]
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", line["traceId"])
    assert line["coldStart"] == 1
