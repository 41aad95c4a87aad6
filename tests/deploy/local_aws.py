"""A local AWS for one test run: ministack with the stand-in for CodeDeploy, `sam`, and signed HTTP calls."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from runtime_emulator import free_port

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
KEY = "test"


class LocalAws(NamedTuple):
    """gateway: where every service listens. stand_in: CodeDeploy. home: of `sam`, empty at first. docker:
    DOCKER_HOST, where images are deployed."""

    gateway: str
    stand_in: str
    home: Path
    log: Path
    docker: str = ""

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.gateway, region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=KEY
        )

    def sam(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`sam <arguments>` in a bundle, as its user would run it."""
        environment = {
            "AWS_ENDPOINT_URL": self.gateway, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_DEFAULT_REGION": REGION, "HOME": str(self.home), "PATH": os.defpath, "SAM_CLI_TELEMETRY": "0",
            **({"DOCKER_HOST": self.docker} if self.docker else {}),
        }  # fmt: skip
        own = ROOT / ".tools" / "sam" / "bin" / "sam"
        program = os.environ.get("ISOSHIP_SAM") or str(own)
        return subprocess.run(
            [program, *arguments], cwd=folder, env=environment, text=True, timeout=400,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    def outputs(self, stack: str) -> dict[str, str]:
        held = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {o["OutputKey"]: o["OutputValue"] for o in held.get("Outputs", [])}

    def deployments(self) -> list[dict[str, Any]]:
        """Every deployment of the stand-in, in order."""
        with urllib.request.urlopen(self.stand_in, timeout=10) as response:
            return list(json.loads(response.read()))

    def call(
        self, api_url: str, path: str, document: Any = None, *, credentials: tuple[str, str] | None = (KEY, KEY)
    ) -> tuple[int, Any]:
        """An HTTP call of the API, SigV4-signed for execute-api with an access key and its secret, or unsigned; its
        status and JSON. GET without a document."""
        # The emulator's own form of https://<api>.execute-api.<region>.amazonaws.com.
        host = f"{api_url.removeprefix('https://').partition('.')[0]}.execute-api.localhost"
        body = None if document is None else json.dumps(document)
        request = AWSRequest(
            "GET" if body is None else "POST", f"{self.gateway}{path}", data=body,
            headers={"Host": host, "Content-Type": "application/json"},
        )  # fmt: skip
        if credentials:
            SigV4Auth(Credentials(*credentials), "execute-api", REGION).add_auth(request)
        prepared = request.prepare()
        sent = urllib.request.Request(
            prepared.url, None if body is None else body.encode(), dict(prepared.headers), method=prepared.method
        )
        try:
            with urllib.request.urlopen(sent, timeout=60) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as err:
            return err.code, json.loads(err.read() or b"null")


@contextlib.contextmanager
def local_aws(folder: Path, docker: str = "") -> Iterator[LocalAws]:
    """Starts it in its own process group, waits until it answers (60 s at most), and ends that group.

    docker: the address of a DockerStandIn, which images are then pushed to and run by.
    """
    gateway, stand_in = free_port(), free_port()
    environment = {
        "GATEWAY_PORT": str(gateway), "BIND_HOST": "127.0.0.1", "LAMBDA_EXECUTOR": "local", "AUTH": "true",
        "STAND_IN_PORT": str(stand_in),
        "SERVICES": "apigateway,cloudformation,ecr,iam,lambda,logs,monitoring,s3,sqs,sts",
        "STAND_IN_FOR_DOCKER": docker.replace("tcp://", "http://"),
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_DEFAULT_REGION": REGION,
        # Workers are started by the name of this Python.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "HOME": str(folder), "TMPDIR": str(folder), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    log = folder / "ministack.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("stand_in_for_codedeploy.py")],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", gateway), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ministack did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        home = folder / "home"
        home.mkdir()
        yield LocalAws(f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{stand_in}", home, log, docker)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
