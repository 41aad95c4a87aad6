from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from isoship.bundle.aws_lambda import sam as sam_module
from isoship.bundle.aws_lambda.image import Image
from isoship.bundle.aws_lambda.sam import samconfig_trouble, template_for_bundle, write_samconfig, write_template
from isoship.bundle.target import Target
from isoship.errors import BundleError

ROOT = Path(__file__).resolve().parents[2]
TARGET = Target("3.12", "aarch64")
IMAGE = Image(TARGET, "0123456789ab")


def sam() -> str:
    """ISOSHIP_SAM, the checkout's own, or the one on PATH."""
    own = ROOT / ".tools" / "sam" / "bin" / "sam"
    found = os.environ.get("ISOSHIP_SAM") or (str(own) if own.is_file() else shutil.which("sam"))
    if not found:
        pytest.fail("sam is not here: make setup")
    return found


def changed_lines(bundles: str) -> list[str]:
    root = (ROOT / "template.yaml").read_text(encoding="utf-8").splitlines()
    return [line for line in difflib.ndiff(root, bundles.splitlines()) if line.startswith(("+ ", "- "))]


def test_a_bundles_template_differs_from_the_roots_in_its_code_and_target() -> None:
    """A choice on the command line replaces samconfig.toml's line, Runtime and Architecture included: then the
    template's own defaults are deployed, and no others can be."""
    changed = [re.sub(" +", " ", line) for line in changed_lines(template_for_bundle(TARGET))]
    assert sorted(changed) == sorted([
        "- Default: python3.13", "- AllowedValues: [python3.12, python3.13, python3.14]",
        "+ Default: python3.12", "+ AllowedValues: [python3.12]",
        "- Default: x86_64", "- AllowedValues: [x86_64, arm64]",
        "+ Default: arm64", "+ AllowedValues: [arm64]",
        "- CodeUri: &code build/demo/lambda/", "+ CodeUri: &code lambda.zip",
    ])  # fmt: skip


def test_an_images_template_differs_in_what_an_image_is_and_no_more() -> None:
    metadata = ["Dockerfile: Dockerfile", "DockerContext: .", "DockerTag: 0123456789ab"]
    changed = changed_lines(template_for_bundle(TARGET, IMAGE))
    assert sorted(line[2:].strip() for line in changed if line.startswith("- ") and "#" not in line) == sorted([
        "Default: python3.13", "AllowedValues: [python3.12, python3.13, python3.14]",
        "Default: x86_64", "AllowedValues: [x86_64, arm64]",
        "SkipBuild: true", "SkipBuild: true",
        "CodeUri: &code build/demo/lambda/", "Handler: isoship_lambda.handler.handler", "Runtime: !Ref Runtime",
        "CodeUri: *code", "Handler: isoship_lambda.hook.handler", "Runtime: !Ref Runtime",
        "FunctionName: !Sub CodeDeployHook_${AWS::StackName}", "GoldenRows:", *["DependsOn: GoldenRows"] * 7,
    ])  # fmt: skip
    assert sorted(line[2:].strip() for line in changed if line.startswith("+ ") and "#" not in line) == sorted([
        "Default: python3.12", "AllowedValues: [python3.12]", "Default: arm64", "AllowedValues: [arm64]",
        *metadata, *metadata,
        "PackageType: Image", "ImageUri: function:0123456789ab",
        "PackageType: Image", "ImageUri: hook:0123456789ab",
        "ImageConfig:", "Command: [isoship_lambda.hook.handler]",
        "FunctionName: !Sub CodeDeployHook_${AWS::StackName}-image",
        "GoldenRowsOfImage:", *["DependsOn: GoldenRowsOfImage"] * 7,
    ])  # fmt: skip


@pytest.mark.parametrize("image", [None, IMAGE])
def test_a_template_that_changed_under_the_replacements_stops_the_export(
    image: Image | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    monkeypatch.setattr(sam_module, "__file__", str(tmp_path / "sam.py"))
    edits = sam_module.image_edits(image) if image else sam_module.zip_edits(TARGET)
    for old, _new, times in edits:
        for changed in (text.replace(old, "", 1), text + old):
            (tmp_path / "template.yaml").write_text(changed)
            with pytest.raises(BundleError, match=rf"{times} time\(s\)"):
                template_for_bundle(TARGET, image)


def test_sam_validates_and_lints_every_template_without_a_finding(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0"}
    (tmp_path / "image").mkdir()
    running = [
        subprocess.Popen(
            [sam(), "validate", "--lint", "--region", "us-east-1", "--template", template],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        )
        for template in (
            ROOT / "template.yaml", write_template(tmp_path, TARGET), write_template(tmp_path / "image", TARGET, IMAGE)
        )
    ]  # fmt: skip
    for process in running:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
        assert "is a valid SAM Template" in output


def kept_bundle(folder: Path, *, edited: bool, target: Target = TARGET, image: Image | None = None) -> Path:
    """A bundle that stands where another one is exported to."""
    (folder / ".isoship").mkdir(parents=True)
    path = write_template(folder, target, image)
    if edited:
        path.write_text(path.read_text().replace("Default: 29", "Default: 60"))
    return folder


@pytest.mark.parametrize(("before", "after"), [(None, None), (IMAGE, Image(TARGET, "ba9876543210"))])
def test_an_edited_template_stays_and_deploys_the_new_bundle(
    tmp_path: Path, before: Image | None, after: Image | None
) -> None:
    kept = kept_bundle(
        tmp_path / "old", edited=True, target=Target("3.13", "x86_64") if before is None else TARGET, image=before
    )
    said: list[str] = []
    (tmp_path / "new").mkdir()
    write_template(tmp_path / "new", TARGET, after, kept=kept, progress=said.append)
    ours = template_for_bundle(TARGET, after)
    assert (tmp_path / "new" / "template.yaml").read_text() == ours.replace("Default: 29", "Default: 60")
    assert (tmp_path / "new" / sam_module.ASIDE).read_text() == ours
    assert len(said) == 1
    assert "edited" in said[0]
    again = write_template(kept_bundle(tmp_path / "third", edited=False), TARGET, after, kept=tmp_path / "new")
    assert "Default: 60" in again.read_text(), "edited once, it stays so"


def test_a_template_that_nobody_edited_is_replaced_without_a_word(tmp_path: Path) -> None:
    kept = kept_bundle(tmp_path / "old", edited=False, target=Target("3.14", "x86_64"))
    (tmp_path / "new").mkdir()
    said: list[str] = []
    write_template(tmp_path / "new", TARGET, kept=kept, progress=said.append)
    assert (tmp_path / "new" / "template.yaml").read_text() == template_for_bundle(TARGET)
    assert (said, (tmp_path / "new" / sam_module.ASIDE).exists()) == ([], False)


def test_an_edited_template_that_cannot_deploy_an_image_lies_beside_the_one_that_can(tmp_path: Path) -> None:
    kept = kept_bundle(tmp_path / "old", edited=True)
    (tmp_path / "new").mkdir()
    said: list[str] = []
    write_template(tmp_path / "new", TARGET, IMAGE, kept=kept, progress=said.append)
    assert (tmp_path / "new" / "template.yaml").read_text() == template_for_bundle(TARGET, IMAGE)
    assert "Default: 60" in (tmp_path / "new" / sam_module.EDITED).read_text()
    assert "deployed a zip" in said[0]


def test_another_models_stack_is_not_deployed_over(tmp_path: Path) -> None:
    """--force puts a model where another one was, and samconfig.toml is kept."""
    kept = tmp_path / "old"
    kept.mkdir()
    (kept / "manifest.json").write_text('{"name": "churn"}')
    write_samconfig(kept, name="churn", target=TARGET)
    said: list[str] = []
    assert not write_samconfig(tmp_path, name="credit", target=TARGET, kept=kept, progress=said.append)
    document = tomllib.loads((tmp_path / "samconfig.toml").read_text())
    assert document["default"]["global"]["parameters"]["stack_name"] == "credit"
    assert any("credit" in line for line in said)
    (tmp_path / "samconfig.toml").unlink()
    (kept / "samconfig.toml").write_text((kept / "samconfig.toml").read_text().replace('"churn"', '"scores"'))
    assert not any("deploys over" in line for line in said)
    assert not write_samconfig(tmp_path, name="credit", target=TARGET, kept=kept, progress=said.append)
    assert not (tmp_path / "samconfig.toml").exists(), "a stack of the user's own naming stays"
    assert "deploys over scores, where churn may be serving" in said[-1]


def test_the_stack_of_an_environment_is_said_where_another_model_comes(tmp_path: Path) -> None:
    kept = tmp_path / "old"
    kept.mkdir()
    (kept / "manifest.json").write_text('{"name": "churn"}')
    write_samconfig(kept, name="churn", target=TARGET)
    with (kept / "samconfig.toml").open("a") as file:
        file.write(
            "\n[test.global.parameters]\nstack_name = 'churn'\n[prod.global.parameters]\nstack_name='churn-prod'\n"
        )
    said: list[str] = []
    write_samconfig(tmp_path, name="credit", target=TARGET, kept=kept, progress=said.append)
    document = tomllib.loads((tmp_path / "samconfig.toml").read_text())
    assert {env: document[env]["global"]["parameters"]["stack_name"] for env in ("default", "test", "prod")} == {
        "default": "credit", "test": "credit", "prod": "churn-prod",
    }  # fmt: skip
    assert "deploys over churn-prod, where churn may be serving" in said[-1]
    said.clear()
    write_samconfig(tmp_path / "same", name="churn", target=TARGET, kept=kept, progress=said.append)
    assert said == [], "its own stacks"


def test_samconfig_deploys_what_was_built(tmp_path: Path) -> None:
    assert write_samconfig(tmp_path, name="churn", target=TARGET)
    document = tomllib.loads((tmp_path / "samconfig.toml").read_text())
    assert document["default"]["global"]["parameters"]["stack_name"] == "churn"
    deploy = document["default"]["deploy"]["parameters"]
    assert deploy["parameter_overrides"] == "Runtime=python3.12 Architecture=arm64"
    assert deploy["template_file"] == "template.yaml", "a stale .aws-sam/ is never shipped"
    parameters = re.findall(r"^  (\w+):\n    Type: (?:String|Number)", template_for_bundle(TARGET), re.MULTILINE)
    assert {"Runtime", "Architecture"} <= set(parameters)
    assert samconfig_trouble(tmp_path / "samconfig.toml", TARGET) is None


def test_an_images_samconfig_names_its_repositories(tmp_path: Path) -> None:
    assert write_samconfig(tmp_path, name="churn", target=TARGET, image=IMAGE)
    deploy = tomllib.loads((tmp_path / "samconfig.toml").read_text())["default"]["deploy"]["parameters"]
    assert deploy["resolve_image_repos"] is True
    assert samconfig_trouble(tmp_path / "samconfig.toml", TARGET, image=IMAGE) is None
    assert samconfig_trouble(tmp_path / "samconfig.toml", TARGET) is None, "a smaller model later is a zip again"


def test_a_large_models_samconfig_asks_for_its_memory(tmp_path: Path) -> None:
    large = Image(TARGET, "0123456789ab", memory=6400)
    assert write_samconfig(tmp_path, name="churn", target=TARGET, image=large)
    path = tmp_path / "samconfig.toml"
    deploy = tomllib.loads(path.read_text())["default"]["deploy"]["parameters"]
    assert deploy["parameter_overrides"] == "Runtime=python3.12 Architecture=arm64 MemorySize=6400"
    assert samconfig_trouble(path, TARGET, image=large) is None
    path.write_text(path.read_text().replace("MemorySize=6400", "MemorySize=2048"))
    assert "MemorySize=6400 (it says 2048)" in str(samconfig_trouble(path, TARGET, image=large))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "resolve_image_repos = true under [default.deploy.parameters]"),
        ('image_repository = "x"', None),
        ('resolve_image_repos = true\nparameter_overrides = "Runtime=python3.13"', "Runtime=python3.12 (it says"),
    ],
)
def test_a_kept_samconfig_that_knows_no_repository_is_said(tmp_path: Path, text: str, words: str | None) -> None:
    (tmp_path / "samconfig.toml").write_text(f"[default.deploy.parameters]\n{text}\n")
    said = samconfig_trouble(tmp_path / "samconfig.toml", TARGET, image=IMAGE)
    assert said is None if words is None else words in str(said)


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
            None,
        ),
        ('parameter_overrides = ["Architecture=x86_64"]', ["Architecture=arm64 (it says x86_64)"]),
        ('stack_name = "x"', None),
    ],
)
def test_a_kept_samconfig_that_deploys_another_runtime_is_said(
    tmp_path: Path, text: str, words: list[str] | None
) -> None:
    kept = tmp_path / "old"
    kept.mkdir()
    (kept / "samconfig.toml").write_text(f"version = 0.1\n[default.deploy.parameters]\n{text}\n")
    said: list[str] = []
    assert not write_samconfig(tmp_path, name="churn", target=TARGET, kept=kept, progress=said.append)
    assert not (tmp_path / "samconfig.toml").exists()
    assert len(said) == (words is not None)
    assert all(word in said[0] for word in words or ()), said


def test_a_samconfig_that_is_no_toml_is_said(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text("version = = 1")
    assert "could not be read" in str(samconfig_trouble(tmp_path / "samconfig.toml", TARGET))
