"""The SAM template and its configuration file beside lambda.zip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from isoship.bundle.target import Target
from isoship.bundle.wheels import Progress
from isoship.errors import BundleError

#: The one line in which a bundle's template differs from the repository's.
CHECKOUT_CODE = "CodeUri: &code build/demo/lambda/"
BUNDLE_CODE = "CodeUri: &code lambda.zip"

_SAMCONFIG = """\
# Written once by `isoship export` and kept from then on: change it freely.
version = 0.1

[default.global.parameters]
stack_name = "{name}"

[default.deploy.parameters]
# Named, so that a stale .aws-sam/ of an earlier `sam build` is never what ships.
template_file = "template.yaml"
resolve_s3 = true
capabilities = "CAPABILITY_IAM"
fail_on_empty_changeset = false
# Runtime and Architecture must be those that lambda/ was built for.
parameter_overrides = "Runtime={runtime} Architecture={arch}"

[default.validate.parameters]
lint = true
"""


def template_for_bundle() -> str:
    """The repository's template.yaml with `CodeUri` pointing at lambda.zip."""
    here = Path(__file__)
    packaged = here.with_name("template.yaml")
    text = (packaged if packaged.is_file() else here.parents[3] / "template.yaml").read_text(encoding="utf-8")
    if text.count(CHECKOUT_CODE) != 1:
        raise BundleError(f"template.yaml should hold the line `{CHECKOUT_CODE}` once: reinstall isoship")
    return text.replace(CHECKOUT_CODE, BUNDLE_CODE)


def write_template(folder: Path) -> Path:
    """Writes template.yaml for the bundle at `folder`."""
    path = folder / "template.yaml"
    path.write_text(template_for_bundle(), encoding="utf-8")
    return path


def write_samconfig(
    folder: Path, *, name: str, target: Target, kept: Path | None = None, progress: Progress | None = None
) -> bool:
    """Writes samconfig.toml unless `folder` or `kept` (the bundle being replaced) has one; whether it did.

    A kept file that deploys another Python or architecture than lambda/ holds would deploy without an error and
    fail at every call, so the lines to change are said.
    """
    for place in (folder, kept):
        if place is not None and (place / "samconfig.toml").is_file():
            if progress and (trouble := samconfig_trouble(place / "samconfig.toml", target)):
                progress(trouble)
            return False
    text = _SAMCONFIG.format(name=name, runtime=f"python{target.python}", arch=target.aws_arch)
    (folder / "samconfig.toml").write_text(text, encoding="utf-8")
    return True


def samconfig_trouble(path: Path, target: Target) -> str | None:
    """What a samconfig.toml says that does not fit lambda/, with the words to change it to; None when it fits."""
    wanted = {"Runtime": f"python{target.python}", "Architecture": target.aws_arch}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        overrides = document["default"]["deploy"]["parameters"].get("parameter_overrides", "")
    except (ValueError, KeyError, AttributeError):
        return f"{path} could not be read: make sure that it deploys {' and '.join(wanted.values())}"
    text = " ".join(overrides) if isinstance(overrides, list) else str(overrides)
    # What the file does not name is deployed with the template's defaults.
    said = {"Runtime": "python3.13", "Architecture": "x86_64"} | dict(re.findall(r"(\w+)=\"?'?([\w.-]+)", text))
    wrong = [f"{key}={value} (it says {said[key]})" for key, value in wanted.items() if said[key] != value]
    return f"lambda/ was built for {target}; change {path} to {', '.join(wrong)}" if wrong else None
