"""template.yaml, for lambda.zip and for an image, translated by aws-sam-translator and resolved for every combination
of its choices.

The translation depends on the deployment configuration alone; that is shown here for each parameter by itself, and
with ISOSHIP_TRANSLATE=all (`make check-template`) by translating all 1,728 combinations of both.
"""

from __future__ import annotations

import copy
import itertools
import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from resolved_template import Resolved, resolve
from translations import PUSHED

from isoship.bundle.aws_lambda.image import Image
from isoship.bundle.aws_lambda.sam import write_template
from isoship.bundle.target import Target

ROOT = Path(__file__).resolve().parents[2]
CANARIES = [
    "AllAtOnce", "Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes",
    "Canary10Percent30Minutes", "Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes",
]  # fmt: skip
CHOICES: dict[str, list[str]] = {
    "Auth": ["AWS_IAM", "JWT", "NONE"],
    "FunctionUrl": ["no", "yes"],
    "ReservedConcurrency": ["0", "5"],
    "CorsOrigins": ["none", "https://a.example,https://b.example"],
    "SnapStart": ["no", "yes"],
    "ProvisionedConcurrency": ["0", "2"],
    "Canary": CANARIES,
    "AlarmTopic": ["", "arn:aws:sns:us-east-1:000000000000:topic"],
}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:rows"
JWT = {"JwtIssuer": "https://login.example", "JwtAudience": "model"}
COMBINATIONS = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]


IMAGE = Image(Target("3.13", "x86_64"), "0123456789ab")
ByCanary = dict[str, dict[str, Any]]


def translated(
    template: Path, combinations: list[dict[str, str]], region: str = "us-east-1"
) -> tuple[list[dict[str, Any]], list[int]]:
    """The distinct translations in a region, and which of them each combination has."""
    python = Path(os.environ.get("ISOSHIP_SAM") or ROOT / ".tools" / "sam" / "bin" / "sam").parent / "python"
    asked = {"template": str(template), "parameters": combinations}
    environment = {"PATH": os.defpath, "AWS_DEFAULT_REGION": region, "SAM_CLI_TELEMETRY": "0"}
    ran = subprocess.run(
        [python, Path(__file__).with_name("translations.py")], input=json.dumps(asked), env=environment,
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    made = json.loads(ran.stdout)
    return made["templates"], made["of"]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The repository's, and what a bundle whose lambda/ is an image carries."""
    return {
        "zip": ROOT / "template.yaml",
        "image": write_template(tmp_path_factory.mktemp("image"), IMAGE.target, IMAGE),
    }


@pytest.fixture(scope="module", params=["zip", "image"])
def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def translations(templates: dict[str, Path]) -> dict[str, ByCanary]:
    """The translations for each deployment configuration."""
    made = {}
    for package, template in templates.items():
        distinct, of = translated(template, [{"Canary": canary} for canary in CANARIES])
        made[package] = {canary: distinct[i] for canary, i in zip(CANARIES, of, strict=True)}
    return made


@pytest.fixture(scope="module")
def by_canary(translations: dict[str, ByCanary], package: str) -> ByCanary:
    return translations[package]


def resolved(by_canary: ByCanary, region: str = "us-east-1", **parameters: str) -> Resolved:
    chosen = {"Canary": "Canary10Percent5Minutes", **parameters}
    return resolve(by_canary[chosen["Canary"]], chosen, region)


def routes(made: Resolved) -> dict[str, dict[str, Any]]:
    found = (r["Properties"] for r in made.resources.values() if r["Type"] == "AWS::ApiGatewayV2::Route")
    return {properties["RouteKey"]: properties for properties in found}


def test_no_other_parameter_changes_the_translation(
    by_canary: ByCanary, templates: dict[str, Path], package: str
) -> None:
    if os.environ.get("ISOSHIP_TRANSLATE") == "all":
        asked = COMBINATIONS
    else:
        asked = [{name: value} for name, values in CHOICES.items() if name != "Canary" for value in values[1:]]
        asked += [{"MemorySize": "512"}, {"Timeout": "5"}, {"Runtime": "python3.12"}, {"Architecture": "arm64"}]
    made, of = translated(templates[package], asked)
    for parameters, i in zip(asked, of, strict=True):
        assert made[i] == by_canary[parameters.get("Canary", "Canary10Percent5Minutes")], parameters


@pytest.mark.parametrize("auth", CHOICES["Auth"])
def test_every_combination_is_refused_or_holds_what_it_promises(by_canary: ByCanary, auth: str) -> None:
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
        + (chosen["Auth"] == "NONE" and chosen["FunctionUrl"] == "yes" and chosen["ReservedConcurrency"] == "0")
        + (provisioned and chosen["SnapStart"] == "yes")
        + (provisioned and chosen["Canary"] != "AllAtOnce")
    )


def holds_what_it_promises(chosen: dict[str, str], made: Resolved) -> None:
    kinds = Counter(r["Type"] for r in made.resources.values())
    function = made.resources["Function"]["Properties"]
    alias = made.resources["FunctionAliaslive"]
    assert function["SnapStart"]["ApplyOn"] == ("PublishedVersions" if chosen["SnapStart"] == "yes" else "None")
    assert ("ReservedConcurrentExecutions" in function) == (chosen["ReservedConcurrency"] != "0")
    assert ("ProvisionedConcurrencyConfig" in alias["Properties"]) == (chosen["ProvisionedConcurrency"] != "0")

    here = routes(made)
    guarded = {"POST /predict", "$default"}
    cors = chosen["CorsOrigins"] != "none"
    assert set(here) == guarded | ({"OPTIONS /", "OPTIONS /{proxy+}"} if cors else set())
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
    assert len(alarms) == 5 + (chosen["FunctionUrl"] == "yes"), "each way in has its alarm on 5xx"
    assert all(("AlarmActions" in alarm) == bool(chosen["AlarmTopic"]) for alarm in alarms)
    group = made.resources["FunctionDeploymentGroup"]["Properties"]
    assert group["DeploymentConfigName"] == f"CodeDeployDefault.Lambda{chosen['Canary']}"
    assert len({alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}) == len(alarms), (
        "each alarm takes a deployment back"
    )
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"] == {"Ref": "Hook"}


def test_a_token_without_an_issuer_or_audience_is_refused(by_canary: ByCanary) -> None:
    assert resolved(by_canary, Auth="JWT").refusals == ["Auth=JWT needs JwtIssuer", "Auth=JWT needs JwtAudience"]
    assert resolved(by_canary, Auth="JWT", JwtIssuer="https://a.example").refusals == ["Auth=JWT needs JwtAudience"]


def test_everything_that_calls_the_model_calls_the_alias(by_canary: ByCanary) -> None:
    made = resolved(by_canary, Auth="NONE", FunctionUrl="yes", ReservedConcurrency="5")
    alias = {"Ref": "FunctionAliaslive"}
    assert made.resources["HttpApiIntegration"]["Properties"]["IntegrationUri"] == alias
    assert made.resources["Url"]["Properties"]["TargetFunctionArn"] == alias
    permissions = [r["Properties"] for r in made.resources.values() if r["Type"] == "AWS::Lambda::Permission"]
    assert [p["FunctionName"] for p in permissions] == [alias] * 3


def test_whatever_answers_waits_for_the_golden_rows(by_canary: ByCanary) -> None:
    queues = {"RequestsQueueArn": QUEUE, "ResultsQueueArn": f"{QUEUE}-results"}
    made = resolved(by_canary, FunctionUrl="yes", CorsOrigins="https://a.example", **queues)
    ways = ("AWS::ApiGatewayV2::Route", "AWS::Lambda::Url", "AWS::Lambda::EventSourceMapping")
    answering = [r for r in made.resources.values() if r["Type"] in ways]
    assert len(answering) == 6
    (first,) = (name for name, r in made.resources.items() if r["Type"] == "Custom::GoldenRows")
    assert {r["DependsOn"] for r in answering} == {first}


def test_a_parameter_of_the_function_publishes_a_version(by_canary: ByCanary, package: str) -> None:
    """CloudFormation replaces a version whose description changes; the logical id is the same for all parameters."""

    def description(**parameters: str) -> str:
        made = resolved(by_canary, **parameters)
        (version,) = (r for r in made.resources.values() if r["Type"] == "AWS::Lambda::Version")
        return str(version["Properties"]["Description"])

    changed = [
        {}, {"MemorySize": "512"}, {"Timeout": "5"}, {"SnapStart": "yes"}, {"LogLevel": "DEBUG"},
        {"LogInputs": "yes"}, {"MaxRows": "7"}, {"MetricsNamespace": "teams/models"}, {"ResultsQueueArn": QUEUE},
        {"BasePath": "/scores"},
        # An image has its Python and architecture in it, and another one is another image.
        *([{"Runtime": "python3.12"}, {"Architecture": "arm64"}] if package == "zip" else []),
    ]  # fmt: skip
    descriptions = {description(**parameters) for parameters in changed}
    assert len(descriptions) == len(changed)
    function = resolved(by_canary).resources["Function"]["Properties"]
    plain = json.dumps(function)
    for parameters in changed:
        for name, value in parameters.items():
            other = json.dumps(resolved(by_canary, **{name: value}).resources["Function"]["Properties"])
            assert other != plain, f"{name} changes nothing of the function: a version could not be published"


def test_an_image_is_deployed_as_the_zip_is(translations: dict[str, ByCanary]) -> None:
    """Whatever is neither code nor Python of the two functions is equal, and so is everything else in the stack."""
    plain, image = (copy.deepcopy(translations[package]["AllAtOnce"]) for package in ("zip", "image"))
    for name in ("Runtime", "Architecture"):
        assert len(image["Parameters"][name]["AllowedValues"]) == 1
        image["Parameters"][name] = plain["Parameters"][name]
    taken: dict[tuple[str, str], Any] = {}
    names_of_hooks: list[Any] = []
    for kind, template in (("zip", plain), ("image", image)):
        (version,) = (name for name, r in template["Resources"].items() if r["Type"] == "AWS::Lambda::Version")
        text = json.dumps(template).replace(version, "FunctionVersion").replace("GoldenRowsOfImage", "GoldenRows")
        template.clear()
        template.update(json.loads(text))
        for function in ("Function", "Hook"):
            properties = template["Resources"][function]["Properties"]
            if function == "Hook":  # CloudFormation cannot make it anew under a name that is taken
                names_of_hooks.append(properties.pop("FunctionName"))
            names = ("Code", "PackageType", "Handler", "Runtime", "ImageConfig")
            taken[kind, function] = {name: properties.pop(name) for name in names if name in properties}
            template["Resources"][function].pop("Metadata", None)
    assert plain == image
    assert names_of_hooks[0] != names_of_hooks[1]
    assert taken["image", "Function"] == {"Code": {"ImageUri": PUSHED}, "PackageType": "Image"}
    own = {"ImageConfig": {"Command": [taken["zip", "Hook"]["Handler"]]}}
    assert taken["image", "Hook"] == taken["image", "Function"] | own


def test_the_custom_resource_of_an_image_is_not_the_zips(translations: dict[str, ByCanary]) -> None:
    """Its ServiceToken names the hook, which is made anew, and CloudFormation changes no ServiceToken."""
    asked = {
        package: {name for name, r in made["AllAtOnce"]["Resources"].items() if r["Type"] == "Custom::GoldenRows"}
        for package, made in translations.items()
    }
    assert [len(names) for names in asked.values()] == [1, 1]
    assert not asked["zip"] & asked["image"]


def test_a_large_models_image_has_its_memory_whatever_is_said_on_the_command_line(tmp_path: Path) -> None:
    large = Image(IMAGE.target, IMAGE.tag, memory=6400)
    assert "    Default: 6400\n    MinValue: 128\n" in write_template(tmp_path, IMAGE.target, large).read_text()


def test_another_python_than_the_images_is_refused(translations: dict[str, ByCanary]) -> None:
    image = translations["image"]["AllAtOnce"]
    for parameters in ({"Runtime": "python3.12"}, {"Architecture": "arm64"}):
        with pytest.raises(AssertionError, match=next(iter(parameters.values()))):
            resolve(image, parameters)


def test_no_role_may_do_more_than_it_does(by_canary: ByCanary) -> None:
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


def test_alarms_on_what_the_function_tells_hear_their_own_function_in_the_metrics_that_are_written(
    by_canary: ByCanary,
) -> None:
    for chosen, namespace in (("teams/models", "teams/models"), ("0", "isoship")):
        made = resolved(by_canary, MetricsNamespace=chosen).resources
        refusals, faults = (made[name]["Properties"] for name in ("RefusalsAlarm", "FaultsAlarm"))
        metrics = {m["Id"]: m["MetricStat"]["Metric"] for m in refusals["Metrics"] if "MetricStat" in m}
        assert {name: m["MetricName"] for name, m in metrics.items()} == {"refused": "refused", "requests": "latency"}
        assert faults["MetricName"] == "faults"
        assert {metric["Namespace"] for metric in (*metrics.values(), faults)} == {namespace}
        function = {"Name": "function", "Value": {"Ref": "Function"}}
        (version,) = (name for name, r in made.items() if r["Type"] == "AWS::Lambda::Version")
        newest = {"Name": "functionVersion", "Value": {"Fn::GetAtt": [version, "Version"]}}
        for metric in metrics.values():
            assert metric["Dimensions"] == [function, newest], "a tenth of the traffic is what a canary has"
        assert faults["Dimensions"] == [function, newest], "a fault of the old version must not stop its mending"


def test_a_queue_is_answered_into_another_one_or_not_at_all(by_canary: ByCanary) -> None:
    needs = "answers to a queue need somewhere to go, so RequestsQueueArn needs ResultsQueueArn"
    assert resolved(by_canary, RequestsQueueArn=QUEUE).refusals == [needs]
    (same,) = resolved(by_canary, RequestsQueueArn=QUEUE, ResultsQueueArn=QUEUE).refusals
    assert "must differ" in same
    made = resolved(by_canary, RequestsQueueArn=QUEUE, ResultsQueueArn=f"{QUEUE}-results")
    mapping = made.resources["RequestsQueue"]["Properties"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    granted = {
        action: statement["Resource"]
        for policy in made.resources["FunctionRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("sqs:")
    }
    received = dict.fromkeys(("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), QUEUE)
    assert granted == {"sqs:SendMessage": f"{QUEUE}-results", **received}
    url = made.resources["Function"]["Properties"]["Environment"]["Variables"]["ISOSHIP_RESULTS_QUEUE"]
    assert url == "https://sqs.us-east-1.${AWS::URLSuffix}/000000000000/rows-results"


def test_a_region_without_function_urls_gets_a_stack_without_one(by_canary: ByCanary) -> None:
    """`make check-template` holds the list against the types that cfn-lint knows of each region."""
    said = by_canary["AllAtOnce"]
    ((asked, _),) = (
        rule["Assertions"][0]["Assert"]["Fn::Not"][0]["Fn::Contains"]
        for rule in said["Rules"].values()
        if "no function URLs" in rule["Assertions"][0]["AssertDescription"]
    )
    named = [
        each["Fn::Equals"][1]
        for name, condition in said["Conditions"].items()
        if name.startswith("NoFunctionUrls")
        for each in condition["Fn::Or"]
        if "Fn::Equals" in each
    ]
    assert sorted(named) == asked, "one list, once in words of a rule and once in those of a condition"
    assert len({*named}) == len(named) == 15
    of_urls = {"AWS::Lambda::Url"}
    for region in (*named, "us-east-1", "cn-north-1"):
        without = resolved(by_canary, region)
        assert without.refusals == []
        having = resolved(by_canary, region, FunctionUrl="yes")
        types = {resource["Type"] for resource in having.resources.values()}
        if region in named:
            assert having.refusals == ["this region has no function URLs, so FunctionUrl must be no"]
            assert not types & of_urls
            assert having.resources == without.resources
        else:
            assert having.refusals == []
            assert types & of_urls


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-north-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_every_arn_is_of_the_partition_that_is_deployed_to(
    templates: dict[str, Path], package: str, region: str, partition: str
) -> None:
    """CloudFormation fills in ours; SAM, which is run in the region, writes its own."""
    (made,), _ = translated(templates[package], [{}], region)
    arns = set(re.findall(r"arn:[^\"\s]*", json.dumps(made["Resources"])))
    ours = {arn for arn in arns if arn.startswith("arn:${AWS::Partition}:")}
    assert len(ours) == 2
    assert [arn.split(":")[1] for arn in arns - ours] == [partition]


@pytest.mark.parametrize(
    ("origin", "possible"),
    [
        ("none", True), ("*", True), ("https://example.com", True), ("http://localhost:5173", True),
        ("https://example.com/", False), ("https://example.com/app", False), ("example.com", False),
        ("https://Example.com", False), (" https://example.com", False), ("", False), ("null", False),
    ],
)  # fmt: skip
def test_an_origin_that_no_browser_sends_is_refused(by_canary: ByCanary, origin: str, possible: bool) -> None:
    pattern = by_canary["AllAtOnce"]["Parameters"]["CorsOrigins"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, origin)) is possible


def test_a_page_may_send_and_read_what_the_servers_offer(by_canary: ByCanary) -> None:
    made = resolved(by_canary, FunctionUrl="yes", CorsOrigins="https://a.example")
    settings = made.resources["HttpApi"]["Properties"]["CorsConfiguration"], made.resources["Url"]["Properties"]["Cors"]
    for cors in settings:
        assert {"content-encoding", "content-type", "inference-header-content-length"} <= set(cors["AllowHeaders"])
        assert {"x-request-id", "inference-header-content-length"} <= set(cors["ExposeHeaders"])
