"""Answers to queue messages, sent to a results queue by boto3: SQS of the local AWS, standard and FIFO.

Run like deploy_local.py, by ministack's Python. The function runs in this process; the bundle is deployed_models.py's.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from runtime_emulator import free_port

FOLDER = Path(os.environ["ISOSHIP_DEPLOYED"])
ASKED = json.loads((FOLDER / "asked.json").read_text())
ROWS = json.dumps({"rows": ASKED["rows"]})
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("aws")
    port = free_port()
    environment = {
        **KEYS, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "sqs", "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from ministack.app import main; main()"],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()[-2000:]  # noqa: PT018
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def batch(*bodies: str, fifo: str) -> dict[str, Any]:
    arn = f"arn:aws:sqs:us-east-1:000000000000:rows{fifo}"
    attributes = {"MessageGroupId": "a"} if fifo else {}
    return {
        "Records": [
            {
                "messageId": f"m{i}",
                "body": body,
                "attributes": attributes,
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
            }
            for i, body in enumerate(bodies)
        ]
    }


@pytest.mark.parametrize("fifo", ["", ".fifo"], ids=["standard", "fifo"])
def test_results_arrive_in_their_queue(aws: str, fifo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": aws}.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("sqs")
    options = {"FifoQueue": "true"} if fifo else {}
    queue = client.create_queue(QueueName=f"results{fifo}", Attributes=options)["QueueUrl"]
    monkeypatch.setenv("ISOSHIP_RESULTS_QUEUE", queue)
    monkeypatch.setenv("ISOSHIP_BUNDLE", str(FOLDER / "first" / "lambda"))
    monkeypatch.syspath_prepend(str(FOLDER / "first" / "lambda"))
    handler = importlib.import_module("isoship_lambda.handler").handler

    answer = handler(batch(ROWS, ROWS, "{", fifo=fifo), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    received: list[dict[str, Any]] = []
    while len(received) < 2:
        got = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5).get("Messages", [])
        assert got
        for message in got:
            client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            received.append(json.loads(message["Body"]))
    assert sorted(result["messageId"] for result in received) == ["m0", "m1"]
    for result in received:
        assert result["predictions"] == handler({"rows": ASKED["rows"]}, None)["predictions"]
    assert not client.receive_message(QueueUrl=queue, WaitTimeSeconds=0).get("Messages")


def test_a_queue_that_is_not_there_fails_every_message(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": aws}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ISOSHIP_RESULTS_QUEUE", f"{aws}/000000000000/absent")
    handler = importlib.import_module("isoship_lambda.handler").handler
    assert [f["itemIdentifier"] for f in handler(batch(ROWS, ROWS, fifo=""), None)["batchItemFailures"]] == ["m0", "m1"]
