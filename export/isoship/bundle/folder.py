"""The output folder: built aside, moved into place whole, never half-written, never somebody else's."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from isoship.bundle.aws_lambda.image import MARK
from isoship.errors import OutputFolderError
from isoship_edge.encoding.documents import parsed

#: What isoship writes at the top of a bundle and replaces as a whole; `.aws-sam` is what sam builds from it.
OURS = {
    ".aws-sam", ".isoship", "SHA256SUMS", "edge", "golden.bin", "golden.json", "lambda", "lambda.zip",
    "manifest.json", "model.onnx", "parity-partial.html", "parity-partial.json", "parity.html", "parity.json",
    "rows.bin", "rows.json", "template.isoship.yaml", "template.yaml", "web",
}  # fmt: skip

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EFBIG}


def refuse_unless_ours(out: Path, name: str, *, force: bool) -> None:
    """Lets a new, an empty or one of our own folders pass.

    Raises:
        OutputFolderError: `out` is a file, a folder that isoship did not write, or (without force) another model's.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputFolderError(f"{out} is a file. Name another folder with -o")
    if not any(out.iterdir()):
        return
    if not (out / "manifest.json").is_file() or not (out / ".isoship").is_dir():
        raise OutputFolderError(
            f"{out} is not empty and was not written by isoship, so it is left alone. Name another folder with -o"
        )
    try:
        held = parsed((out / "manifest.json").read_bytes())["name"]
    except (OSError, ValueError, KeyError, TypeError):
        held = None
    if held != name and not force:
        raise OutputFolderError(
            f"{out} holds {'the bundle ' + repr(held) if held else 'a damaged bundle'}, not {name!r}."
            " Name another folder with -o, or replace it with --force"
        )


@contextlib.contextmanager
def built_aside(out: Path) -> Iterator[Path]:
    """A folder beside `out`; when the block ends well it takes `out`'s place, else nothing is left of it.

    Raises:
        OutputFolderError: the disk is full or the place cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as err:
        raise OutputFolderError(f"cannot write beside {out}: {err.strerror}. Name another folder with -o") from err
    try:
        yield aside
        aside.chmod(0o755)
        _take_place(aside, out)
    except OSError as err:
        if err.errno not in _DISK:
            raise
        raise OutputFolderError(
            f"could not write the bundle: {err.strerror} ({err.filename or out}). Nothing was changed at {out};"
            " make room or name another folder with -o"
        ) from err
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _is_ours(entry: Path) -> bool:
    """A Dockerfile may also be a user's own, where lambda/ is not an image."""
    if entry.name in ("Dockerfile", ".dockerignore") and entry.is_file():
        return entry.read_bytes().startswith(MARK.encode())
    return entry.name in OURS


def _take_place(aside: Path, out: Path) -> None:
    if not out.exists():
        aside.replace(out)
        return
    old = aside.with_name(aside.name + ".old")
    out.replace(old)
    try:
        aside.replace(out)
    except OSError:
        old.replace(out)
        raise
    for entry in old.iterdir():
        # What a user put beside our files stays; of ours, samconfig.toml is the user's once it is written.
        if not _is_ours(entry) and not (out / entry.name).exists():
            entry.replace(out / entry.name)
    shutil.rmtree(old, ignore_errors=True)
