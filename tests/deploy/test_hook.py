"""The hook as Lambda would run it: the shipped files, a boto3 that is not ours, and a version under awslambdaric."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from deployed_functions import Aws, Functions, rewrite
from onnx import numpy_helper

from bundles import YIELD_ROWS, make_bundle, yield_reference
from isoship.parity.runners.lambda_process import LambdaFunction
from isoship_edge.errors import InferenceError
from isoship_edge.inference.model import load
from isoship_edge.manifest import digest_of, sealed
from isoship_lambda import deployed
from isoship_lambda.deployed import DeployedModel
from isoship_lambda.hook import replay

ROOT = Path(__file__).resolve().parents[2]
VERSION = "arn:aws:lambda:us-east-1:000000000000:function:visits:7"
CODEDEPLOY = {"DeploymentId": "d-ABC", "LifecycleEventHookExecutionId": "e-XYZ"}
CREATE = {
    "RequestType": "Create", "StackId": "s", "RequestId": "r", "LogicalResourceId": "GoldenRows",
    "ResourceProperties": {}, "ResourceType": "Custom::GoldenRows",
}  # fmt: skip
_RUN = """
import json, sys, types
from isoship_lambda.hook import handler
context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: 60000)
print("RETURNED", json.dumps(handler(json.load(sys.stdin), context)))
"""


def python_with_boto3() -> Path:
    """sam's own Python: boto3 is there, and nothing of isoship."""
    own = ROOT / ".tools" / "sam" / "bin" / "sam"
    found = os.environ.get("ISOSHIP_SAM") or (str(own) if own.is_file() else shutil.which("sam"))
    if not found:
        pytest.fail("sam is not here: make setup")
    return Path(found).parent / "python"


def run_hook(folder: Path, event: dict[str, Any], aws: Aws, **more: str) -> str:
    """Runs `isoship_lambda.hook.handler` out of a Lambda directory and returns what it wrote."""
    environment = {
        "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath, "HOME": str(folder.parent),
        "AWS_ENDPOINT_URL": aws.address, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "ISOSHIP_NEW_VERSION": VERSION, **more,
    }  # fmt: skip
    ran = subprocess.run(
        [python_with_boto3(), "-c", _RUN], input=json.dumps(event), env=environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "RETURNED" in ran.stdout
    return ran.stdout


def other_weights(folder: Path) -> None:
    """The graph would answer otherwise; the manifest, and with it the digest on the model card, stays."""
    model = onnx.load(folder / "model.onnx")
    bias = next(i for i in model.graph.initializer if i.name == "bias")
    moved = numpy_helper.to_array(bias) + np.array([1e-9, 0.0, 0.0])
    bias.CopyFrom(numpy_helper.from_array(moved, "bias"))
    rewrite(folder / "model.onnx", model.SerializeToString())


def other_answers(folder: Path) -> None:
    """The golden rows expect what the version does not answer, as where its runtime or machine computes otherwise."""
    golden = json.loads((folder / "golden.json").read_bytes())
    golden["expected"]["probabilities"][0][0] += 1e-9
    rewrite(folder / "golden.json", json.dumps(golden).encode())


def stricter_contract(folder: Path) -> None:
    """The version answers a row that the source model refuses."""
    golden = json.loads((folder / "golden.json").read_bytes())
    golden["refused"][0]["row"]["plan"] = "pro"
    rewrite(folder / "golden.json", json.dumps(golden).encode())


def other_model(folder: Path) -> None:
    replace_bundle(folder, "yield")


def another_category(folder: Path) -> None:
    """The model that served before knew a plan that this one refuses."""
    document = json.loads((folder / "manifest.json").read_bytes())
    document["signature"]["columns"][5]["categories"].append("gold")
    document["digest"] = digest_of(hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), document)
    rewrite(folder / "manifest.json", sealed(document))


def no_model(folder: Path) -> None:
    (folder / "model.onnx").unlink()


@pytest.fixture(scope="session")
def right(functions: Functions) -> LambdaFunction:
    return functions.start()


@pytest.fixture
def aws(right: LambdaFunction) -> Iterator[Aws]:
    made = Aws(right, VERSION)
    yield made
    made.close()


def test_a_version_that_agrees_takes_traffic(functions: Functions, right: LambdaFunction) -> None:
    aws = Aws(right, VERSION, serving=right)
    aws.not_yet = 1
    said = run_hook(functions.folder, CODEDEPLOY, aws)
    assert aws.reported == [
        {"deploymentId": "d-ABC", "lifecycleEventHookExecutionId": "e-XYZ", "status": "Succeeded"}
    ]  # fmt: skip
    assert '"verdict": "takes traffic"' in said
    assert '"rows": 5' in said, "four golden rows and a refused one"
    assert aws.invocations == 5, "one refused as pending, the card, the rows together, the refused row, the other card"
    aws.close()


def test_a_version_that_differs_is_stopped_and_the_log_names_the_first_difference(
    functions: Functions, aws: Aws
) -> None:
    said = run_hook(functions.copy(other_answers), CODEDEPLOY, aws)
    assert [r["status"] for r in aws.reported] == ["Failed"]
    assert "row 0, probabilities: expected 0." in said


def test_a_version_that_refuses_what_callers_send_is_stopped_unless_that_is_meant(
    functions: Functions, right: LambdaFunction
) -> None:
    """Its golden rows agree: it is itself. Its predecessor's callers are what nobody else asks about."""
    serving = functions.start(functions.copy(another_category))
    reported = []
    for meant in ({}, {"ISOSHIP_BREAKING_CHANGE": "refuse"}, {"ISOSHIP_BREAKING_CHANGE": "allow"}):
        aws = Aws(right, VERSION, serving)
        said = run_hook(functions.folder, CODEDEPLOY, aws, **meant)
        aws.close()
        assert ("column 'plan' takes 'gold' no more" in said) == (meant.get("ISOSHIP_BREAKING_CHANGE") != "allow")
        reported += [r["status"] for r in aws.reported]
    assert reported == ["Failed", "Failed", "Succeeded"]


def test_an_alias_that_is_not_there_yet_has_no_callers(functions: Functions, aws: Aws) -> None:
    said = run_hook(functions.folder, CODEDEPLOY, aws)
    assert [r["status"] for r in aws.reported] == ["Succeeded"]
    assert '"serving": "nothing yet"' in said


def without_a_card(event: dict[str, Any]) -> Any:
    """A function of somebody else's: it answers, and not as a model of ours."""
    return {"statusCode": 404, "body": "{}"}


@pytest.mark.parametrize("serving", ["it fails", "it has no card"])
def test_a_version_whose_callers_nobody_can_tell_is_stopped_unless_that_is_meant(
    functions: Functions, right: LambdaFunction, serving: str
) -> None:
    behind = {
        "it fails": lambda: functions.start(functions.copy(no_model)),
        "it has no card": lambda: SimpleNamespace(invoke=without_a_card),
    }[serving]()
    for meant, status in (("refuse", "Failed"), ("allow", "Succeeded")):
        aws = Aws(right, VERSION, behind)
        said = run_hook(functions.folder, CODEDEPLOY, aws, ISOSHIP_BREAKING_CHANGE=meant)
        aws.close()
        assert [r["status"] for r in aws.reported] == [status]
        assert ("what callers send now is not known" in said) == (meant == "refuse")
        if meant == "allow":
            assert aws.invocations == 3, "an error of the alias would sound the alarm that watches this deployment"


def test_a_new_stack_gets_its_verdict_through_cloudformation(functions: Functions, aws: Aws) -> None:
    run_hook(functions.folder, CREATE | {"ResponseURL": f"{aws.address}/answer?X-Amz-Signature=1"}, aws)
    assert aws.responses == [
        {"Status": "SUCCESS", "Reason": "the golden rows agree", "PhysicalResourceId": "golden-rows",
         "StackId": "s", "RequestId": "r", "LogicalResourceId": "GoldenRows"}
    ]  # fmt: skip
    assert aws.reported == []


def test_a_new_stack_whose_golden_rows_differ_fails_with_the_reason(functions: Functions, aws: Aws) -> None:
    run_hook(functions.copy(other_answers), CREATE | {"ResponseURL": f"{aws.address}/answer"}, aws)
    (response,) = aws.responses
    assert response["Status"] == "FAILED"
    assert response["Reason"].startswith("the golden rows are answered otherwise: row 0, probabilities: expected 0.")
    assert len(json.dumps(response)) < 4096


def test_a_function_made_anew_is_judged_as_a_new_stack_is(functions: Functions) -> None:
    """As when a zip becomes an image: its alias is new, and CodeDeploy runs no hook for that."""
    aws = Aws(functions.start(functions.copy(other_answers)), VERSION)
    update = {"RequestType": "Update", "PhysicalResourceId": "p", "ResponseURL": f"{aws.address}/answer"}
    changed = {"OldResourceProperties": {"Function": "old"}, "ResourceProperties": {"Function": "new"}}
    run_hook(functions.copy(other_answers), CREATE | update | changed, aws)
    aws.close()
    assert [r["Status"] for r in aws.responses] == ["FAILED"]


@pytest.mark.parametrize("request_type", ["Delete", "Update"])
def test_deleting_a_stack_asks_nothing_of_the_version(functions: Functions, aws: Aws, request_type: str) -> None:
    event = CREATE | {"RequestType": request_type, "PhysicalResourceId": "p", "ResponseURL": f"{aws.address}/answer"}
    run_hook(functions.folder, event, aws)
    assert [(r["Status"], r["PhysicalResourceId"]) for r in aws.responses] == [("SUCCESS", "p")]
    assert aws.invocations == 0


def test_a_hook_without_a_model_reports_all_the_same(functions: Functions, aws: Aws) -> None:
    said = run_hook(functions.copy(no_model), CODEDEPLOY, aws)
    assert [r["status"] for r in aws.reported] == ["Failed"]
    assert "model.onnx" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_model, "the version answers for sha256:"),
        (other_weights, "could not start"),
        (no_model, "could not start"),
    ],
)
def test_replay_names_what_is_wrong(functions: Functions, change: Callable[[Path], None], words: str) -> None:
    wrong = replay(functions.folder, invoking(functions.start(functions.copy(change))))
    assert words in str(wrong)


def test_replay_names_a_row_that_is_answered_and_should_be_refused(functions: Functions, right: LambdaFunction) -> None:
    wrong = replay(functions.copy(stricter_contract), invoking(right))
    assert wrong == "a row is answered that the model refuses: unseen in 'plan'"


def test_what_json_cannot_carry_is_replayed_on_the_hooks_own_copy(functions: Functions) -> None:
    """Two rows of `yield` hold infinities."""
    place = functions.copy(lambda folder: replace_bundle(folder, "yield"))
    function = functions.start(place)
    assert replay(place, invoking(function)) is None
    asked: list[str] = []

    def invoke(event: dict[str, Any]) -> Any:
        asked.append(event["body"])
        return function.invoke(event)

    tensors = DeployedModel(load(place), invoke).tensors(YIELD_ROWS)
    assert [json.loads(body)["rows"] for body in asked] == [YIELD_ROWS[:2]]
    assert tensors["value"].data.tolist() == yield_reference(YIELD_ROWS)["value"].tolist()


def test_batches_are_halved_until_the_version_takes_them(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert replay(functions.folder, invoking(functions.start(ISOSHIP_MAX_ROWS="1"))) is None
    monkeypatch.setattr(deployed, "MAX_ROWS", 3)
    assert replay(functions.folder, invoking(functions.start())) is None


def test_an_answer_of_another_form_is_a_difference(functions: Functions, right: LambdaFunction) -> None:
    def without_probabilities(event: dict[str, Any]) -> Any:
        answered = right.invoke(event)
        document = json.loads(answered["body"])
        for prediction in document.get("predictions", []):
            del prediction["probabilities"]
        return answered | {"body": json.dumps(document)}

    assert "lacks 'probabilities'" in str(replay(functions.folder, without_probabilities))
    assert "is answered with None" in str(replay(functions.folder, lambda event: None))


def invoking(function: LambdaFunction) -> Callable[[dict[str, Any]], Any]:
    """Invocation without AWS in between; a handler that raised is what FunctionError says."""

    def invoke(event: dict[str, Any]) -> Any:
        try:
            return function.invoke(event)
        except Exception as err:
            raise InferenceError(str(err)) from err

    return invoke


def replace_bundle(folder: Path, kind: str) -> None:
    for name in ("manifest.json", "model.onnx", "golden.json"):
        (folder / name).unlink()
    make_bundle(folder, kind)
