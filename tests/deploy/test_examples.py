"""examples/ for CDK and Terraform; those for containers and Azure run in tests/lambda."""

from __future__ import annotations

from pathlib import Path

import pytest

from isoship.parity.runners.lambda_process import HANDLER

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("example", ["cdk/app.py", "terraform/main.tf"])
def test_the_other_tools_deploy_the_same_zip_and_handler(example: str) -> None:
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    assert HANDLER in text
    assert "bundle/lambda.zip" in text
    assert "1769" in text
    assert "ORT_DISABLE_TELEMETRY" in text
