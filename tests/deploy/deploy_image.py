"""The container image of a bundle deployed to the local AWS: `sam build`, `sam deploy`, and what can be read back.

Run like deploy_local.py, by ministack's Python, and in order. Docker's daemon is a stand-in (stand_in_for_docker.py):
the functions of pushed images run under the Runtime Interface Emulator, with nothing of AWS's base image around them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from container import Base
from deployed_stack import BUNDLES, DESCRIPTION, STACK, assert_answers_of, deploy, live
from deployed_stack import put as put_zip
from local_aws import LocalAws, local_aws
from stand_in_for_docker import DockerStandIn


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerStandIn]:
    packages = Path(boto3.__file__).parent.parent
    started = DockerStandIn(tmp_path_factory.mktemp("docker"), Base(Path(sys.executable), BUNDLES / "client", packages))
    yield started
    started.close()


@pytest.fixture(scope="module")
def aws(docker: DockerStandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws(tmp_path_factory.mktemp("aws"), docker.address) as started:
        yield started


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("user") / "bundle"


def put(name: str, bundle: Path) -> None:
    put_zip(f"{name}-image", bundle)


def build(aws: LocalAws, bundle: Path) -> None:
    ran = aws.sam(bundle, "build")
    assert ran.returncode == 0, ran.stdout


def image_of(aws: LocalAws, held: dict[str, Any]) -> str:
    found = aws.client("lambda").get_function(FunctionName=held["FunctionName"], Qualifier=held["Version"])
    return str(found["Code"]["ImageUri"])


def test_build_and_deploy_put_one_image_behind_function_and_hook(
    aws: LocalAws, bundle: Path, docker: DockerStandIn
) -> None:
    put("first", bundle)
    build(aws, bundle)
    deploy(aws, bundle)
    held = live(aws)
    assert (held["PackageType"], held["Version"]) == ("Image", "1")
    assert held["Description"] == DESCRIPTION
    assert image_of(aws, held) in docker.pushed
    assert len(docker.pushed) == len({*docker.pushed}) == 2
    assert len({docker.tags[name] for name in docker.pushed}) == 1
    hook = aws.client("lambda").get_function_configuration(FunctionName=f"CodeDeployHook_{STACK}-image")
    assert hook["ImageConfigResponse"]["ImageConfig"] == {"Command": ["isoship_lambda.hook.handler"]}
    repositories = aws.client("ecr").describe_repositories()["repositories"]
    assert {r["repositoryUri"].partition("/")[2] for r in repositories} == {
        name.partition("/")[2].partition(":")[0] for name in docker.pushed
    }


def test_the_golden_rows_were_replayed_and_the_model_answers(aws: LocalAws) -> None:
    events = aws.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    done = [e["LogicalResourceId"] for e in reversed(events) if e["ResourceStatus"] == "CREATE_COMPLETE"]
    assert done.index("GoldenRowsOfImage") < min(done.index("PredictRoute"), done.index("DefaultRoute"))
    assert_answers_of("first", "1.0.0", aws)


def test_an_export_without_a_build_deploys_nothing(aws: LocalAws, bundle: Path) -> None:
    put("second", bundle)
    said = deploy(aws, bundle, ok=False)
    assert "Unable to upload artifact function:" in " ".join(said.split()), said
    assert live(aws)["Version"] == "1"
    assert_answers_of("first", "1.0.0", aws)


def test_a_new_model_passes_the_hook_before_the_alias_moves(aws: LocalAws, bundle: Path) -> None:
    build(aws, bundle)
    deploy(aws, bundle)
    assert live(aws)["Version"] == "2"
    assert [d["status"] for d in aws.deployments()] == ["Succeeded"]
    assert_answers_of("second", "2.0.0", aws)


def test_a_model_that_answers_otherwise_is_stopped_and_the_old_one_keeps_answering(aws: LocalAws, bundle: Path) -> None:
    put("differs", bundle)
    build(aws, bundle)
    deploy(aws, bundle, ok=False)
    assert aws.deployments()[-1]["status"] == "Failed"
    assert live(aws)["Version"] == "2"
    assert_answers_of("second", "2.0.0", aws)


@pytest.mark.parametrize("parameter", ["Runtime=python3.12", "Architecture=arm64"])
def test_what_the_image_does_not_hold_is_refused_before_anything_changes(
    aws: LocalAws, bundle: Path, parameter: str
) -> None:
    put("second", bundle)
    build(aws, bundle)
    said = deploy(aws, bundle, "--parameter-overrides", parameter, ok=False)
    assert "AllowedValues" in said or "allowed values" in said.lower(), said
    assert live(aws)["Version"] == "2"


def test_a_smaller_model_is_a_zip_again_and_a_larger_one_an_image(aws: LocalAws, bundle: Path) -> None:
    """CloudFormation makes a function anew when its package changes, while the one before it still has its name."""
    put_zip("first", bundle)
    deploy(aws, bundle)
    assert live(aws)["PackageType"] == "Zip"
    assert_answers_of("first", "1.0.0", aws)
    put("second", bundle)
    build(aws, bundle)
    deploy(aws, bundle)
    assert live(aws)["PackageType"] == "Image"
    assert_answers_of("second", "2.0.0", aws)


def test_delete_leaves_no_image(aws: LocalAws, bundle: Path) -> None:
    ran = aws.sam(bundle, "delete", "--no-prompts")
    assert ran.returncode == 0, ran.stdout
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("ecr").describe_repositories()["repositories"] == []
