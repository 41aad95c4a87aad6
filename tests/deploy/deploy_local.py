"""Real deployments of real bundles against a local AWS: `make deploy-local`. `make test` has no emulator.

Run by ministack's Python. The tests build on each other in order: each is one `sam` command and what can be read back
after it. What the emulator lacks is listed in stand_in_for_codedeploy.py; parameters have deploy_parameters.py.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from deployed_stack import (
    ASKED,
    DESCRIPTION,
    STACK,
    api_id,
    assert_answers_of,
    deploy,
    hook_log,
    live,
    predicted,
    put,
    sha256_of_zip,
)
from local_aws import LocalAws, local_aws


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of one user, who exports again and again."""
    return tmp_path_factory.mktemp("user") / "bundle"


def refusals_of(aws: LocalAws) -> set[tuple[str, str]]:
    """Function and version that the alarms on refusals hear."""
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    heard = [{d["Name"]: d["Value"] for d in a["Dimensions"]} for a in alarms if a["MetricName"] == "refused"]
    return {(each["function"], each["functionVersion"]) for each in heard}


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
    routes = {r["RouteKey"]: r for r in api.get_routes(ApiId=api_id(aws))["Items"]}
    assert {key: r["AuthorizationType"] for key, r in routes.items()} == {
        "POST /predict": "AWS_IAM", "$default": "AWS_IAM",
    }  # fmt: skip
    (integration,) = api.get_integrations(ApiId=api_id(aws))["Items"]
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
    assert len(alarms) == 5
    assert refusals_of(aws) == {(outputs["FunctionName"], "1")}
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
    statement = {
        "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:*:*:{api_id(aws)}/*",
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
    assert refusals_of(aws) == {(aws.outputs(STACK)["FunctionName"], "2")}
    assert_answers_of("second", "2.0.0", aws)


def test_the_same_bundle_again_changes_nothing(aws: LocalAws, bundle: Path) -> None:
    before = live(aws)["FunctionArn"]
    put("second", bundle)
    assert "No changes to deploy" in deploy(aws, bundle)
    assert live(aws)["FunctionArn"] == before, "no version of its own"
    assert len(aws.deployments()) == 1


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


def test_a_row_program_that_differs_stops_it_too(aws: LocalAws, bundle: Path) -> None:
    """It answers requests of few rows; all golden rows in one request would ask ONNX Runtime alone."""
    put("odd-row", bundle)
    deploy(aws, bundle, ok=False)
    assert (aws.deployments()[-1]["status"], live(aws)["Version"]) == ("Failed", "2")
    assert_answers_of("second", "2.0.0", aws)


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
    assert {version for _, version in seen} == {"1.0.0", "2.0.0"}, "asked before the swap and after it"
    assert len(seen) > 20
    assert_answers_of("second", "2.0.0", aws)


def test_a_bundle_without_onnx_runtime_answers(aws: LocalAws, bundle: Path) -> None:
    put("bare", bundle)
    assert (bundle / "lambda.zip").stat().st_size < 4.8e6
    deploy(aws, bundle)
    assert live(aws)["CodeSha256"] == sha256_of_zip(bundle)
    assert_answers_of("second", "4.0.0", aws)
    many = {"rows": ASKED["rows"] * 50}
    status, document = aws.call(aws.outputs(STACK)["ApiUrl"], "/predict", many)
    assert (status, len(document["predictions"])) == (200, len(many["rows"]))
    assert document["predictions"] == document["predictions"][: len(ASKED["rows"])] * 50
    status, card = aws.call(aws.outputs(STACK)["ApiUrl"], "/")
    assert (status, card["runtime"]) == (200, {"onnxruntime": None, "backend": "rows"})
    put("second", bundle)
    deploy(aws, bundle)
    assert_answers_of("second", "2.0.0", aws)


def test_two_stacks_of_one_bundle_stand_side_by_side(aws: LocalAws, bundle: Path) -> None:
    deploy(aws, bundle, "--stack-name", "beside", "--parameter-overrides", "Auth=NONE")
    functions = {aws.outputs(stack)["FunctionName"] for stack in (STACK, "beside")}
    assert len(functions) == 2
    status, document = aws.call(aws.outputs("beside")["ApiUrl"], "/predict", {"rows": ASKED["rows"]}, credentials=None)
    assert (status, document["version"]) == (200, "2.0.0")
    assert_answers_of("second", "2.0.0", aws)
    assert predicted(aws, credentials=None)[0] == 403, "the other stack's choice is its own"
    watched = {function for function, _ in refusals_of(aws)}
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
        (["Runtime=python3.12"], "AllowedValues"),
        (["Architecture=arm64"], "AllowedValues"),
        (["CorsOrigins=https://a.example/"], "must be none, *, or origins"),
    ],
)
def test_impossible_combinations_are_refused_before_anything_changes(
    aws: LocalAws, bundle: Path, parameters: list[str], words: str
) -> None:
    before = live(aws)["Version"]
    said = deploy(aws, bundle, "--parameter-overrides", *parameters, ok=False)
    assert words in " ".join(said.split())
    assert live(aws)["Version"] == before


def test_delete_leaves_nothing(aws: LocalAws, bundle: Path) -> None:
    ran = aws.sam(bundle, "delete", "--no-prompts")
    assert ran.returncode == 0, ran.stdout
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("apigatewayv2").get_apis()["Items"] == []
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
