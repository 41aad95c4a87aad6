"""The SAM template and its configuration file, for lambda.zip or for a container image of lambda/.

There is one template, the repository's. A bundle's is made of it by the replacements below, each of which must fit
exactly as often as it says: a template that changed under them stops the export.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from isoship.bundle.aws_lambda.image import DEFAULT_MEMORY, Image
from isoship.bundle.target import Target
from isoship.bundle.wheels.fetch import Progress
from isoship.errors import BundleError
from isoship_edge.encoding.documents import parsed

CHECKOUT_CODE = "CodeUri: &code build/demo/lambda/"
BUNDLE_CODE = "CodeUri: &code lambda.zip"


class Edit(NamedTuple):
    """`old`, which occurs `times` times, becomes `new`."""

    old: str
    new: str
    times: int = 1


def target_edits(target: Target) -> list[Edit]:
    """Runtime and Architecture admit what lambda/ holds and nothing else.

    `--parameter-overrides` takes the place of samconfig.toml's line as a whole, so a default of the template is what
    any choice on the command line is deployed with.
    """
    python, arch = f"python{target.python}", target.aws_arch
    return [
        Edit(
            "    Default: python3.13\n    AllowedValues: [python3.12, python3.13, python3.14]\n",
            f"    Default: {python}\n    AllowedValues: [{python}]\n",
        ),
        Edit(
            "    Default: x86_64\n    AllowedValues: [x86_64, arm64]\n",
            f"    Default: {arch}\n    AllowedValues: [{arch}]\n",
        ),
    ]


def zip_edits(target: Target) -> list[Edit]:
    """The repository's template for lambda.zip."""
    return [*target_edits(target), Edit(CHECKOUT_CODE, BUNDLE_CODE)]


def image_edits(image: Image) -> list[Edit]:
    """The repository's template for a container image.

    Lambda takes Python and handler of an image from the image itself. `sam build` names an image after the function,
    in lower case, and gives it DockerTag. The hook has another name than a zip's: CloudFormation makes a function
    anew when it changes from one to the other, and cannot while the old one has its name. The custom resource that
    asks the hook is another one then, since CloudFormation never changes a ServiceToken. The memory that the model
    needs is the default, as samconfig.toml's line is lost where one is said on the command line.
    """
    tag = image.tag
    built = f"      Dockerfile: Dockerfile\n      DockerContext: .\n      DockerTag: {tag}\n"
    return [
        *target_edits(image.target),
        Edit(f"    Default: {DEFAULT_MEMORY}\n", f"    Default: {max(DEFAULT_MEMORY, image.memory)}\n"),
        Edit("  GoldenRows:\n", "  GoldenRowsOfImage:\n"),
        Edit("DependsOn: GoldenRows\n", "DependsOn: GoldenRowsOfImage\n", times=7),
        Edit(
            "FunctionName: !Sub CodeDeployHook_${AWS::StackName}\n",
            "FunctionName: !Sub CodeDeployHook_${AWS::StackName}-image\n",
        ),
        Edit(
            "      # lambda/ is complete, bytecode included. `sam build` would drop the bytecode and the libraries.\n",
            "      # `sam build` makes the image; `sam deploy` pushes none but that of this tag, which is lambda/'s.\n",
        ),
        Edit("      SkipBuild: true\n", built, times=2),
        Edit(
            f"      {CHECKOUT_CODE}\n      Handler: isoship_lambda.handler.handler\n      Runtime: !Ref Runtime\n",
            f"      PackageType: Image\n      ImageUri: function:{tag}\n",
        ),
        Edit(
            "      CodeUri: *code\n      Handler: isoship_lambda.hook.handler\n      Runtime: !Ref Runtime\n",
            "      PackageType: Image\n"
            f"      ImageUri: hook:{tag}\n"
            "      ImageConfig:\n        Command: [isoship_lambda.hook.handler]\n",
        ),
    ]


_SAMCONFIG = """\
# Written once by `isoship export` and kept from then on: change it freely.
version = 0.1

[default.global.parameters]
stack_name = "{name}"

[default.deploy.parameters]
# Named, so that a stale .aws-sam/ of an earlier `sam build` is never what ships.
template_file = "template.yaml"
resolve_s3 = true
{image}capabilities = "CAPABILITY_IAM"
fail_on_empty_changeset = false
# What --parameter-overrides says takes the place of this line as a whole.
parameter_overrides = "Runtime={runtime} Architecture={arch}{memory}"
[default.validate.parameters]
lint = true
"""

_IMAGE_REPOSITORIES = """\
# `sam` keeps the image in repositories of its own; image_repository = "<address of yours>" in place of this line.
resolve_image_repos = true
"""


def template_for_bundle(target: Target, image: Image | None = None) -> str:
    """The repository's template.yaml for a lambda.zip of this target, or for a container image.

    Raises:
        BundleError: the template is not the one that the replacements were written for.
    """
    here = Path(__file__)
    packaged = here.with_name("template.yaml")
    text = (packaged if packaged.is_file() else here.parents[4] / "template.yaml").read_text(encoding="utf-8")
    for old, new, times in zip_edits(target) if image is None else image_edits(image):
        if text.count(old) != times:
            raise BundleError(f"template.yaml should hold `{old.strip()}` {times} time(s): reinstall isoship")
        text = text.replace(old, new)
    return text


def write_template(
    folder: Path,
    target: Target,
    image: Image | None = None,
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Writes template.yaml for the bundle at `folder`; an edited one of `kept`, the bundle being replaced, stays.

    The new one lies beside it then, as template.isoship.yaml, and a line says so. What an export wrote is known by its
    digest under .isoship/; of a bundle without one nobody can say, and its template counts as edited.
    """
    text = template_for_bundle(target, image)
    record = folder / ".isoship" / "template.sha256"
    record.parent.mkdir(exist_ok=True)
    record.write_text(hashlib.sha256(text.encode()).hexdigest() + "\n", encoding="utf-8")
    path = folder / "template.yaml"
    edited = None if kept is None else edited_template(kept)
    if edited is None or edited == text:
        path.write_text(text, encoding="utf-8")
        return path
    if (_IMAGE in edited) != (image is not None):  # a zip's template deploys no image, nor the reverse
        path.write_text(text, encoding="utf-8")
        (folder / EDITED).write_text(edited, encoding="utf-8")
        said = f"template.yaml was edited, and deployed {'a zip' if image else 'an image'}; it is {EDITED} now"
    else:
        path.write_text(_for_this_bundle(edited, target, image), encoding="utf-8")
        (folder / ASIDE).write_text(text, encoding="utf-8")
        said = f"template.yaml was edited, so it stays; what this export would have written is {ASIDE}"
    if progress:
        progress(f"{said} beside it: diff the two, and carry over what you want")
    return path


#: The template of an export that found an edited one, and an edited one that cannot deploy what was exported.
ASIDE, EDITED = "template.isoship.yaml", "template.edited.yaml"
_IMAGE = "PackageType: Image"


def edited_template(bundle: Path) -> str | None:
    """The text of a bundle's template.yaml where it is not what an export wrote there."""
    path, record = bundle / "template.yaml", bundle / ".isoship" / "template.sha256"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    written = record.read_text(encoding="utf-8").strip() if record.is_file() else ""
    return None if hashlib.sha256(text.encode()).hexdigest() == written else text


def _for_this_bundle(text: str, target: Target, image: Image | None) -> str:
    """An edited template with what is this bundle's in place of an earlier one's: Python, architecture, image."""
    lines = {
        r"^( +Default: )python3\.\d+$": f"python{target.python}",
        r"^( +AllowedValues: )\[python3\.\d+\]$": f"[python{target.python}]",
        r"^( +Default: )(?:x86_64|arm64)$": target.aws_arch,
        r"^( +AllowedValues: )\[(?:x86_64|arm64)\]$": f"[{target.aws_arch}]",
    }
    if image is not None:
        lines |= {r"^( +DockerTag: )[0-9a-f]{12}$": image.tag, r"^( +ImageUri: [a-z]+:)[0-9a-f]{12}$": image.tag}
    for line, own in lines.items():
        text = re.sub(line, rf"\g<1>{own}", text, flags=re.MULTILINE)
    return text


def write_samconfig(
    folder: Path,
    *,
    name: str,
    target: Target,
    image: Image | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> bool:
    """Writes samconfig.toml unless `folder` or `kept` (the bundle being replaced) has one; whether it did.

    A kept file that asks for another Python or architecture than lambda/ holds is refused by `sam deploy`, whose
    template admits no other, so the lines to change are said.
    """
    for place in (folder, kept):
        if place is not None and (place / "samconfig.toml").is_file():
            if place == kept and (before := _another_model(place, name)) is not None:
                _give_stack(folder, place, before, name, progress)
            if progress and (trouble := samconfig_trouble(place / "samconfig.toml", target, image=image)):
                progress(trouble)
            return False
    text = _SAMCONFIG.format(
        name=name,
        runtime=f"python{target.python}",
        arch=target.aws_arch,
        image=_IMAGE_REPOSITORIES if image else "",
        memory=f" MemorySize={image.memory}" if image and image.memory > DEFAULT_MEMORY else "",
    )
    (folder / "samconfig.toml").write_text(text, encoding="utf-8")
    return True


def _another_model(bundle: Path, name: str) -> str | None:
    """The name of the model that `bundle` holds, where it is another one."""
    try:
        before = str(parsed((bundle / "manifest.json").read_bytes())["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return before if before != name else None


def _give_stack(folder: Path, kept: Path, before: str, name: str, progress: Progress | None) -> None:
    """The kept samconfig.toml with this model's stack in place of that of the model before, which is said; so are
    stacks of its user's own naming, which stay."""
    text = (kept / "samconfig.toml").read_text(encoding="utf-8")
    line = re.compile(rf"^(\s*stack_name\s*=\s*[\"']){re.escape(before)}([\"'])", re.MULTILINE)
    renamed = line.sub(rf"\g<1>{name}\g<2>", text)
    if renamed != text:
        (folder / "samconfig.toml").write_text(renamed, encoding="utf-8")
        if progress:
            progress(f"samconfig.toml deployed the stack of the model that was here; it deploys {name} now")
    stacks = {found for _, found in re.findall(r"^\s*stack_name\s*=\s*([\"'])(.+?)\1", renamed, re.MULTILINE)} - {name}
    if progress and stacks:
        progress(
            f"samconfig.toml deploys over {' and '.join(sorted(stacks))}, where {before} may be serving:"
            f" change stack_name if {name} is to stand beside"
        )


def samconfig_trouble(path: Path, target: Target, *, image: Image | None = None) -> str | None:
    """What a samconfig.toml says that does not fit lambda/, with the words to change it to; None when it fits.

    image: the container image that is deployed, which `sam` must know a repository for.
    """
    wanted = {"Runtime": f"python{target.python}", "Architecture": target.aws_arch}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        parameters: dict[str, Any] = document["default"]["deploy"]["parameters"]
        overrides = parameters.get("parameter_overrides", "")
    except (ValueError, KeyError, AttributeError):
        return f"{path} could not be read: make sure that it deploys {' and '.join(wanted.values())}"
    text = " ".join(overrides) if isinstance(overrides, list) else str(overrides)
    # What the file does not name is deployed with the template's defaults, which are lambda/'s own.
    said = wanted | dict(re.findall(r"(\w+)=\"?'?([\w.-]+)", text))
    wrong = [f"{key}={value} (it says {said[key]})" for key, value in wanted.items() if said[key] != value]
    memory = said.get("MemorySize", str(DEFAULT_MEMORY))
    if image and image.memory > DEFAULT_MEMORY and memory.isdigit() and int(memory) < image.memory:
        wrong.append(f"MemorySize={image.memory} (it says {memory})")
    if image and not parameters.keys() & {"resolve_image_repos", "image_repository", "image_repositories"}:
        wrong.append("resolve_image_repos = true under [default.deploy.parameters] (lambda/ is a container image now)")
    return f"lambda/ was built for {target}; change {path} to {', '.join(wrong)}" if wrong else None
