"""The container image of a bundle as far as it goes without Docker: `sam build` sends it, and what is in it answers.

Real: the export, sam and its Docker client, Dockerfile and .dockerignore, the Runtime Interface Emulator, awslambdaric,
boto3. Not there: the Docker daemon (stand_in_for_docker.py) and AWS's base image (dockerfile.py says what is known).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from container import Base, Container
from deployed_functions import Aws
from sklearn.linear_model import LogisticRegression
from stand_in_for_docker import Built, DockerStandIn
from test_hook import CODEDEPLOY, VERSION, python_with_boto3

from isoship.bundle.aws_lambda.directory import check_target
from isoship.bundle.aws_lambda.image import content_tag
from isoship.bundle.bytecode import bytecode_of
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.target import Target, target_of
from isoship.exporting import Exported, export
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.lambda_runtime import rebuild, unpack_client
from isoship.parity.verdict.integrity import integrity
from isoship_lambda.deployed import http_event

ROW = {"age": 2.5, "income": 0.0, "visits": 0.0}


class Image(NamedTuple):
    """A bundle and what `sam build` made of it. task: its task root, as this machine can run it."""

    bundle: Exported
    target: Target
    built: list[Built]
    task: Path
    base: Base


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    draw = np.random.default_rng(3)
    rows = pd.DataFrame(draw.normal(size=(60, 3)), columns=["age", "income", "visits"])
    model = LogisticRegression().fit(rows, np.where(rows["age"] > 0, "yes", "no"))
    bundle = export(
        model, sample=rows, out=tmp_path_factory.mktemp("image") / "bundle", name="stays", targets=("lambda",),
        lambda_package="image", offline=True,
    )  # fmt: skip
    target = target_of(bundle.path / "lambda")
    here = check_target(target)
    interpreter = find_interpreter(here.python) if here else None
    assert here is not None, "the Lambda directory runs on Linux"
    assert interpreter is not None
    aside = tmp_path_factory.mktemp("docker")
    docker = DockerStandIn(aside)
    try:
        ran = sam_build(bundle.path, docker, aside)
        assert ran.returncode == 0, ran.stdout
    finally:
        docker.close()
    task = docker.builds[0].layout.task
    if here != target:
        task = rebuild(task, aside / "rebuilt", target, here)
    boto3 = next(python_with_boto3().parent.parent.glob("lib/python3*/site-packages"))
    base = Base(interpreter, unpack_client(aside / "client", here), boto3)
    return Image(bundle, target, docker.builds, task, base)


def sam_build(root: Path, docker: DockerStandIn, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.defpath, "HOME": str(home), "SAM_CLI_TELEMETRY": "0", "DOCKER_HOST": docker.address,
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    return subprocess.run(
        [python_with_boto3().with_name("sam"), "build"], cwd=root, env=environment, text=True, timeout=120,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip


def start(image: Image, command: list[str], aside: Path, **environment: str) -> Container:
    return Container(image.base, image.task, command, aside, image.built[0].layout.environment | environment)


def test_sam_sends_lambda_alone_and_names_the_image_as_the_template_does(image: Image) -> None:
    assert image.bundle.describe()["lambda_package"] == "image"
    assert not (image.bundle.path / "lambda.zip").exists()
    template = (image.bundle.path / "template.yaml").read_text()
    named = re.findall(r"^      ImageUri: (\S+)$", template, re.MULTILINE)
    tag = content_tag(image.bundle.path / "lambda")
    assert sorted(build.tag for build in image.built) == sorted(named) == [f"function:{tag}", f"hook:{tag}"]
    assert len({build.id for build in image.built}) == 1, "one image under two names"
    platform = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[image.target.aws_arch]
    assert {build.platform for build in image.built} == {platform}
    files = {member.name for member in image.built[0].sent if member.isfile()}
    assert {name for name in files if not name.startswith("lambda/")} <= {"Dockerfile", ".dockerignore"}
    needed = {True: 0o555, False: 0o444}
    unreadable = [member.name for member in image.built[0].sent if ~member.mode & needed[member.isdir()]]
    assert unreadable == [], "Lambda's user is not the one who exported"


def test_the_task_root_is_lambda_as_it_was_written(image: Image) -> None:
    layout, target = image.built[0].layout, image.target
    assert (layout.python, layout.arch) == (target.python, target.aws_arch)
    assert layout.command == ["isoship_lambda.handler.handler"]
    assert content_tag(layout.task) == content_tag(image.bundle.path / "lambda")
    assert bytecode_of(layout.task) == image.bundle.describe()["bytecode"]


def test_check_tells_when_the_image_would_not_be_what_it_checks(image: Image, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(image.bundle.path, folder, copy_function=os.link)
    shipped = Shipped(folder, image.bundle.manifest, ("lambda",))
    assert integrity(shipped).status == "agree"
    (folder / "lambda" / "one_more.py").write_text("")
    (folder / "Dockerfile").unlink()
    said = integrity(shipped)
    assert said.status == "disagree"
    assert "Dockerfile is missing" in said.message
    assert "template.yaml deploys the image" in said.message


def test_the_function_answers_under_the_emulator(image: Image, tmp_path: Path) -> None:
    started = start(image, image.built[0].layout.command, tmp_path)
    try:
        answered = started.invoke(http_event("POST", "/predict", json.dumps({"rows": [ROW]})))
        assert answered["statusCode"] == 200, started.log()
        assert json.loads(answered["body"])["predictions"][0]["label"] == "yes"
        card = started.invoke(http_event("GET", "/", ""))
        assert json.loads(card["body"])["digest"] == image.bundle.manifest.digest
    finally:
        started.close()


def test_the_hook_of_the_same_image_replays_the_golden_rows(image: Image, tmp_path: Path) -> None:
    """Its command stands in the template; boto3 comes with the base image, here from sam's own packages."""
    template = (image.bundle.path / "template.yaml").read_text()
    (command,) = re.findall(r"^        Command: \[(\S+)\]$", template, re.MULTILINE)
    version = start(image, image.built[0].layout.command, tmp_path / "version")
    function: Any = version  # asked as a LambdaFunction is
    aws = Aws(function, VERSION)
    hook = start(
        image, [command], tmp_path / "hook",
        AWS_ENDPOINT_URL=aws.address, AWS_EC2_METADATA_DISABLED="true", AWS_LAMBDA_FUNCTION_TIMEOUT="60",
        AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1",
        ISOSHIP_NEW_VERSION=VERSION,
    )  # fmt: skip
    try:
        assert hook.invoke(CODEDEPLOY) == {"status": "Succeeded", "reason": None}, hook.log()
        assert [r["status"] for r in aws.reported] == ["Succeeded"]
        assert aws.invocations >= 2, "the card, and the golden rows"
    finally:
        hook.close()
        version.close()
        aws.close()
