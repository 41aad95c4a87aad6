"""template.yaml, translated by aws-sam-translator and resolved for every combination of its choices.

The translation depends on the deployment configuration alone; that is shown here for each parameter by itself, and
with ISOSHIP_TRANSLATE=all (`make check-template`) by translating all 864 combinations.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from resolved_template import Resolved, resolve

ROOT = Path(__file__).resolve().parents[2]
CANARIES = [
    "AllAtOnce", "Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes",
    "Canary10Percent30Minutes", "Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes",
]  # fmt: skip
CHOICES: dict[str, list[str]] = {
    "Auth": ["AWS_IAM", "JWT", "NONE"],
    "FunctionUrl": ["no", "yes"],
    "CorsOrigins": ["none", "https://a.example,https://b.example"],
    "SnapStart": ["no", "yes"],
    "ProvisionedConcurrency": ["0", "2"],
    "Canary": CANARIES,
    "AlarmTopic": ["", "arn:aws:sns:us-east-1:000000000000:topic"],
}
JWT = {"JwtIssuer": "https://login.example", "JwtAudience": "model"}
COMBINATIONS = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]


def translated(combinations: list[dict[str, str]]) -> tuple[list[dict[str, Any]], list[int]]:
    """The distinct translations, and which of them each combination has."""
    python = Path(os.environ.get("ISOSHIP_SAM") or ROOT / ".tools" / "sam" / "bin" / "sam").parent / "python"
    asked = {"template": str(ROOT / "template.yaml"), "parameters": combinations}
    environment = {"PATH": os.defpath, "AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}
    ran = subprocess.run(
        [python, Path(__file__).with_name("translations.py")], input=json.dumps(asked), env=environment,
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    made = json.loads(ran.stdout)
    return made["templates"], made["of"]


@pytest.fixture(scope="module")
def by_canary() -> dict[str, dict[str, Any]]:
    """The translation for each deployment configuration."""
    templates, of = translated([{"Canary": canary} for canary in CANARIES])
    return {canary: templates[i] for canary, i in zip(CANARIES, of, strict=True)}


def resolved(by_canary: dict[str, dict[str, Any]], **parameters: str) -> Resolved:
    chosen = {"Canary": "Canary10Percent5Minutes", **parameters}
    return resolve(by_canary[chosen["Canary"]], chosen)


def routes(made: Resolved) -> dict[str, dict[str, Any]]:
    found = (r["Properties"] for r in made.resources.values() if r["Type"] == "AWS::ApiGatewayV2::Route")
    return {properties["RouteKey"]: properties for properties in found}


def test_no_other_parameter_changes_the_translation(by_canary: dict[str, dict[str, Any]]) -> None:
    if os.environ.get("ISOSHIP_TRANSLATE") == "all":
        asked = COMBINATIONS
    else:
        asked = [{name: value} for name, values in CHOICES.items() if name != "Canary" for value in values[1:]]
        asked += [{"MemorySize": "512"}, {"Timeout": "5"}, {"Runtime": "python3.12"}, {"Architecture": "arm64"}]
    templates, of = translated(asked)
    for parameters, i in zip(asked, of, strict=True):
        assert templates[i] == by_canary[parameters.get("Canary", "Canary10Percent5Minutes")], parameters


@pytest.mark.parametrize("auth", CHOICES["Auth"])
def test_every_combination_is_refused_or_holds_what_it_promises(
    by_canary: dict[str, dict[str, Any]], auth: str
) -> None:
    combinations = [c for c in COMBINATIONS if c["Auth"] == auth]
    refused = 0
    for chosen in combinations:
        made = resolve(by_canary[chosen["Canary"]], chosen | (JWT if auth == "JWT" else {}))
        assert len(made.refusals) == impossible(chosen), (chosen, made.refusals)
        if made.refusals:
            refused += 1
        else:
            holds_what_it_promises(chosen, made)
    assert 0 < refused < len(combinations)


def impossible(chosen: dict[str, str]) -> int:
    """How many reasons there are against a combination."""
    provisioned = chosen["ProvisionedConcurrency"] != "0"
    return (
        (chosen["Auth"] == "JWT" and chosen["FunctionUrl"] == "yes")
        + (provisioned and chosen["SnapStart"] == "yes")
        + (provisioned and chosen["Canary"] != "AllAtOnce")
    )


def holds_what_it_promises(chosen: dict[str, str], made: Resolved) -> None:
    kinds = Counter(r["Type"] for r in made.resources.values())
    function = made.resources["Function"]["Properties"]
    alias = made.resources["FunctionAliaslive"]
    assert function["SnapStart"]["ApplyOn"] == ("PublishedVersions" if chosen["SnapStart"] == "yes" else "None")
    assert ("ProvisionedConcurrencyConfig" in alias["Properties"]) == (chosen["ProvisionedConcurrency"] != "0")

    here = routes(made)
    guarded = {"POST /predict", "$default"}
    cors = chosen["CorsOrigins"] != "none"
    assert set(here) == guarded | ({"OPTIONS /{proxy+}"} if cors else set())
    assert {here[key]["AuthorizationType"] for key in guarded} == {chosen["Auth"]}
    assert all(("AuthorizerId" in here[key]) == (chosen["Auth"] == "JWT") for key in guarded)
    assert kinds["AWS::ApiGatewayV2::Authorizer"] == (chosen["Auth"] == "JWT")
    api = made.resources["HttpApi"]["Properties"]
    assert ("CorsConfiguration" in api) == cors
    if cors:
        assert api["CorsConfiguration"]["AllowOrigins"] == ["https://a.example", "https://b.example"]

    open_to_all = [r for r in made.resources.values() if r["Properties"].get("Principal") == "*"]
    public = chosen["Auth"] == "NONE" and chosen["FunctionUrl"] == "yes"
    assert len(open_to_all) == (2 if public else 0)
    assert kinds["AWS::Lambda::Url"] == ("FunctionUrl" in made.outputs) == (chosen["FunctionUrl"] == "yes")
    if chosen["FunctionUrl"] == "yes":
        assert made.resources["Url"]["Properties"]["AuthType"] == chosen["Auth"]

    alarms = [r["Properties"] for r in made.resources.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) == 3
    assert all(("AlarmActions" in alarm) == bool(chosen["AlarmTopic"]) for alarm in alarms)
    group = made.resources["FunctionDeploymentGroup"]["Properties"]
    assert group["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": chosen["Canary"]}
    assert len(group["AlarmConfiguration"]["Alarms"]) == 3
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"] == {"Ref": "Hook"}


def test_a_token_without_an_issuer_or_audience_is_refused(by_canary: dict[str, dict[str, Any]]) -> None:
    assert resolved(by_canary, Auth="JWT").refusals == ["Auth=JWT needs JwtIssuer", "Auth=JWT needs JwtAudience"]
    assert resolved(by_canary, Auth="JWT", JwtIssuer="https://a.example").refusals == ["Auth=JWT needs JwtAudience"]


def test_everything_that_calls_the_model_calls_the_alias(by_canary: dict[str, dict[str, Any]]) -> None:
    made = resolved(by_canary, Auth="NONE", FunctionUrl="yes")
    alias = {"Ref": "FunctionAliaslive"}
    assert made.resources["HttpApiIntegration"]["Properties"]["IntegrationUri"] == alias
    assert made.resources["Url"]["Properties"]["TargetFunctionArn"] == alias
    permissions = [r["Properties"] for r in made.resources.values() if r["Type"] == "AWS::Lambda::Permission"]
    assert [p["FunctionName"] for p in permissions] == [alias] * 3


def test_whatever_answers_waits_for_the_golden_rows(by_canary: dict[str, dict[str, Any]]) -> None:
    made = resolved(by_canary, FunctionUrl="yes", CorsOrigins="https://a.example")
    answering = [r for r in made.resources.values() if r["Type"] in ("AWS::ApiGatewayV2::Route", "AWS::Lambda::Url")]
    assert len(answering) == 4
    assert {r["DependsOn"] for r in answering} == {"GoldenRows"}


def test_a_parameter_of_the_function_publishes_a_version(by_canary: dict[str, dict[str, Any]]) -> None:
    """CloudFormation replaces a version whose description changes; the logical id is the same for all parameters."""

    def description(**parameters: str) -> str:
        made = resolved(by_canary, **parameters)
        (version,) = (r for r in made.resources.values() if r["Type"] == "AWS::Lambda::Version")
        return str(version["Properties"]["Description"])

    changed = [
        {}, {"MemorySize": "512"}, {"Timeout": "5"}, {"SnapStart": "yes"}, {"LogLevel": "DEBUG"},
        {"Runtime": "python3.12"}, {"Architecture": "arm64"},
    ]  # fmt: skip
    descriptions = {description(**parameters) for parameters in changed}
    assert len(descriptions) == len(changed)
    function = resolved(by_canary).resources["Function"]["Properties"]
    plain = json.dumps(function)
    for parameters in changed:
        for name, value in parameters.items():
            other = json.dumps(resolved(by_canary, **{name: value}).resources["Function"]["Properties"])
            assert other != plain, f"{name} changes nothing of the function: a version could not be published"


def test_no_role_may_do_more_than_it_does(by_canary: dict[str, dict[str, Any]]) -> None:
    made = resolved(by_canary)
    granted = {
        name: sorted(
            action
            for policy in role["Properties"].get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
            for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        )
        for name, role in made.resources.items()
        if role["Type"] == "AWS::IAM::Role"
    }
    own = ["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    assert granted == {
        "FunctionRole": own,
        "HookRole": ["codedeploy:PutLifecycleEventHookExecutionStatus", "lambda:InvokeFunction", *own],
        "CodeDeployServiceRole": [],
    }
    everywhere = [
        statement["Action"]
        for role in ("FunctionRole", "HookRole")
        for policy in made.resources[role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*"
    ]
    assert everywhere == [["xray:PutTraceSegments", "xray:PutTelemetryRecords"]] * 2
