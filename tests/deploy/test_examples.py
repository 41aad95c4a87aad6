"""examples/ for CDK and Terraform; those for containers and Azure run in tests/lambda."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isoship.parity.runners.lambda_process import HANDLER

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
#: The ARN that the Runtime API server of `isoship check` makes up: nothing of AWS hears of it.
MADE_UP = "arn:aws:lambda:us-east-1:123456789012:function:isoship"


@pytest.mark.parametrize("example", ["cdk/app.py", "terraform/main.tf"])
def test_the_other_tools_deploy_the_same_zip_and_handler(example: str) -> None:
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    assert HANDLER in text
    assert "bundle/lambda.zip" in text
    assert "1769" in text
    assert "ORT_DISABLE_TELEMETRY" in text


def test_nothing_that_ships_names_one_partition_of_aws() -> None:
    """In China and GovCloud `arn:aws:` is nobody's: templates and examples take the partition that they are in."""
    found, read = [], 0
    kinds = {".cfg", ".html", ".js", ".json", ".md", ".py", ".tf", ".toml", ".txt", ".yaml", ".yml"}
    for place in ("README.md", "template.yaml", "docs", "examples", "lambda", "edge", "export"):
        for path in [ROOT / place, *sorted((ROOT / place).rglob("*"))]:
            if path.suffix not in kinds:
                continue
            read += 1
            arns = re.findall(r"arn:aws(?:-[a-z]+)*:[^\s\"'`]*", path.read_text(encoding="utf-8"))
            found += [f"{path.relative_to(ROOT)}: {arn}" for arn in arns if arn != MADE_UP]
    assert found == []
    assert read > 300
