"""Real deployments of real bundles against a local AWS: `make deploy-local`. `make test` has no emulator.

Run by ministack's Python; ISOSHIP_DEPLOYED is the folder that deployed_models.py filled. The tests build on each other
in order: each is one `sam` command and what can be read back after it. What the emulator lacks is listed in
stand_in_for_codedeploy.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from local_aws import LocalAws, local_aws

BUNDLES = Path(os.environ["ISOSHIP_DEPLOYED"])
ASKED = json.loads((BUNDLES / "asked.json").read_text())
STACK = "deployed"
DESCRIPTION = "python3.13 x86_64, 1769 MB, 29 s, SnapStart no, INFO, inputs no, 10000 rows, isoship, no results queue"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of one user, who exports again and again."""
    return tmp_path_factory.mktemp("user") / "bundle"


def put(name: str, bundle: Path) -> None:
    """`isoship export --force`: the bundle is replaced, samconfig.toml is kept."""
    kept = (bundle / "samconfig.toml").read_bytes() if bundle.is_dir() else None
    shutil.rmtree(bundle, ignore_errors=True)
    shutil.copytree(BUNDLES / name, bundle)
    if kept is not None:
        (bundle / "samconfig.toml").write_bytes(kept)


def deploy(aws: LocalAws, bundle: Path, *options: str, ok: bool = True) -> str:
    ran = aws.sam(bundle, "deploy", *options)
    assert (ran.returncode == 0) is ok, f"{ran.stdout[-4000:]}\n{aws.log.read_text()[-3000:]}"
    return ran.stdout


def live(aws: LocalAws) -> dict[str, Any]:
    """The configuration of the version that the alias points at."""
    client = aws.client("lambda")
    name = aws.outputs(STACK)["FunctionName"]
    alias = client.get_alias(FunctionName=name, Name="live")
    assert "RoutingConfig" not in alias
    return dict(client.get_function_configuration(FunctionName=name, Qualifier=alias["FunctionVersion"]))


def predicted(aws: LocalAws, **options: Any) -> tuple[int, Any]:
    return aws.call(aws.outputs(STACK)["ApiUrl"], "/predict", {"rows": ASKED["rows"]}, **options)


def assert_answers_of(name: str, version: str, aws: LocalAws, **options: Any) -> None:
    status, document = predicted(aws, **options)
    assert status == 200, document
    assert document["version"] == version
    got, want = document["predictions"], ASKED["answers"][name]
    assert [p["label"] for p in got] == want["label"]
    for p, w in zip(got, want["probabilities"], strict=True):
        assert p["probabilities"] == pytest.approx(w, rel=1e-9, abs=1e-12)


def sha256_of_zip(bundle: Path) -> str:
    return base64.b64encode(hashlib.sha256((bundle / "lambda.zip").read_bytes()).digest()).decode()


def hook_log(aws: LocalAws) -> str:
    events = aws.client("logs").filter_log_events(logGroupName=aws.outputs(STACK)["HookLogs"])["events"]
    return "\n".join(event["message"] for event in events)


def test_plain_sam_deploy_creates_what_the_template_says(aws: LocalAws, bundle: Path) -> None:
    put("first", bundle)
    deploy(aws, bundle)
    outputs = aws.outputs(STACK)
    held = live(aws)
    assert held["CodeSha256"] == sha256_of_zip(bundle), "what is deployed is lambda.zip, byte for byte"
    assert (held["Version"], held["Runtime"], held["MemorySize"], held["Timeout"]) == ("1", "python3.13", 1769, 29)
    assert held["Description"] == DESCRIPTION
    assert held["Architectures"] == ["x86_64"]

    api = aws.client("apigatewayv2")
    api_id = outputs["ApiUrl"].removeprefix("https://").partition(".")[0]
    routes = {r["RouteKey"]: r for r in api.get_routes(ApiId=api_id)["Items"]}
    assert {key: r["AuthorizationType"] for key, r in routes.items()} == {
        "POST /predict": "AWS_IAM", "$default": "AWS_IAM",
    }  # fmt: skip
    (integration,) = api.get_integrations(ApiId=api_id)["Items"]
    assert integration["IntegrationUri"].endswith(f":function:{outputs['FunctionName']}:live")
    assert {r["Target"] for r in routes.values()} == {f"integrations/{integration['IntegrationId']}"}

    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    on_alias = {
        a["MetricName"]
        for a in alarms
        for d in a.get("Dimensions", [])
        if d["Value"] == f"{outputs['FunctionName']}:live"
    }
    assert on_alias == {"Errors", "Duration"}
    assert len(alarms) == 4
    (refusals,) = (a for a in alarms if a["MetricName"] == "refused")
    assert refusals["Dimensions"] == [{"Name": "function", "Value": outputs["FunctionName"]}]
    policy = aws.client("lambda").get_policy(FunctionName=outputs["FunctionName"], Qualifier="live")["Policy"]
    assert "apigateway.amazonaws.com" in policy


def test_the_golden_rows_were_replayed_before_there_was_a_route(aws: LocalAws) -> None:
    assert aws.deployments() == [], "CodeDeploy runs no hook when a stack is created"
    events = aws.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    done = [e["LogicalResourceId"] for e in reversed(events) if e["ResourceStatus"] == "CREATE_COMPLETE"]
    assert done.index("GoldenRows") < min(done.index("PredictRoute"), done.index("DefaultRoute"))
    assert "takes traffic" in hook_log(aws)


def test_a_signed_call_is_answered_as_the_model_answers_and_an_unsigned_one_is_not(aws: LocalAws) -> None:
    assert_answers_of("first", "1.0.0", aws)
    assert predicted(aws, credentials=None) == (403, {"message": "Forbidden"})
    url = aws.outputs(STACK)["ApiUrl"]
    status, card = aws.call(url, "/")
    assert (status, card["name"]) == (200, STACK)
    assert aws.call(url, "/", credentials=None)[0] == 403
    assert aws.call(url, "/predict", {"rows": [{"age": "x"}]})[0] == 422


def test_a_user_needs_the_permission_and_the_right_secret(aws: LocalAws) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    credentials = (key["AccessKeyId"], key["SecretAccessKey"])
    assert predicted(aws, credentials=credentials)[0] == 403
    api_id = aws.outputs(STACK)["ApiUrl"].removeprefix("https://").partition(".")[0]
    statement = {
        "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:*:*:{api_id}/*",
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="caller", PolicyName="call", PolicyDocument=document)
    assert_answers_of("first", "1.0.0", aws, credentials=credentials)
    assert predicted(aws, credentials=(credentials[0], "another" * 6))[0] == 403


def test_a_new_model_moves_the_alias_once_the_hook_has_passed_it(aws: LocalAws, bundle: Path) -> None:
    put("second", bundle)
    deploy(aws, bundle)
    (deployment,) = aws.deployments()
    assert deployment["status"] == "Succeeded"
    assert (deployment["current"], deployment["target"]) == ("1", "2")
    assert deployment["hook"] == f"CodeDeployHook_{STACK}"
    assert (live(aws)["Version"], live(aws)["CodeSha256"]) == ("2", sha256_of_zip(bundle))
    assert_answers_of("second", "2.0.0", aws)


def test_a_stale_sam_build_is_not_shipped(aws: LocalAws, bundle: Path) -> None:
    """`sam deploy` without a template prefers .aws-sam/build/template.yaml; samconfig.toml names ours."""
    stale = bundle / ".aws-sam" / "build"
    stale.mkdir(parents=True)
    (stale / "template.yaml").write_text("Resources: {Old: {Type: AWS::SNS::Topic}}\n")
    assert "No changes to deploy" in deploy(aws, bundle)
    built = aws.sam(bundle, "build")
    assert built.returncode == 0, built.stdout
    assert "No changes to deploy" in deploy(aws, bundle), "sam build is harmless"
    assert_answers_of("second", "2.0.0", aws)


def test_golden_rows_that_differ_stop_the_deployment_and_the_old_version_answers(aws: LocalAws, bundle: Path) -> None:
    put("differs", bundle)
    deploy(aws, bundle, ok=False)
    stack = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (aws.deployments()[-1]["target"], aws.deployments()[-1]["status"]) == ("3", "Failed")
    assert live(aws)["Version"] == "2"
    assert_answers_of("second", "2.0.0", aws)
    assert "probabilities: expected" in hook_log(aws), "the first difference"


def test_a_model_with_other_columns_is_stopped_until_that_is_meant(aws: LocalAws, bundle: Path) -> None:
    """It agrees with itself; every caller of the one that serves would get 422."""
    put("narrower", bundle)
    deploy(aws, bundle, ok=False)
    assert live(aws)["Version"] == "2"
    assert "takes no column 'age' any more" in hook_log(aws)
    assert_answers_of("second", "2.0.0", aws)


def test_no_request_fails_while_a_model_is_swapped(aws: LocalAws, bundle: Path) -> None:
    """Callers ask all the while: each answer is whole, and of one of the two models."""
    put("first", bundle)
    deploy(aws, bundle, "--parameter-overrides", "BreakingChange=allow")  # a linear model takes no missing values
    assert_answers_of("first", "1.0.0", aws)
    put("second", bundle)
    url, stop = aws.outputs(STACK)["ApiUrl"], threading.Event()
    seen: list[tuple[int, str]] = []

    def call() -> None:
        while not stop.is_set() and len(seen) < 20_000:
            status, document = aws.call(url, "/predict", {"rows": ASKED["rows"]})
            seen.append((status, document.get("version", str(document))))

    with ThreadPoolExecutor(2) as callers:
        calling = [callers.submit(call) for _ in range(2)]
        try:
            deploy(aws, bundle)
        finally:
            stop.set()
        for done in calling:
            done.result()
    assert {status for status, _ in seen} == {200}
    assert {version for _, version in seen} <= {"1.0.0", "2.0.0"}
    assert len(seen) > 20
    assert_answers_of("second", "2.0.0", aws)


def test_two_stacks_of_one_bundle_stand_side_by_side(aws: LocalAws, bundle: Path) -> None:
    deploy(aws, bundle, "--stack-name", "beside", "--parameter-overrides", "Auth=NONE")
    functions = {aws.outputs(stack)["FunctionName"] for stack in (STACK, "beside")}
    assert len(functions) == 2
    status, document = aws.call(aws.outputs("beside")["ApiUrl"], "/predict", {"rows": ASKED["rows"]}, credentials=None)
    assert (status, document["version"]) == (200, "2.0.0")
    assert_answers_of("second", "2.0.0", aws)
    assert predicted(aws, credentials=None)[0] == 403, "the other stack's choice is its own"
    watched = {
        dimension["Value"]
        for alarm in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
        if alarm["MetricName"] == "refused"
        for dimension in alarm["Dimensions"]
    }
    assert watched == functions, "each stack's alarm hears its own function"
    aws.client("cloudformation").delete_stack(StackName="beside")
    assert_answers_of("second", "2.0.0", aws)


def test_a_first_deployment_that_differs_never_gets_a_route(aws: LocalAws, bundle: Path) -> None:
    put("differs", bundle)
    said = deploy(aws, bundle, "--stack-name", "unlucky", "--on-failure", "ROLLBACK", ok=False)
    assert "the golden rows are answered otherwise: row" in " ".join(said.split())
    events = aws.client("cloudformation").describe_stack_events(StackName="unlucky")["StackEvents"]
    assert not {e["LogicalResourceId"] for e in events} & {"PredictRoute", "DefaultRoute"}
    functions = aws.client("lambda").list_functions()["Functions"]
    assert not [f for f in functions if "unlucky" in f["FunctionName"]]
    aws.client("cloudformation").delete_stack(StackName="unlucky")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (["Auth=JWT"], "Auth=JWT needs JwtIssuer"),
        (["Auth=JWT", "JwtIssuer=https://a.example", "JwtAudience=x", "FunctionUrl=yes"], "needs FunctionUrl=no"),
        (["SnapStart=yes", "ProvisionedConcurrency=1", "Canary=AllAtOnce"], "SnapStart"),
        (["ProvisionedConcurrency=1"], "needs Canary=AllAtOnce"),
        (["Auth=NONE", "FunctionUrl=yes"], "needs ReservedConcurrency"),
        (["RequestsQueueArn=arn:aws:sqs:us-east-1:000000000000:rows"], "needs ResultsQueueArn"),
    ],
)
def test_impossible_combinations_are_refused_before_anything_changes(
    aws: LocalAws, bundle: Path, parameters: list[str], words: str
) -> None:
    before = live(aws)["Version"]
    said = deploy(aws, bundle, "--parameter-overrides", *parameters, ok=False)
    assert words in " ".join(said.split())
    assert live(aws)["Version"] == before


LIVING = [
    ("Timeout=20", "29 s", "20 s"), ("LogLevel=WARN", "INFO", "WARN"), ("MaxRows=3", "10000 rows", "3 rows"),
    ("LogInputs=yes", "inputs no", "inputs yes"), ("MetricsNamespace=teams", "isoship", "teams"),
]  # fmt: skip


def test_each_parameter_changes_a_living_stack(aws: LocalAws, bundle: Path) -> None:
    """One after the other, each deployed: what it says arrives, in a version of its own, and the rest stays.

    `sam deploy` keeps the values that a stack has of parameters that it is not told.
    """
    put("second", bundle)
    described = DESCRIPTION
    for parameter, before, after in LIVING:
        deploy(aws, bundle, "--parameter-overrides", parameter)
        described = described.replace(before, after)
        assert live(aws)["Description"] == described, parameter
        if parameter == "MaxRows=3":
            assert predicted(aws)[0] == 413
    variables = live(aws)["Environment"]["Variables"]
    assert variables["ISOSHIP_METRICS"] == "teams"
    origins = "https://a.example,https://b.example"
    back = ["Timeout=29", "LogLevel=INFO", "MaxRows=10000", "LogInputs=no", "MetricsNamespace=isoship"]
    chosen = [f"CorsOrigins={origins}", "ThrottleRate=7", "P99Milliseconds=9"]
    deploy(aws, bundle, "--parameter-overrides", *back, *chosen)
    assert live(aws)["Description"] == DESCRIPTION
    put("narrower", bundle)
    deploy(aws, bundle, "--parameter-overrides", "BreakingChange=allow")
    assert predicted(aws)[0] == 422, "said and meant"
    put("second", bundle)
    deploy(aws, bundle, "--parameter-overrides", "BreakingChange=allow")
    assert_answers_of("second", "2.0.0", aws)


def test_a_changed_parameter_reaches_the_version_that_answers(aws: LocalAws, bundle: Path) -> None:
    put("second", bundle)
    chosen = ["MemorySize=512", "Auth=NONE", "FunctionUrl=yes", "ReservedConcurrency=5"]
    deploy(aws, bundle, "--parameter-overrides", *chosen)
    held = live(aws)
    assert int(held["Version"]) > 2
    assert held["MemorySize"] == 512
    assert aws.deployments()[-1]["status"] == "Succeeded", "a parameter passes the hook too"
    assert_answers_of("second", "2.0.0", aws, credentials=None)
    assert aws.outputs(STACK)["FunctionUrl"].startswith("https://")


def test_delete_leaves_nothing(aws: LocalAws, bundle: Path) -> None:
    ran = aws.sam(bundle, "delete", "--no-prompts")
    assert ran.returncode == 0, ran.stdout
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("apigatewayv2").get_apis()["Items"] == []
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
