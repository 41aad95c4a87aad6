"""Each parameter of the template, changed on a living stack of the local AWS and read back from what it is for.

Run like deploy_local.py, and in order: `sam deploy` keeps the values of parameters that it is not told, so after each
step the whole stack is what the values that it has by now say, and not only what was changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed_stack import (
    ASKED,
    STACK,
    api_id,
    assert_answers_of,
    assert_predictions_of,
    deploy,
    live,
    predicted,
    put,
)
from local_aws import LocalAws, local_aws

#: What the emulator does not show, each with its reason and what shows it instead.
UNSEEN = {
    # SAM's transform turns it into a deployment configuration, and the emulator's transform is given no parameters:
    # test_template.py, which translates each. Here it is changed, and what else the stack is stays.
    "Canary",
}
#: A bundle's template admits one value of these: deploy_local.py sees another one refused.
FIXED = {"Runtime", "Architecture"}
#: A version is published for these, and for no other.
OF_THE_VERSION = {
    "MemorySize", "Timeout", "LogLevel", "LogInputs", "MaxRows", "MetricsNamespace", "BasePath", "SnapStart",
    "ResultsQueueArn",
}  # fmt: skip
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
ORIGINS = "https://a.example,https://b.example"
STEPS: list[dict[str, str]] = [
    {"MemorySize": "512"},
    {"Timeout": "20"},
    {"LogLevel": "WARN"},
    {"LogInputs": "yes"},
    {"MaxRows": "3"},
    {"MetricsNamespace": "teams"},
    {"BasePath": "/scores", "MaxRows": "100"},
    {"SnapStart": "yes"},
    {"ThrottleRate": "7", "ThrottleBurst": "9", "P99Milliseconds": "900", "RefusedPercent": "30"},
    {"AlarmTopic": ARN.format("sns", "alarms"), "LogRetentionDays": "7", "CorsOrigins": ORIGINS},
    {"ReservedConcurrency": "5", "Canary": "Linear10PercentEvery1Minute", "BreakingChange": "allow"},
    {"SnapStart": "no", "ProvisionedConcurrency": "2", "Canary": "AllAtOnce"},
    {"Auth": "JWT", "JwtIssuer": "https://login.example", "JwtAudience": "model"},
    {"Auth": "NONE", "FunctionUrl": "yes"},
    {"RequestsQueueArn": ARN.format("sqs", "rows"), "ResultsQueueArn": ARN.format("sqs", "results")},
]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws(tmp_path_factory.mktemp("aws")) as started:
        for queue in ("rows", "results"):
            started.client("sqs").create_queue(QueueName=queue)
        yield started


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("user") / "bundle"


def stated(aws: LocalAws) -> dict[str, str]:
    """Every parameter of the stack's template and the value that CloudFormation has for it."""
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}


def overrides(values: dict[str, str]) -> list[str]:
    return ["--parameter-overrides", *(f"{name}={value}" for name, value in values.items())]


def of_the_function(aws: LocalAws) -> dict[str, Any]:
    """What the version that answers was made with, and what is in front of it."""
    client, held = aws.client("lambda"), live(aws)
    name, variables = held["FunctionName"], held["Environment"]["Variables"]
    doors = client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    queues = client.list_event_source_mappings()["EventSourceMappings"]
    assert {mapping["FunctionArn"] for mapping in queues} <= {aws.outputs(STACK)["FunctionAlias"]}
    hook = client.get_function_configuration(FunctionName=f"CodeDeployHook_{STACK}")
    assert hook["MemorySize"] == held["MemorySize"], "what replays the rows has the memory of what is asked"
    return {
        "Runtime": held["Runtime"],
        "Architecture": held["Architectures"][0],
        "MemorySize": held["MemorySize"],
        "Timeout": held["Timeout"],
        "SnapStart": {"None": "no", "PublishedVersions": "yes"}[held["SnapStart"]["ApplyOn"]],
        "LogLevel": held["LoggingConfig"]["ApplicationLogLevel"],
        "LogInputs": {"0": "no", "1": "yes"}[variables["ISOSHIP_LOG_INPUTS"]],
        "MaxRows": variables["ISOSHIP_MAX_ROWS"],
        "BasePath": variables.get("ISOSHIP_BASE_PATH", ""),
        "FunctionUrl": "yes" if doors else "no",
        "RequestsQueueArn": "".join(mapping["EventSourceArn"] for mapping in queues),
        "ResultsQueueArn": arn_of(variables["ISOSHIP_RESULTS_QUEUE"]),
        "ReservedConcurrency": client.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions", 0
        ),
        "ProvisionedConcurrency": kept_warm(aws, name),
        "BreakingChange": hook["Environment"]["Variables"]["ISOSHIP_BREAKING_CHANGE"],
    }


def kept_warm(aws: LocalAws, function: str) -> int:
    client = aws.client("lambda")
    try:
        held = client.get_provisioned_concurrency_config(FunctionName=function, Qualifier="live")
    except client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return 0
    return int(held["RequestedProvisionedConcurrentExecutions"])


def arn_of(queue_url: str) -> str:
    if not queue_url:
        return ""
    host, account, name = queue_url.removeprefix("https://").split("/")
    service, region, _ = host.split(".", 2)
    return f"arn:aws:{service}:{region}:{account}:{name}"


def of_the_api(aws: LocalAws) -> dict[str, Any]:
    client, own = aws.client("apigatewayv2"), {"ApiId": api_id(aws)}
    routes = {r["RouteKey"]: r["AuthorizationType"] for r in client.get_routes(**own)["Items"]}
    (auth,) = {routes.pop("POST /predict"), routes.pop("$default")}
    cors = client.get_api(**own).get("CorsConfiguration")
    assert routes == ({"OPTIONS /": "NONE", "OPTIONS /{proxy+}": "NONE"} if cors else {})
    tokens = [each["JwtConfiguration"] for each in client.get_authorizers(**own)["Items"]]
    (stage,) = client.get_stages(**own)["Items"]
    return {
        "Auth": auth,
        "JwtIssuer": "".join(each["Issuer"] for each in tokens),
        "JwtAudience": "".join(audience for each in tokens for audience in each["Audience"]),
        "CorsOrigins": ",".join(cors["AllowOrigins"]) if cors else "none",
        "ThrottleRate": stage["DefaultRouteSettings"]["ThrottlingRateLimit"],
        "ThrottleBurst": stage["DefaultRouteSettings"]["ThrottlingBurstLimit"],
    }


def of_the_watch(aws: LocalAws) -> dict[str, Any]:
    """Alarms and logs."""
    alarms = {a["MetricName"]: a for a in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    (topics,) = {tuple(alarm.get("AlarmActions", [])) for alarm in alarms.values()}
    groups = aws.client("logs").describe_log_groups()["logGroups"]
    (days,) = {group["retentionInDays"] for group in groups if STACK in group["logGroupName"]}
    (namespace,) = {
        alarms["refused"]["Namespace"],
        alarms["faults"]["Namespace"],
        live(aws)["Environment"]["Variables"]["ISOSHIP_METRICS"],
    }
    return {
        "AlarmTopic": "".join(topics),
        "LogRetentionDays": days,
        "P99Milliseconds": alarms["Duration"]["Threshold"],
        "RefusedPercent": alarms["refused"]["Threshold"],
        "MetricsNamespace": namespace,
    }


def assert_is_what_it_says(aws: LocalAws) -> dict[str, str]:
    """Every parameter is where it belongs; their values."""
    said = stated(aws)
    seen = {
        name: f"{value:g}" if isinstance(value, (int, float)) else value
        for name, value in (of_the_function(aws) | of_the_api(aws) | of_the_watch(aws)).items()
    }
    without_token = {} if said["Auth"] == "JWT" else {"JwtIssuer": "", "JwtAudience": ""}
    assert seen == {name: value for name, value in said.items() if name not in UNSEEN} | without_token
    return said


def test_a_new_stack_is_what_the_templates_defaults_say(aws: LocalAws, bundle: Path) -> None:
    put("second", bundle)
    deploy(aws, bundle)
    summary = aws.client("cloudformation").get_template_summary(StackName=STACK)
    defaults = {p["ParameterKey"]: p["DefaultValue"] for p in summary["Parameters"]}
    assert assert_is_what_it_says(aws) == defaults


def test_no_parameter_is_left_out(aws: LocalAws) -> None:
    changed = {name for step in STEPS for name in step}
    assert changed | FIXED == set(stated(aws))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: ",".join(step))
def test_each_parameter_changes_a_living_stack(aws: LocalAws, bundle: Path, step: dict[str, str]) -> None:
    before, version = stated(aws), int(live(aws)["Version"])
    assert all(before[name] != value for name, value in step.items()), "a step that changes nothing shows nothing"
    deploy(aws, bundle, *overrides(step))
    assert assert_is_what_it_says(aws) == before | step
    assert (int(live(aws)["Version"]) > version) == bool(OF_THE_VERSION & set(step))
    path = stated(aws)["BasePath"] + "/predict"
    status, document = predicted(aws, path, **({"credentials": None} if before["Auth"] == "NONE" else {}))
    if stated(aws)["MaxRows"] == "3":
        assert status == 413, document
    elif stated(aws)["Auth"] == "JWT":
        assert status == 401, "signed, and without a token"
    else:
        assert status == 200, document
        assert_predictions_of("second", document["predictions"])


def test_the_body_of_a_request_is_logged_where_that_was_chosen(aws: LocalAws) -> None:
    (group,) = {live(aws)["LoggingConfig"]["LogGroup"]}
    events = aws.client("logs").filter_log_events(logGroupName=group)["events"]
    bodies = [e["message"] for e in events if str(ASKED["rows"][0]["age"]) in e["message"]]
    assert bodies


def test_a_message_of_the_queue_is_answered_in_the_other_one(aws: LocalAws) -> None:
    client = aws.client("sqs")
    urls = {name: client.get_queue_url(QueueName=name)["QueueUrl"] for name in ("rows", "results")}
    client.send_message(QueueUrl=urls["rows"], MessageBody=json.dumps({"rows": ASKED["rows"]}))
    got = client.receive_message(QueueUrl=urls["results"], WaitTimeSeconds=20).get("Messages", [])
    assert got, aws.log.read_text()[-3000:]
    assert_predictions_of("second", json.loads(got[0]["Body"])["predictions"])


def test_a_breaking_change_that_is_meant_goes_live_on_a_living_stack(aws: LocalAws, bundle: Path) -> None:
    put("narrower", bundle)
    deploy(aws, bundle)
    assert predicted(aws, "/scores/predict", credentials=None)[0] == 422, "BreakingChange=allow was kept, and meant"
    put("second", bundle)
    deploy(aws, bundle)


def test_every_parameter_goes_back_to_its_default_in_one_deployment(aws: LocalAws, bundle: Path) -> None:
    summary = aws.client("cloudformation").get_template_summary(StackName=STACK)
    defaults = {p["ParameterKey"]: p["DefaultValue"] for p in summary["Parameters"]}
    empty = {name: '""' if value == "" else value for name, value in defaults.items()}
    deploy(aws, bundle, *overrides(empty))
    assert assert_is_what_it_says(aws) == defaults
    assert_answers_of("second", "2.0.0", aws)
    assert predicted(aws, credentials=None)[0] == 403
