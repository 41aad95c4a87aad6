"""The stack `deployed` of the local AWS, as its user has it: a bundle put in place, deployed, called, read back.

Used by the tests that ministack's Python runs. ISOSHIP_DEPLOYED is the folder that deployed_models.py filled.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from local_aws import LocalAws

BUNDLES = Path(os.environ["ISOSHIP_DEPLOYED"])
ASKED = json.loads((BUNDLES / "asked.json").read_text())
STACK = "deployed"
DESCRIPTION = "python3.13 x86_64, 1769 MB, 29 s, SnapStart no, INFO, inputs no, 10000 rows, isoship, no results queue"


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


def api_id(aws: LocalAws) -> str:
    return aws.outputs(STACK)["ApiUrl"].removeprefix("https://").partition(".")[0]


def predicted(aws: LocalAws, path: str = "/predict", **options: Any) -> tuple[int, Any]:
    return aws.call(aws.outputs(STACK)["ApiUrl"], path, {"rows": ASKED["rows"]}, **options)


def assert_answers_of(name: str, version: str, aws: LocalAws, **options: Any) -> None:
    status, document = predicted(aws, **options)
    assert status == 200, document
    assert document["version"] == version
    assert_predictions_of(name, document["predictions"])


def assert_predictions_of(name: str, got: list[dict[str, Any]]) -> None:
    want = ASKED["answers"][name]
    assert [p["label"] for p in got] == want["label"]
    for p, w in zip(got, want["probabilities"], strict=True):
        assert p["probabilities"] == pytest.approx(w, rel=1e-9, abs=1e-12)


def sha256_of_zip(bundle: Path) -> str:
    return base64.b64encode(hashlib.sha256((bundle / "lambda.zip").read_bytes()).digest()).decode()


def hook_log(aws: LocalAws) -> str:
    events = aws.client("logs").filter_log_events(logGroupName=aws.outputs(STACK)["HookLogs"])["events"]
    return "\n".join(event["message"] for event in events)
