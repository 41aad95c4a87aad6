"""The container image of lambda/, for models that a zip cannot hold: what it is built of, and the tag it must have.

Dockerfile       AWS's base image of the Python and architecture that lambda/ was built for, and lambda/ as it lies
.dockerignore    nothing but lambda/ is sent to the builder
template.yaml    names the image by a tag made of lambda/'s contents, so that no other one can be deployed for it

AWS Lambda Developer Guide, "Deploy Python Lambda functions with container images" and "Lambda quotas".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from isoship.bundle.target import Target
from isoship.errors import BundleError

PACKAGES = ("auto", "zip", "image")
#: A function and its layers, unzipped.
MAX_UNZIPPED = 250 * 2**20
#: All layers of an image, unpacked.
MAX_IMAGE = 10 * 2**30
#: About what the base image's own layers take of that.
BASE_IMAGE = 600 * 2**20

#: A template may also name an image in a repository, which is its author's to answer for.
_LOCAL_IMAGE = re.compile(r"^ +ImageUri: [a-z]+:([0-9a-f]{12})$", re.MULTILINE)

#: In what is ours to replace: a Dockerfile without it is the user's.
MARK = "# Written by `isoship export`"

_DOCKERFILE = """\
{mark}: lambda/ for AWS Lambda, {target}. `sam build` builds it.
FROM public.ecr.aws/lambda/python:{python}-{arch}
ENV ORT_DISABLE_TELEMETRY=1
# Complete, bytecode included, which is never checked against its source: nothing is installed or compiled here.
COPY lambda/ ${{LAMBDA_TASK_ROOT}}/
CMD ["isoship_lambda.handler.handler"]
"""

_DOCKERIGNORE = """\
{mark}: the image holds lambda/ and no other part of the bundle.
*
!lambda
"""


#: What template.yaml says, and Lambda's most, in MB.
DEFAULT_MEMORY, MAX_MEMORY = 1769, 10240


@dataclass(frozen=True)
class Image:
    """An image by what it holds. tag: of lambda/'s contents. memory: the MB that function and hook are to have."""

    target: Target
    tag: str
    memory: int = DEFAULT_MEMORY


def memory_for(model: int) -> int:
    """The MB for a model.onnx of so many bytes.

    Measured on a forest of 260 MB: the function takes 2.2 times that while ONNX Runtime reads it, its hook 70 MB more.
    """
    return min(MAX_MEMORY, max(DEFAULT_MEMORY, 256 + 3 * -(-model // 2**20)))


def chosen_package(asked: str, unzipped: int, *, most: int = MAX_UNZIPPED) -> str:
    """ "zip" or "image" for a lambda folder of `unzipped` bytes. asked: one of PACKAGES.

    Raises:
        BundleError: Lambda takes neither, or not the one that was asked for.
    """
    size = f"lambda/ is {unzipped / 2**20:.0f} MB unzipped"
    if unzipped + BASE_IMAGE > MAX_IMAGE:
        raise BundleError(
            f"{size}, and with its base image Lambda takes {MAX_IMAGE >> 20} MB of a container image:"
            " export without lambda (--targets edge,web)"
        )
    if asked == "auto":
        return "image" if unzipped > most else "zip"
    if asked == "zip" and unzipped > most:
        raise BundleError(
            f"{size}, and Lambda takes {most >> 20} MB in a zip: a container image holds it (--lambda-package image)"
        )
    return asked


def write_image(root: Path, folder: Path, target: Target) -> Image:
    """Writes Dockerfile and .dockerignore into the bundle `root`, whose lambda folder is `folder`, and sees to it that
    Lambda's user may read every file of it."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.suffix == ".so" else 0o644)
    dockerfile = _DOCKERFILE.format(mark=MARK, target=target, python=target.python, arch=target.aws_arch)
    (root / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    (root / ".dockerignore").write_text(_DOCKERIGNORE.format(mark=MARK), encoding="utf-8")
    return Image(target, content_tag(folder), memory_for((folder / "model.onnx").stat().st_size))


def content_tag(folder: Path) -> str:
    """Twelve hexadecimal digits over the names and contents of all files below `folder`."""
    total = hashlib.sha256()
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted(files):
        with files[name].open("rb") as file:
            total.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()[:12]


def package_of(root: Path) -> str:
    """What the template of the bundle in `root` deploys: "zip" or "image"."""
    return "image" if "PackageType: Image" in _template(root) else "zip"


def image_faults(root: Path) -> list[str]:
    """What keeps the image that template.yaml names from being lambda/ as it lies, a line each."""
    wrong = [f"{name} is missing" for name in ("Dockerfile", ".dockerignore") if not (root / name).is_file()]
    named = set(_LOCAL_IMAGE.findall(_template(root)))
    if named and (root / "lambda").is_dir() and named != {made := content_tag(root / "lambda")}:
        wrong.append(f"template.yaml deploys the image {', '.join(sorted(named))}, and lambda/ makes {made}")
    return wrong


def _template(root: Path) -> str:
    path = root / "template.yaml"
    return path.read_text(encoding="utf-8") if path.is_file() else ""
