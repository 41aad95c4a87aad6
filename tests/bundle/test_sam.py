from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from isoship.bundle.sam import samconfig_trouble, template_for_bundle, write_samconfig, write_template
from isoship.bundle.target import Target

ROOT = Path(__file__).resolve().parents[2]
TARGET = Target("3.12", "aarch64")


def sam() -> str:
    """ISOSHIP_SAM, the checkout's own, or the one on PATH."""
    own = ROOT / ".tools" / "sam" / "bin" / "sam"
    found = os.environ.get("ISOSHIP_SAM") or (str(own) if own.is_file() else shutil.which("sam"))
    if not found:
        pytest.fail("sam is not here: make setup")
    return found


def test_a_bundles_template_differs_from_the_roots_in_one_line() -> None:
    root = (ROOT / "template.yaml").read_text(encoding="utf-8").splitlines()
    changed = [
        line
        for line in difflib.ndiff(root, template_for_bundle().splitlines())
        if line.startswith(("+ ", "- "))
    ]  # fmt: skip
    assert changed == ["-       CodeUri: &code build/demo/lambda/", "+       CodeUri: &code lambda.zip"]


def test_sam_validates_and_lints_both_templates_without_a_finding(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0"}
    running = [
        subprocess.Popen(
            [sam(), "validate", "--lint", "--region", "us-east-1", "--template", template],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        )
        for template in (ROOT / "template.yaml", write_template(tmp_path))
    ]  # fmt: skip
    for process in running:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
        assert "is a valid SAM Template" in output


def test_samconfig_deploys_what_was_built(tmp_path: Path) -> None:
    assert write_samconfig(tmp_path, name="churn", target=TARGET)
    document = tomllib.loads((tmp_path / "samconfig.toml").read_text())
    assert document["default"]["global"]["parameters"]["stack_name"] == "churn"
    deploy = document["default"]["deploy"]["parameters"]
    assert deploy["parameter_overrides"] == "Runtime=python3.12 Architecture=arm64"
    assert deploy["template_file"] == "template.yaml", "a stale .aws-sam/ is never shipped"
    parameters = re.findall(r"^  (\w+):\n    Type: (?:String|Number)", template_for_bundle(), re.MULTILINE)
    assert {"Runtime", "Architecture"} <= set(parameters)
    assert samconfig_trouble(tmp_path / "samconfig.toml", TARGET) is None


def test_samconfig_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text("# mine\n")
    assert not write_samconfig(tmp_path, name="churn", target=TARGET)
    assert (tmp_path / "samconfig.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('parameter_overrides = "Runtime=python3.13 Architecture=arm64"', ["Runtime=python3.12 (it says python3.13)"]),
        (
            'parameter_overrides = ["Runtime=\\"python3.12\\"", "MemorySize=512"]',
            ["Architecture=arm64 (it says x86_64)"],
        ),
        ('stack_name = "x"', ["Runtime=python3.12", "Architecture=arm64"]),
    ],
)
def test_a_kept_samconfig_that_deploys_another_runtime_is_said(tmp_path: Path, text: str, words: list[str]) -> None:
    kept = tmp_path / "old"
    kept.mkdir()
    (kept / "samconfig.toml").write_text(f"version = 0.1\n[default.deploy.parameters]\n{text}\n")
    said: list[str] = []
    assert not write_samconfig(tmp_path, name="churn", target=TARGET, kept=kept, progress=said.append)
    assert not (tmp_path / "samconfig.toml").exists()
    assert len(said) == 1
    assert all(word in said[0] for word in words), said


def test_a_samconfig_that_is_no_toml_is_said(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text("version = = 1")
    assert "could not be read" in str(samconfig_trouble(tmp_path / "samconfig.toml", TARGET))
